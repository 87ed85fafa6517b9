package proxy

import (
	"context"
	"net/netip"
	"strings"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/record"
)

// Mend is what to do about a failure, judged by what is so now. One that Acts
// is sure enough to be offered; any other is only to be read.
type Mend struct {
	Words string   // what is so, and what to write or to look at
	Facts []string // to be read before it is accepted, as the certificate that was seen
	There []string // lines to write on the other side, as they stand there

	What string                   // names the edit for the history: "let 192.0.2.7 into route git"
	Edit func(*config.File) error // of the file; nil for none. It may be called more than once
	Lift netip.Addr               // a ban to end; the zero value for none
	Host string                   // a host that wants a route; "" for none

	Instead string         // the URL by which the upstream answers; "" where that is its own
	Trust   map[string]any // the upstream_tls that trusts its certificate; nil for none
}

// Acts tells whether there is anything to accept.
func (m *Mend) Acts() bool { return m.Edit != nil || m.Lift.IsValid() || m.Host != "" }

// wordsOf are those of all mends with the lines for the other side under them.
func wordsOf(all []Mend) (lines []string) {
	for _, m := range all {
		lines = append(append(lines, m.Words), m.There...)
	}
	return lines
}

// Mends says what to do about a request that failed or was refused, the surest
// first. Where an upstream is part of it that is probed, which ctx bounds.
func (s *Server) Mends(ctx context.Context, d record.Detail) []Mend {
	r := &d.Row
	c := matter{server: s, snap: s.snapshot.Load(), client: r.Client, host: r.Host.String(), rule: r.Rule}
	if c.snap == nil {
		return nil
	}
	c.route = c.snap.config.Route(r.Route)
	if m, hidden := c.hiddenBy(r, d.Request); hidden {
		return m
	}
	switch {
	case r.Rule != "":
		return c.refusal(sentLength(d.Request))
	case r.Route == "":
		return c.unmatched()
	case c.route == nil:
		return []Mend{{Words: "its route " + r.Route + " is not in the file any more"}}
	case r.Upstream == "":
		return nil
	}
	return c.upstream(ctx, r, d.Response)
}

// MendsOf says what to do about what a probe finds at the upstreams of a route,
// or at one by its URL; ctx bounds it.
func (s *Server) MendsOf(ctx context.Context, target string) []Mend {
	snap := s.snapshot.Load()
	if snap == nil {
		return nil
	}
	found, err := ProbeTarget(ctx, snap.config, target)
	if err != nil {
		return nil
	}
	var all []Mend
	for _, p := range found {
		all = append(all, p.Mends...)
	}
	return all
}

// matter is what a mend is looked for.
type matter struct {
	server *Server
	snap   *snapshot
	client netip.Addr
	host   string
	rule   string
	route  *config.Route // as it stands now; nil without one
}

// upstream asks the upstream that failed, as traffic does.
func (c *matter) upstream(ctx context.Context, r *record.Row, answer head) []Mend {
	e, there := c.errand(r)
	switch {
	case !there:
		return []Mend{{Words: "route " + c.route.Name + " has not that upstream any more"}}
	case r.Cause == record.CauseClientGone:
		return nil
	case r.Cause == record.CauseNone && r.Status == 413:
		return []Mend{tooLargeThere(answer)}
	case r.Cause == record.CauseNone && !tells(r, answer):
		return nil
	}
	p := e.climb(ctx)
	if p.OK && r.Cause != record.CauseNone {
		return append(c.reachedNow(r), p.Mends...)
	}
	return p.Mends
}

// tells whether an answer that the upstream gave by itself may be due to how it
// is asked: most redirects and refusals are meant.
func tells(r *record.Row, answer head) bool {
	switch {
	case 300 <= r.Status && r.Status < 400:
		return answer.find("X-Redirect-By") != "" || answer.find("Location") == schemeOf(r.TLS)+"://"+r.Host.String()+r.Path.String()
	case r.Status >= 500:
		return true
	}
	return r.Status == 400 || r.Status == 403 || r.Status == 421
}

// errand is the climb to a request's upstream by the name that it asked for.
func (c *matter) errand(r *record.Row) (errand, bool) {
	for _, to := range c.route.To {
		if to.URL != r.Upstream {
			continue
		}
		e := errand{route: c.route, to: to, host: hostFor(c.route), scheme: schemeOf(r.TLS)}
		if c.route.HostHeader == "client" && c.host != "" {
			e.host = c.host
		}
		return e, true
	}
	return errand{}, false
}

func schemeOf(tls bool) string {
	if tls {
		return "https"
	}
	return "http"
}

// reachedNow is for a failure that a probe does not meet.
func (c *matter) reachedNow(r *record.Row) []Mend {
	t := c.route.Timeout
	switch {
	case r.Cause == record.CauseHeaderTimeout && t.ResponseHeader > 0:
		return []Mend{longer(c.route, "response_header", t.ResponseHeader)}
	case r.Cause == record.CauseBodyTimeout && t.Idle > 0 && strings.Contains(r.Detail, "within its answer"):
		return []Mend{longer(c.route, "idle", t.Idle)}
	case r.Cause == record.CauseTooLarge:
		return nil
	}
	return []Mend{{Words: "a probe reaches it now: what was wrong is over, or comes and goes"}}
}

// head is a head as it is kept, for a look at its fields.
type head []byte

// find gives the value of a field, "" without it.
func (h head) find(name string) string {
	for line := range strings.SplitSeq(string(h), "\n") {
		if n, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
