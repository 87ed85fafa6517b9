package network

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// every is how often the machine is read again. A new address is home half a
// minute late; until then it is a stranger's, which is the safe side.
const every = 30 * time.Second

// Builtins holds the built-in networks. "lan" follows the machine while Run
// runs, "home" is told.
type Builtins struct {
	read func() (Machine, error)
	log  *slog.Logger

	mu    sync.Mutex // of those who write state
	state atomic.Pointer[state]
}

// state is all that changes, as one.
type state struct {
	lan     *lan
	home    []netip.Addr
	homes   table
	problem string // why lan is no more than loopback
}

// Option changes what NewBuiltins does.
type Option func(*Builtins)

// WithLog has changes of this machine's networks logged; nowhere by default.
func WithLog(log *slog.Logger) Option { return func(b *Builtins) { b.log = log } }

// WithMachine replaces ReadMachine.
func WithMachine(read func() (Machine, error)) Option { return func(b *Builtins) { b.read = read } }

// NewBuiltins reads the machine once; Run follows it.
func NewBuiltins(options ...Option) *Builtins {
	b := &Builtins{read: ReadMachine, log: slog.New(slog.DiscardHandler)}
	for _, o := range options {
		o(b)
	}
	b.state.Store(&state{lan: lanOf(Machine{})})
	b.follow()
	return b
}

// Run reads the machine again every 30 seconds until ctx ends, then returns
// nil. A machine that cannot be read leaves "lan" with loopback alone: without
// the gateway's address a router that hides visitors would be at home.
func (b *Builtins) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			b.follow()
		}
	}
}

func (b *Builtins) follow() {
	m, err := b.read()
	problem := ""
	if err != nil {
		m, problem = Machine{}, err.Error()
	}
	now := lanOf(m)
	before := b.change(func(s *state) { s.lan, s.problem = now, problem })
	if problem != "" && problem != before.problem {
		b.log.Warn("cannot read this machine's networks; lan is loopback alone", "error", err)
	}
	if !slices.Equal(before.lan.prefixes, now.prefixes) || !slices.Equal(before.lan.except, now.except) {
		b.log.Info("the network lan changed", "networks", now.prefixes, "except", now.except)
	}
}

// change makes a new state from the present one, which it returns.
func (b *Builtins) change(edit func(*state)) (before *state) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before = b.state.Load()
	next := *before
	edit(&next)
	b.state.Store(&next)
	return before
}

// SetHome tells our public addresses, as dynamic DNS knows them.
func (b *Builtins) SetHome(addrs []netip.Addr) {
	var home []netip.Addr
	for _, a := range addrs {
		if a.IsValid() && !a.IsUnspecified() {
			home = append(home, a.Unmap().WithZone(""))
		}
	}
	home = inOrder(home, netip.Addr.Compare)
	homes := tableOf(hosts(home))
	b.change(func(s *state) { s.home, s.homes = home, homes })
}

func (b *Builtins) inLAN(a netip.Addr) bool  { return b.state.Load().lan.contains(a) }
func (b *Builtins) inHome(a netip.Addr) bool { return b.state.Load().homes.find(a) >= 0 }

// Gateways are the addresses of the default gateways.
func (b *Builtins) Gateways() []netip.Addr { return slices.Clone(b.state.Load().lan.gateways) }

// IsCloudflare reports whether an address is one of Cloudflare's.
func (b *Builtins) IsCloudflare(a netip.Addr) bool {
	return slices.ContainsFunc(cloudflare, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}

// IsGateway reports whether an address is that of a default gateway. Requests
// for public names from there mean that the router hides visitors.
func (b *Builtins) IsGateway(a netip.Addr) bool {
	_, found := slices.BinarySearchFunc(b.state.Load().lan.gateways, a.Unmap().WithZone(""), netip.Addr.Compare)
	return found
}

// Named is a built-in network as it is now.
type Named struct {
	Name     string
	Prefixes []netip.Prefix
	Except   []netip.Addr // addresses in Prefixes that are not in the network
	Dated    string       // the day of a list that came with portico: 2023-09-28
	Note     string       // what a person should know of it; "" for nothing
}

// Snapshot is a copy of all built-in networks.
func (b *Builtins) Snapshot() []Named {
	s := b.state.Load()
	return []Named{
		{Name: LAN, Prefixes: slices.Clone(s.lan.prefixes), Except: slices.Clone(s.lan.except), Note: s.note()},
		{Name: Private, Prefixes: slices.Clone(private)},
		{Name: Home, Prefixes: hosts(s.home)},
		{Name: Cloudflare, Prefixes: slices.Clone(cloudflare), Dated: cloudflareDate},
	}
}

func (s *state) note() string {
	switch {
	case s.problem != "":
		return s.problem
	case len(s.lan.outer) > 0:
		return "without " + strings.Join(s.lan.outer, ", ") + ": a tunnel, or on a wire with strangers"
	}
	return ""
}
