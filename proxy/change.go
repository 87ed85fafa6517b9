package proxy

import (
	"errors"
	"slices"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/basic"
	"forge.home.arpa/portico/proxy/certs"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// change is a configuration that is ready to run: routes compiled, new
// listeners bound.
type change struct {
	server    *Server
	snapshot  *snapshot
	listeners []*listener     // bound for it, not yet accepting
	wanted    map[string]bool // addresses, and whether TLS is spoken there
	certs     *certs.Prepared
}

// Prepare implements config.Preparer.
func (s *Server) Prepare(c *config.Config) (config.Change, error) {
	snap, err := s.compiler(c).compile()
	if err != nil {
		return nil, err
	}
	ch := &change{server: s, snapshot: snap, wanted: map[string]bool{}}
	for _, addr := range c.Server.HTTP {
		ch.wanted[addr] = false
	}
	for _, addr := range c.Server.HTTPS {
		ch.wanted[addr] = true
	}
	var taken []error // all of them, as the owner would else meet one after another
	for _, addr := range slices.Concat(c.Server.HTTP, c.Server.HTTPS) {
		if s.listens(addr) {
			continue
		}
		l, err := s.bind(addr)
		if err != nil {
			taken = append(taken, err)
			continue
		}
		ch.listeners = append(ch.listeners, l)
	}
	if len(taken) > 0 {
		ch.Discard()
		return nil, errors.Join(taken...)
	}
	ch.certs = s.certs.Prepare(snap.certificates)
	return ch, nil
}

func (s *Server) compiler(c *config.Config) *compiler {
	comp := &compiler{config: c, server: s, builtins: s.builtins,
		live: map[upstream.Spec]*upstream.Upstream{}, counters: map[string]*record.Counters{}, counted: map[string]counted{},
		passwords: basic.NewChecker(s.hashing)}
	if running := s.snapshot.Load(); running != nil {
		for _, u := range running.upstreams {
			comp.live[u.Spec] = u
		}
		for _, r := range running.routes {
			comp.counters[r.Name], comp.counted[r.Name] = r.counters, r.counted
		}
	}
	return comp
}

// Commit implements config.Change: one swap, then the new listeners accept and
// the old ones stop. Requests under way end by the snapshot they began with.
func (ch *change) Commit() {
	s := ch.server
	ch.certs.Commit()
	old := s.snapshot.Swap(ch.snapshot)
	s.replaceListeners(ch.listeners, ch.wanted)
	kept := map[*upstream.Upstream]bool{}
	for _, u := range ch.snapshot.upstreams {
		kept[u] = true
		u.Revive()
	}
	if old != nil {
		for _, u := range old.upstreams {
			if !kept[u] {
				u.Retire()
			}
		}
	}
	s.checkUpstreams()
}

// Discard implements config.Change.
func (ch *change) Discard() {
	for _, l := range ch.listeners {
		l.close()
	}
}
