package certs

import (
	"context"
	"sync/atomic"

	"golang.org/x/crypto/acme/autocert"

	"forge.home.arpa/portico/config/atomicfile"
)

// cache keeps on disk what autocert has issued, and nothing else: tokens stay
// with the manager that asked for them, so no visitor's path is looked up in
// files. One that cannot be kept is warned of and served all the same: autocert
// would throw away what it renewed, and order again within the hour.
type cache struct {
	issuer *issuer
	anew   atomic.Bool // a person asked for another: what is kept is passed over
}

// Get implements autocert.Cache.
func (c *cache) Get(_ context.Context, name string) ([]byte, error) {
	path := c.issuer.kept()
	if name != c.issuer.host || path == "" || c.anew.Load() {
		return nil, autocert.ErrCacheMiss
	}
	text, err := readPEM(path)
	if err != nil {
		return nil, autocert.ErrCacheMiss
	}
	return text, nil
}

// Put implements autocert.Cache.
func (c *cache) Put(_ context.Context, name string, text []byte) error {
	if name == c.issuer.host {
		c.issuer.keep(c.issuer.kept(), text)
	}
	return nil
}

// Delete implements autocert.Cache. Only tokens are deleted.
func (c *cache) Delete(context.Context, string) error { return nil }

// keep writes a certificate with its key to a path, "" for nowhere.
func (i *issuer) keep(path string, text []byte) {
	if path == "" {
		return
	}
	if err := atomicfile.New(path).Put(text); err != nil {
		i.keeper.Log.Warn("the certificate cannot be kept over a restart", "host", i.host, "error", err)
	}
}
