package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"path/filepath"
	"sync"
	"time"

	"forge.home.arpa/portico/config/atomicfile"
)

// HomeSuffixes are the domains that belong to nobody, hence to every home. The
// local authority vouches for names in them and for private addresses only: its
// root, once trusted, must not be worth stealing.
var HomeSuffixes = []string{"lan", "local", "home.arpa", "internal", "test", "localhost"}

var homeNetworks = mustNetworks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16",
	"fc00::/7", "fe80::/10", "::1/128")

func mustNetworks(list ...string) (out []*net.IPNet) {
	for _, s := range list {
		_, n, err := net.ParseCIDR(s)
		if err != nil {
			panic(err)
		}
		out = append(out, n)
	}
	return out
}

const (
	rootLife = 10 * 365 * 24 * time.Hour
	leafLife = 90 * 24 * time.Hour
	// leafSpare is when a leaf is made anew.
	leafSpare = 30 * 24 * time.Hour
	// maxLeaves bounds the leaves that are kept: names below a wildcard come
	// from strangers.
	maxLeaves = 1000
	rootName  = "local-ca.pem"
)

// authority is the home's own: a root, made at its first use and kept, and
// leaves that live in memory.
type authority struct {
	dir   string
	log   *slog.Logger
	floor time.Time // has passed for certain

	mu     sync.Mutex
	root   *x509.Certificate
	key    *ecdsa.PrivateKey
	leaves map[string]*tls.Certificate
}

func newAuthority(o *Options) *authority {
	return &authority{dir: o.State, log: o.Log, floor: o.Floor, leaves: map[string]*tls.Certificate{}}
}

// Root is the certificate of the local authority in PEM, for those who are to
// trust it.
func (k *Keeper) Root() ([]byte, error) {
	k.local.mu.Lock()
	defer k.local.mu.Unlock()
	if err := k.local.open(); err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.local.root.Raw}), nil
}

// leaf gives a certificate for a name or an address. It is made anew when its
// end is near, and when the clock has jumped to before its beginning.
func (a *authority) leaf(host string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if c := a.leaves[host]; c != nil && now.After(c.Leaf.NotBefore) && now.Add(leafSpare).Before(c.Leaf.NotAfter) {
		return c, nil
	}
	if err := a.open(); err != nil {
		return nil, err
	}
	c, err := makeLeaf(host, now, a.root, a.key)
	if err != nil {
		return nil, err
	}
	if len(a.leaves) >= maxLeaves {
		clear(a.leaves)
	}
	a.leaves[host] = c
	return c, nil
}

// open reads the root, or makes it: anew where its time is over. One that cannot
// be read or kept is no reason to serve nobody: another is made for this run.
// Guarded by mu.
func (a *authority) open() error {
	now := time.Now()
	if a.root != nil && now.Before(a.root.NotAfter) {
		return nil
	}
	if a.dir == "" {
		return a.found(now)
	}
	file := atomicfile.New(filepath.Join(a.dir, rootName))
	text, err := file.Read()
	if err == nil {
		err = a.parse(text)
	}
	switch {
	case err == nil && now.Before(a.root.NotAfter):
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		a.log.Warn("the local authority cannot be read: devices that trust it will warn of this run's", "file", file.Path, "error", err)
		return a.found(now)
	}
	if err := a.found(now); err != nil {
		return err
	}
	if text, err = a.pem(); err == nil {
		err = file.Put(text)
	}
	if err != nil {
		a.log.Warn("the local authority cannot be kept: devices that trust it will warn after a restart", "file", file.Path, "error", err)
	}
	return nil
}

// found makes a new root. It is valid by the clock of now and by one that is
// set right: devices trust it once, and a Pi has no time before it is online.
func (a *authority) found(now time.Time) error {
	from, until := now.Add(-24*time.Hour), now.Add(rootLife)
	if floor := a.floor; !floor.IsZero() && floor.Before(from) {
		from = floor
	} else if now.Before(floor) {
		until = floor.Add(rootLife)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: "portico local authority " + now.UTC().Format(time.DateOnly), Organization: []string{"portico"}},
		NotBefore:    from, NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         HomeSuffixes,
		PermittedIPRanges:           homeNetworks,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	root, err := x509.ParseCertificate(der)
	if err == nil {
		a.root, a.key = root, key
		clear(a.leaves)
	}
	return err
}

func (a *authority) pem() ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(a.key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw})...), nil
}

func (a *authority) parse(text []byte) error {
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return errors.New("its key is of another kind than portico makes")
	}
	a.root, a.key = pair.Leaf, key
	clear(a.leaves)
	return nil
}

// makeLeaf makes a certificate for a host, signed by parent; by itself where
// there is none.
func makeLeaf(host string, now time.Time, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(),
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	chain := [][]byte{nil}
	if parent == nil {
		template.Subject = pkix.Name{CommonName: "portico: the certificate is not there yet"}
		parent, signer = template, key
	} else {
		chain = append(chain, parent.Raw)
	}
	if chain[0], err = x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer); err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(chain[0])
	return &tls.Certificate{Certificate: chain, PrivateKey: key, Leaf: leaf}, err
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return n
}
