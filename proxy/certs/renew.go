package certs

import (
	"context"
	"errors"
	"time"
)

// refresh takes over what autocert renewed by itself, and hears why it could
// not. What only a record can prove now is renewed by one.
func (i *issuer) refresh(ctx context.Context) {
	if i.byDNS {
		i.renewByDNS(ctx)
		return
	}
	if m := i.manager.Load(); m != nil {
		if cert, err := m.GetCertificate(i.hello()); err == nil && cert.Leaf.NotAfter.After(i.cert.Load().Leaf.NotAfter) {
			i.cert.Store(cert)
			i.learn(entry{}, i.got(renewed, i.lastOpening()))
			i.keeper.Log.Info("certificate renewed", "host", i.host, "until", cert.Leaf.NotAfter.Format(time.DateOnly))
			return
		}
	}
	if words, after := i.courier.heard(); words != "" {
		e := i.keeper.memory.of(i.key()).failed(words, after, i.courier.reached.Swap(false), time.Now())
		i.learn(e, Attempt{e.At, i.tried(i.lastOpening()), failed, words})
	}
	if i.isDue() {
		if open, err := i.renewalGate(ctx); err == nil && open.dns {
			i.attempt(ctx, open)
		}
	}
}

// isDue tells whether a third of the lifetime, 30 days at most, is left, as
// autocert has it.
func (i *issuer) isDue() bool {
	leaf := i.cert.Load().Leaf
	return time.Until(leaf.NotAfter) < min(leaf.NotAfter.Sub(leaf.NotBefore)/3, 30*24*time.Hour)
}

// allowed is the kill switch of the courier. Between two attempts of ours it
// holds autocert's renewals to the same gate and the same pauses.
func (i *issuer) allowed(ctx context.Context) error {
	switch {
	case i.retired.Load():
		return errRetired
	case i.working.Load():
		return nil
	}
	open, err := i.renewalGate(ctx)
	if err == nil && !open.http {
		err = errByDNS
	}
	i.courier.tlsALPN.Store(open.tls)
	return err
}

// lastOpening is how autocert's renewals may be validated.
func (i *issuer) lastOpening() opening {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.opening
}

// gateTime is how long a look at the gate serves a renewal's many requests.
const gateTime = 5 * time.Minute

// renewalGate is the gate for what begins without a turn of ours.
func (i *issuer) renewalGate(ctx context.Context) (opening, error) {
	if e := i.keeper.memory.of(i.key()); e.holds(time.Now()) {
		return opening{}, errors.New(e.Words)
	}
	i.mu.Lock()
	known := time.Since(i.looked) < gateTime
	open, err := i.opening, i.shut
	i.mu.Unlock()
	if known {
		return open, err
	}
	if open, err = i.gate(ctx); err != nil {
		i.close(err.Error())
	} else {
		i.close("")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.looked, i.opening, i.shut = time.Now(), open, err
	return open, err
}
