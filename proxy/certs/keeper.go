package certs

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"
)

// World is what is known of the home's place in the internet.
type World interface {
	// Addresses are the public addresses of the home.
	Addresses(ctx context.Context) []netip.Addr
	// Carrier says why nobody reaches the home over IPv4, "" where they can.
	Carrier() string
	// Front names who stands before an address and passes requests on, "" for
	// nobody known.
	Front(netip.Addr) string
}

// TXT publishes the records of DNS-01 (RFC 8555 section 8.4).
type TXT interface {
	// CanTXT says why records of a name cannot be published; nil where they can.
	CanTXT(fqdn string) error
	AddTXT(ctx context.Context, fqdn, value string) error
	RemoveTXT(ctx context.Context, fqdn, value string) error
}

// Options are what a Keeper stands on.
type Options struct {
	Log   *slog.Logger
	State string // directory of keys and certificates; "" keeps them in memory
	World World
	TXT   TXT
	// Floor is a time that has passed for certain: a clock before it is wrong.
	Floor time.Time
}

// Keeper keeps the certificates of a plan.
type Keeper struct {
	Options
	local   *authority
	standIn standIns
	memory  *memory
	began   time.Time
	wake    chan struct{} // the issuers

	wakeFiles chan struct{}

	names     atomic.Pointer[names]  // what handshakes look at
	rehearsal atomic.Pointer[issuer] // one that is under way

	mu      sync.Mutex
	plan    Plan
	issuers map[string]*issuer
	pairs   map[string]*pair // by name
}

// New makes a Keeper; it asks nobody until Run.
func New(o Options) *Keeper {
	k := &Keeper{Options: o, began: time.Now(), wake: make(chan struct{}, 1), wakeFiles: make(chan struct{}, 1), issuers: map[string]*issuer{}, pairs: map[string]*pair{}}
	k.names.Store(&names{hosts: map[string]choice{}})
	k.local = newAuthority(&o)
	var err error
	if k.memory, err = remember(o.State); err != nil {
		k.Log.Warn("what was learnt about certificates is lost", "error", err)
	}
	return k
}

// Prepared is a plan that is ready to be followed.
type Prepared struct {
	keeper *Keeper
	plan   Plan
	pairs  map[string]*pair
}

// Prepare reads the files of a plan. A pair that cannot be read is no reason not
// to serve the rest: a stand-in is shown for its names until the files are
// mended.
func (k *Keeper) Prepare(p Plan) *Prepared {
	out := &Prepared{keeper: k, plan: p, pairs: map[string]*pair{}}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, want := range p.Pairs {
		one := k.pairs[want.Name]
		if one == nil || one.Cert != want.Cert || one.Key != want.Key {
			one = &pair{Pair: want}
			if err := one.read(); err != nil {
				k.Log.Warn("a certificate cannot be read: a stand-in is shown for its names", "cert", want.Name, "error", err)
			}
		}
		out.pairs[want.Name] = one
	}
	return out
}

// Commit follows the plan from now on.
func (p *Prepared) Commit() {
	k := p.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	k.plan, k.pairs = p.plan, p.pairs
	k.tabulate()
	k.nudge()
}

func (k *Keeper) nudge() {
	for _, wake := range [...]chan struct{}{k.wake, k.wakeFiles} {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// look is how often files and issuers are looked after.
var look = 10 * time.Second

// Run issues and renews until ctx ends: one certificate after the other. Files
// are followed beside it: an authority may take minutes to answer.
func (k *Keeper) Run(ctx context.Context) error {
	var jobs sync.WaitGroup
	defer jobs.Wait()
	jobs.Go(func() { repeat(ctx, k.wakeFiles, func(bool) { k.followFiles() }) })
	repeat(ctx, k.wake, func(woken bool) { k.issue(ctx, woken) })
	return nil
}

// repeat does at each look, and when it is woken.
func repeat(ctx context.Context, wake <-chan struct{}, do func(woken bool)) {
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for woken := true; ; {
		do(woken)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			woken = false
		case <-wake:
			woken = true
		}
	}
}

func (k *Keeper) followFiles() {
	k.mu.Lock()
	pairs := slices.Collect(maps.Values(k.pairs))
	k.mu.Unlock()
	renamed := false
	for _, p := range pairs {
		before := p.hosts.Load()
		if changed, err := p.follow(); err != nil {
			k.Log.Warn("the certificate's files cannot be read: what was read before stays", "cert", p.Name, "error", err)
		} else if changed {
			k.Log.Info("certificate read again", "cert", p.Name)
		}
		renamed = renamed || p.hosts.Load() != before
	}
	if renamed {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.tabulate()
		k.nudge()
	}
}

func (k *Keeper) issue(ctx context.Context, woken bool) {
	k.mu.Lock()
	issuers := slices.Collect(maps.Values(k.issuers))
	k.mu.Unlock()
	for _, i := range issuers {
		if ctx.Err() == nil {
			i.turn(ctx, woken)
		}
	}
}

// TryNow issues a name's certificate at the next turn, whatever its gate says.
func (k *Keeper) TryNow(host string) error {
	k.mu.Lock()
	i := k.issuers[host]
	k.mu.Unlock()
	if i == nil {
		return fmt.Errorf("%s gets no certificate from an ACME authority", host)
	}
	i.forced.Store(true)
	k.nudge()
	return nil
}

// TLSConfig is for every listener, and stays the same across edits so that
// session tickets survive them.
func (k *Keeper) TLSConfig() *tls.Config {
	challenge := &tls.Config{
		MinVersion:             tls.VersionTLS12,
		NextProtos:             []string{acme.ALPNProto},
		GetCertificate:         k.proof,
		SessionTicketsDisabled: true,
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: k.GetCertificate,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if isChallenge(hello) {
				return challenge, nil
			}
			return nil, nil
		},
		// Records grow to their full size at once: most answers of a proxy are
		// large, and small ones fit into one record anyway.
		DynamicRecordSizingDisabled: true,
	}
}
