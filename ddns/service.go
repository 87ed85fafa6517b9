package ddns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"sync"

	"forge.home.arpa/portico/config"
)

// Options are what a Service stands on.
type Options struct {
	Log *slog.Logger
	// State is the directory in which replies are remembered; "" for memory
	// only.
	State string
	// Gateways are this machine's default gateways, which may tell the home's
	// address; nil for none.
	Gateways func() []netip.Addr
	// Found is told the home's public addresses whenever they were looked for;
	// nil for nobody.
	Found func([]netip.Addr)
	// Transport carries the requests to providers; nil for http.DefaultTransport.
	Transport http.RoundTripper
	// Lookup asks a name's own zone what it publishes; nil for the DNS.
	Lookup func(context.Context, Name) (Addresses, error)
}

// Service keeps the names of all [ddns.NAME] tables.
type Service struct {
	log       *slog.Logger
	transport http.RoundTripper
	lookup    lookUp
	found     func([]netip.Addr)
	finder    *finder
	memory    *memory

	own   sync.Mutex
	owned finding // of Public, where no table looks

	mu       sync.Mutex
	accounts []*account
	changed  chan struct{} // closed when accounts were replaced
}

// New makes a Service; it asks nobody until Run.
func New(o Options) *Service {
	s := &Service{log: o.Log, transport: o.Transport, lookup: o.Lookup, changed: make(chan struct{})}
	if s.transport == nil {
		s.transport = http.DefaultTransport
	}
	if s.lookup == nil {
		s.lookup = lookup
	}
	if s.found = o.Found; s.found == nil {
		s.found = func([]netip.Addr) {}
	}
	s.finder = newFinder(o.Gateways)
	var err error
	if s.memory, err = remember(o.State); err != nil {
		s.log.Warn("dynamic DNS starts without its memory", "error", err)
	}
	return s
}

// Prepare implements config.Preparer.
func (s *Service) Prepare(c *config.Config) (config.Change, error) {
	ch := &change{service: s}
	wanted := map[string]map[string]bool{}
	for _, table := range c.DDNS {
		a := s.account(table, c)
		ch.accounts = append(ch.accounts, a)
		wanted[table.Name] = map[string]bool{}
		for _, n := range a.names {
			wanted[table.Name][n.FQDN] = true
		}
	}
	ch.wanted = wanted
	return ch, nil
}

func (s *Service) account(table *config.DDNS, c *config.Config) *account {
	a := &account{DDNS: table, names: namesOf(table, c), service: s, provider: newProvider(table, s.transport, s.lookup),
		log: s.log.With("ddns", table.Name), vain: repairs{}, poke: make(chan chan struct{})}
	a.refresh(a.view.Next)
	return a
}

// change is new tables that are ready to be looked after.
type change struct {
	service  *Service
	accounts []*account
	wanted   map[string]map[string]bool
}

// Commit implements config.Change.
func (ch *change) Commit() {
	s := ch.service
	s.memory.forget(ch.wanted)
	s.mu.Lock()
	defer s.mu.Unlock()
	if sameTables(s.accounts, ch.accounts) {
		return // an edit elsewhere disturbs nobody
	}
	s.accounts = ch.accounts
	close(s.changed)
	s.changed = make(chan struct{})
}

// Discard implements config.Change.
func (ch *change) Discard() {}

func sameTables(a, b []*account) bool {
	return slices.EqualFunc(a, b, func(x, y *account) bool {
		return x.Name == y.Name && x.Every == y.Every && x.service.memory.sum(x.DDNS) == y.service.memory.sum(y.DDNS) &&
			slices.Equal(x.names, y.names)
	})
}

// Run looks after the names until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for {
		s.mu.Lock()
		accounts, changed := s.accounts, s.changed
		s.mu.Unlock()
		work, stop := context.WithCancel(ctx)
		var group sync.WaitGroup
		for _, a := range accounts { // each on its own: one that fails holds up no other
			group.Go(func() { a.run(work) })
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
		stop()
		group.Wait()
		if ctx.Err() != nil {
			return nil
		}
	}
}

// Update publishes the names of a table now, or of all for "": a person asked,
// so that what was stopped is tried again. It returns when that has ended.
func (s *Service) Update(ctx context.Context, table string) error {
	s.mu.Lock()
	accounts, changed := s.accounts, s.changed
	s.mu.Unlock()
	var group sync.WaitGroup
	errs := make([]error, len(accounts))
	found := false
	for i, a := range accounts {
		if table == "" || table == a.Name {
			found = true
			group.Go(func() { errs[i] = a.update(ctx, changed) })
		}
	}
	group.Wait()
	if !found && table != "" {
		return fmt.Errorf("there is no [ddns.%s]", table)
	}
	return errors.Join(errs...)
}
