package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/match"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// Probe is what was found on the way to one upstream: step by step as a request
// would go, up to the first that fails.
type Probe struct {
	URL         string
	Route       string // whose settings were used; "" for none
	Steps       []Step
	OK          bool
	Cause       record.Cause // why not
	Detail      string
	Status      int    // of its answer; 0 where there is none, or none in its protocol
	Mends       []Mend // what to look at, or to write in the file or on the other side
	Certificate *Certificate
}

// Advice is what Mends say, line by line.
func (p *Probe) Advice() []string { return wordsOf(p.Mends) }

// Step is one step: "dns", "tcp" or "socket", "tls", and the protocol's name.
type Step struct {
	Name   string
	OK     bool
	Took   time.Duration
	Detail string
}

// probeWait is how long an upstream may take to answer a probe, once it is
// connected.
const probeWait = 10 * time.Second

// BadTarget is the error of ProbeTarget for what is neither a route nor the URL
// of an upstream.
type BadTarget struct{ Why string }

func (e *BadTarget) Error() string { return e.Why }

// ProbeTarget climbs to every upstream of a route: that of the name, the one
// that has the upstream with that URL, or the one that serves the URL. Any other
// URL is probed as an upstream would be that has it.
func ProbeTarget(ctx context.Context, c *config.Config, target string) ([]Probe, error) {
	errands, err := errandsFor(c, target)
	if err != nil {
		return nil, err
	}
	out := make([]Probe, 0, len(errands))
	for _, e := range errands {
		out = append(out, e.climb(ctx))
	}
	return out, nil
}

// errand is one upstream to climb to.
type errand struct {
	route *config.Route
	to    config.Upstream
	path  string // to ask for
	host  string // to ask by

	scheme string // that visitors come by, "" where they need not be told apart
}

// errandsFor finds the upstreams that are meant, to be asked as by visitors over
// TLS where there is a listener for them.
func errandsFor(c *config.Config, target string) ([]errand, error) {
	list, err := errandsTo(c, target)
	for i := range list {
		list[i].scheme = schemeOf(len(c.Server.HTTPS) > 0)
	}
	return list, err
}

