package certs

import (
	"context"
	"errors"
	"fmt"

	"forge.home.arpa/portico/config/atomicfile"
)

// ErrNotServed says that nobody was asked: visits to the host are not ours.
var ErrNotServed = errors.New("nobody was asked")

// Rehearse has the authority behind a directory validate a host, as if for a
// certificate, and throws what comes of it away: whoever can be validated can be
// reached by strangers. The gate is not asked, and nothing is remembered; the
// account is one for this once. The error is in the authority's own words.
func (k *Keeper) Rehearse(ctx context.Context, host string, a Authority) error {
	if isWildcard(host) {
		return fmt.Errorf("%w: a wildcard is no name that strangers can visit, name one below it", ErrNotServed)
	}
	apart := &Keeper{Options: Options{Log: k.Log, World: k.World, TXT: k.TXT}, memory: newMemory(atomicfile.File{})}
	i := newIssuer(apart, host, &a)
	if !k.rehearsal.CompareAndSwap(nil, i) {
		return errors.New("another rehearsal is under way")
	}
	defer k.rehearsal.Store(nil)
	defer i.retire() // autocert would renew it
	i.courier.live(ctx)
	i.courier.tlsALPN.Store(!a.Front)
	i.working.Store(true)
	defer i.working.Store(false)
	_, err := i.issue(ctx, opening{tls: !a.Front, http: true})
	if err == nil {
		return nil
	}
	words, _ := i.refusal(err)
	return errors.New(words)
}

// prover is who answers an authority that validates a host now; nil for nobody.
func (k *Keeper) prover(host string) *issuer {
	if i := k.rehearsal.Load(); i != nil && i.host == host {
		return i
	}
	if c, ok := k.names.Load().find(host); ok {
		return c.issuer
	}
	return nil
}
