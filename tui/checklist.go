package tui

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"forge.home.arpa/portico/proxy"
)

// checklist follows the routes that were added at this console until strangers
// can come in by them, or a person has seen enough.
type checklist struct {
	added   []followed
	tried   map[string]string  // why a route's upstreams do not answer, "" where they do
	led     map[string]Leading // where the DNS leads a host
	looking bool
	looked  time.Time
}

// followed is a route on the list.
type followed struct {
	route string
	seen  bool // it runs: from then on it may also go away
}

const (
	// mostWatched bounds the list; the oldest gives way.
	mostWatched = 3
	// lookAgain is how long a look-up is believed while it is not as it should be.
	lookAgain = 10 * time.Second
)

// watch puts a route on the list, as the newest.
func (c *checklist) watch(route string) {
	if len(c.added) == 0 {
		c.tried, c.led = map[string]string{}, map[string]Leading{}
	}
	c.added = append(c.added, followed{route: route})
	c.added = slices.Clone(c.added[max(0, len(c.added)-mostWatched):])
	c.looked = time.Time{}
}

// settle takes off what is done, and looks where only a look tells.
func (c *checklist) settle(m *model) {
	c.added = slices.DeleteFunc(c.added, func(w followed) bool {
		r := m.facts.route(w.route)
		return r == nil && w.seen || r != nil && len(m.missing(r)) == 0
	})
	for i := range c.added {
		c.added[i].seen = c.added[i].seen || m.facts.route(c.added[i].route) != nil
	}
	if len(c.added) > 0 && !c.looking && m.o.Now().Sub(c.looked) >= lookAgain {
		c.look(m)
	}
}

// look asks upstreams and the DNS about what is not as it should be, beside the
// console.
func (c *checklist) look(m *model) {
	routes, hosts := c.questions(m)
	if len(routes)+len(hosts) == 0 {
		return
	}
	c.looking = true
	src := m.src
	m.await(func(ctx context.Context) then {
		tried, led := map[string]string{}, map[string]Leading{}
		var both sync.WaitGroup // an upstream that is silent takes no time from the DNS
		both.Go(func() {
			for _, name := range routes {
				tried[name] = src.silence(ctx, name)
			}
		})
		both.Go(func() {
			for _, host := range hosts {
				led[host] = src.Locks.Leads(ctx, host)
			}
		})
		both.Wait()
		return func(m *model) {
			c.looking, c.looked = false, m.o.Now()
			maps.Copy(c.tried, tried)
			maps.Copy(c.led, led)
			m.settle()
		}
	})
}

// questions are the routes whose upstreams nobody has heard of, and the hosts
// that do not lead here as far as is known.
func (c *checklist) questions(m *model) (routes, hosts []string) {
	for _, w := range c.added {
		r := m.facts.route(w.route)
		if r == nil {
			continue
		}
		if silence, asked := c.tried[r.Name]; r.Health == proxy.StateUnknown && m.src.Probe != nil && (!asked || silence != "") {
			routes = append(routes, r.Name)
		}
		for _, host := range m.facts.publicHosts(r) {
			if !c.led[host].Here {
				hosts = append(hosts, host)
			}
		}
	}
	return routes, hosts
}

// silence is why a route's upstreams do not answer; "" where they do.
func (s Source) silence(ctx context.Context, route string) string {
	probes, err := s.Probe(ctx, s.Store.Current().Config, route)
	if err != nil {
		return err.Error()
	}
	for _, p := range probes {
		if !p.OK {
			return p.URL + ": " + p.Detail
		}
	}
	return ""
}

// dismiss takes off the route that the cursor is on, else the newest.
func (c *checklist) dismiss(m *model) {
	if len(c.added) == 0 {
		m.say(plain, "no new route waits for anything")
		return
	}
	at := len(c.added) - 1
	if s := m.now.selectedStep(m); s != nil {
		at = slices.IndexFunc(c.added, func(w followed) bool { return w.route == s.route })
	}
	m.say(calm, "no longer followed: "+c.added[at].route)
	c.added = slices.Delete(c.added, at, at+1)
	m.settle()
}
