package tui

import (
	"strings"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

// step is one thing that a new route needs.
type step struct {
	route string
	what  string // upstream, record, certificate
	good  bool
	why   string // it is not good yet
	next  string // what a person can do; "" for nothing but wait
	tells string // the key of the news that it tells of too; "" for none
	mend  func(*model)
}

func (s step) key() string { return "new " + s.route + " " + s.what }

// steps are what a route needs: only what applies to it.
func (m *model) steps(r *proxy.RouteStatus) (all []step) {
	if r.Health != proxy.StateNone && len(r.To) > 0 {
		all = append(all, m.upstreamStep(r))
	}
	if hosts := m.facts.publicHosts(r); len(hosts) > 0 {
		all = append(all, m.recordStep(r, hosts))
	}
	if locks := m.facts.certsOf(r); len(locks) > 0 {
		all = append(all, m.certStep(r, locks))
	}
	return all
}

// missing are the steps that are not good yet.
func (m *model) missing(r *proxy.RouteStatus) (some []step) {
	for _, s := range m.steps(r) {
		if !s.good {
			some = append(some, s)
		}
	}
	return some
}

// openSteps are what is missing of all routes on the list, as the page shows it.
func (m *model) openSteps() (all []step) {
	for _, w := range m.checks.added {
		if r := m.facts.route(w.route); r != nil {
			all = append(all, m.missing(r)...)
		}
	}
	return all
}

func (m *model) upstreamStep(r *proxy.RouteStatus) step {
	s := step{route: r.Name, what: "upstream", mend: func(m *model) { m.showUpstream(r.To[0]) }}
	silence, asked := m.checks.tried[r.Name]
	switch {
	case r.Health == proxy.StateOK || r.Health == proxy.StateUnknown && asked && silence == "":
		s.good = true
	case r.Health == proxy.StateDown:
		s.why, s.next = r.Reason, "start it, or mend its address"
	case asked:
		s.why, s.next = silence, "start it, or mend its address"
	default:
		s.why = "not asked yet"
	}
	return s
}

// publicHosts are the hosts of a route that the world has to find here: those
// with a certificate to get, and those that dynamic DNS keeps.
func (f *facts) publicHosts(r *proxy.RouteStatus) (hosts []string) {
	for _, host := range r.Hosts {
		if !config.IsPublic(host) {
			continue
		}
		l := f.certOf(host)
		if f.nameOf(host) != nil || l != nil && l.cert.Kind == "acme" {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// nameOf is the row of a name that dynamic DNS keeps; nil for none.
func (f *facts) nameOf(host string) *lock {
	for _, l := range f.locks() {
		if l.name != nil && l.name.FQDN == host {
			return &l
		}
	}
	return nil
}

// certOf is the row of a host's certificate, or of the wildcard's above it; nil
// for none.
func (f *facts) certOf(host string) *lock {
	_, parent, _ := strings.Cut(host, ".")
	for _, name := range [...]string{host, "*." + parent} {
		if l, ok := f.lock("cert " + name); ok {
			return &l
		}
	}
	return nil
}

func (f *facts) certsOf(r *proxy.RouteStatus) (all []*lock) {
	for _, host := range r.Hosts {
		if l := f.certOf(host); l != nil {
			all = append(all, l)
		}
	}
	return all
}

// recordStep tells of the first host that does not lead here.
func (m *model) recordStep(r *proxy.RouteStatus, hosts []string) step {
	s := step{route: r.Name, what: "record", good: true}
	for _, host := range hosts {
		led, known := m.checks.led[host]
		if led.Here {
			continue
		}
		s.good, s.why, s.next = false, "asking the DNS for "+host, ""
		if known {
			s.why, s.next = host+" "+led.Says, led.Do
		}
		s.mend = func(m *model) { m.showStep(s) }
		if n := m.facts.nameOf(host); n != nil && n.name.Class != ddns.OK {
			s.why, s.next = n.table.Provider+" says: "+n.name.Words, tryAgain(n, m.o.Now())
			s.mend, s.tells = func(m *model) { m.showLock(n.key) }, n.key
		}
		break
	}
	return s
}

// certStep tells of the first host without a certificate.
func (m *model) certStep(r *proxy.RouteStatus, locks []*lock) step {
	now := m.o.Now()
	s := step{route: r.Name, what: "certificate", good: true}
	for _, l := range locks {
		state := l.cert.State(now)
		if state == proxy.CertificateOK || state == proxy.CertificateEnding {
			continue
		}
		s.good, s.why, s.next = false, "there is none yet", ""
		if l.cert.Why != "" {
			s.why, s.next = l.cert.Why, tryAgain(l, now)
		}
		s.mend, s.tells = func(m *model) { m.showLock(l.key) }, l.key
		break
	}
	return s
}

// tryAgain says how it comes to another try.
func tryAgain(l *lock, now time.Time) string {
	const byHand = "n on page Certs & DNS asks now"
	at := l.next()
	switch {
	case l.cert != nil && l.cert.Kind != "acme":
		return ""
	case at.After(now):
		return "asked again in " + unitDuration(at.Sub(now)) + "; " + byHand
	case l.name != nil:
		return "mend [ddns." + l.table.Name + "]; " + byHand
	}
	return "asked by itself once that is mended; " + byHand
}

// showStep tells all of a step that is mended elsewhere.
func (m *model) showStep(s step) {
	m.push(&sheet{title: s.what + " of the new route " + s.route, body: func(_ *model, p *paper) {
		p.add(say(s.why), 0)
		if s.next != "" {
			p.add(say(s.next), 2)
		}
	}})
}