func errandsTo(c *config.Config, target string) ([]errand, error) {
	if r := c.Route(target); r != nil {
		if len(r.To) == 0 || r.To[0].Scheme == "builtin" {
			return nil, &BadTarget{"route " + target + " has no upstream to climb to"}
		}
		return errandsOf(r, ""), nil
	}
	scheme, rest, found := strings.Cut(target, "://")
	if !found {
		return nil, &BadTarget{fmt.Sprintf("there is no route %q, nor is it a URL", target)}
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 && !strings.HasSuffix(scheme, "+unix") {
		authority, path = rest[:i], rest[i:]
	}
	to, err := config.ParseUpstream(scheme + "://" + authority)
	if err != nil {
		return nil, &BadTarget{err.Error()}
	}
	if to.Scheme == "builtin" {
		return nil, &BadTarget{target + " is within portico: there is nothing to climb to"}
	}
	if r := routeHaving(c, to); r != nil {
		return []errand{{route: r, to: to, path: path, host: hostFor(r)}}, nil
	}
	if r := routeServing(c, authority, path); r != nil && len(r.To) > 0 {
		return errandsOf(r, path), nil
	}
	return []errand{{route: config.NewRoute(to), to: to, path: path}}, nil
}

func errandsOf(r *config.Route, path string) (out []errand) {
	for _, to := range r.To {
		out = append(out, errand{route: r, to: to, path: path, host: hostFor(r)})
	}
	return out
}

// hostFor is the Host that the route's visitors are known by upstream, by which
// checks and probes ask too; "" for the upstream's own.
func hostFor(r *config.Route) string {
	switch {
	case r.HostHeader == "upstream":
		return ""
	case r.HostHeader != "client":
		return r.HostHeader
	}
	for _, h := range r.Hosts {
		if !strings.HasPrefix(h, "*") {
			return h
		}
	}
	return ""
}

// routeHaving finds the route that sends requests to an upstream.
func routeHaving(c *config.Config, to config.Upstream) *config.Route {
	for _, r := range c.Routes {
		if slices.ContainsFunc(r.To, func(u config.Upstream) bool { return u.Scheme == to.Scheme && u.Addr == to.Addr && u.Unix == to.Unix }) {
			return r
		}
	}
	return nil
}

// routeServing finds the route of a visitor's URL. A route for any host does
// not count: it would claim what was meant as an upstream.
func routeServing(c *config.Config, authority, path string) *config.Route {
	host, ok := match.NormalHost(nil, []byte(authority))
	if !ok {
		return nil
	}
	comp := compiler{config: c}
	var table []match.Route
	var routes []*config.Route
	for _, r := range c.Routes {
		if r.Enabled && !slices.Contains(r.Hosts, "*") {
			table, routes = append(table, comp.matchRoute(r)), append(routes, r)
		}
	}
	t, err := match.New(table)
	if err != nil {
		return nil
	}
	if path, _, _ = strings.Cut(path, "?"); path == "" {
		path = "/"
	}
	var scratch []byte
	if m := t.Match(host, []byte(path), []byte("GET"), &scratch, nil); m.Verdict == match.Found {
		return routes[m.Route]
	}
	return nil
}

// climb goes up step by step with the code that traffic uses.
func (e errand) climb(ctx context.Context) Probe {
	p := Probe{URL: e.to.URL, Route: e.route.Name}
	s := speakers[e.to.Scheme]
	if s == nil {
		p.Detail = "this build cannot speak " + e.to.Scheme + " yet"
		return p
	}
	u := upstream.New(specOf(e.route, e.to), s.Protocol, slog.New(slog.DiscardHandler))
	conn, way, err := u.Connect(ctx, e.route.Timeout.Dial)
	p.connected(u, way, err)
	if err == nil {
		defer conn.Close()
		err = e.speak(ctx, conn, u, &p)
	}
	_, p.Certificate = trust(u)
	if p.OK = err == nil; !p.OK {
		p.failed(err)
		p.advise(ctx, e, u, err)
	}
	return p
}

// connected notes the steps below the protocol.
func (p *Probe) connected(u *upstream.Upstream, way upstream.Climb, err error) {
	tcp := "tcp"
	if u.Network == "unix" {
		tcp = "socket"
	} else if _, literal := netip.ParseAddrPort(u.Addr); literal != nil {
		host, _, _ := net.SplitHostPort(u.Addr)
		detail := host
		if tried, _, cut := net.SplitHostPort(way.Tried); cut == nil {
			detail = host + " is " + tried
		}
		if p.step("dns", way.Lookup, detail, way.Tried != ""); way.Tried == "" {
			return
		}
	}
	over := u.TLS.Proto != ""
	if p.step(tcp, way.Connect, way.Tried, err == nil || way.Handshake > 0); !over || way.Handshake == 0 {
		return
	}
	p.step("tls", way.Handshake, tlsWords(u, way), err == nil)
}

func (p *Probe) step(name string, took time.Duration, detail string, ok bool) {
	p.Steps = append(p.Steps, Step{name, ok, took, detail})
}

func tlsWords(u *upstream.Upstream, way upstream.Climb) string {
	c, ok := u.Certificate()
	if !ok {
		return ""
	}
	words := fmt.Sprintf("%s, until %s, verified by %s", c.Subject, c.NotAfter.Format(time.DateOnly), u.TLS.Verify)
	if u.TLS.Verify == upstream.VerifyOff {
		words = fmt.Sprintf("%s, until %s, not verified", c.Subject, c.NotAfter.Format(time.DateOnly))
	}
	if way.Protocol != "" {
		words += ", " + way.Protocol
	}
	return words
}

// speak asks in the upstream's own protocol; one without a way to ask is not
// asked.
func (e errand) speak(ctx context.Context, conn net.Conn, u *upstream.Upstream, p *Probe) error {
	ctx, cancel := context.WithTimeout(ctx, probeWait)
	defer cancel()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	began := time.Now()
	var words string
	var err error
	var failed *upstream.Failure
	switch ping := speakers[e.to.Scheme].Ping; {
	case asksAsTraffic(e.to.Scheme):
		words, err = e.ask(ctx, conn, u, p)
	case ping != nil:
		err = ping(ctx, conn, &u.Spec)
	default:
		return nil
	}
	if err != nil && ctx.Err() != nil && !errors.As(err, &failed) {
		err = ctx.Err()
	}
	if err != nil && !errors.As(err, &failed) && !errors.As(err, new(upstream.Unwell)) {
		err = u.ExchangeFailure(upstream.Waiting, err)
	}
	p.step(e.to.Scheme, time.Since(began), words, err == nil)
	return err
}

func (p *Probe) failed(err error) {
	p.Detail = err.Error()
	var f *upstream.Failure
	if errors.As(err, &f) {
		p.Cause = f.Cause
	}
	for i := range p.Steps {
		if !p.Steps[i].OK {
			p.Steps[i].Detail = p.Detail
		}
	}
}
