package proxy

import (
	"fmt"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/basic"
	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/match"
	"forge.home.arpa/portico/proxy/network"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// compiler translates a configuration into a snapshot. Compiling changes
// nothing: live upstreams and counters of the running snapshot are taken over
// where they are the same, others are made.
type compiler struct {
	config   *config.Config
	server   *Server
	builtins *network.Builtins
	live     map[upstream.Spec]*upstream.Upstream
	counters map[string]*record.Counters
	counted  map[string]counted

	passwords *basic.Checker // of all routes of the snapshot
}

func (c *compiler) compile() (*snapshot, error) {
	s := &snapshot{
		config: c.config,
		limits: http1.DefaultLimits,
		header: c.config.Server.HeaderTimeout,
		idle:   c.config.Server.IdleTimeout,
	}
	if n := c.config.Server.MaxHeader; n > 0 {
		s.limits.Head = int(n)
	}
	var err error
	if s.trusted, err = c.networks(c.config.Server.TrustedProxies); err != nil {
		return nil, fmt.Errorf("server.trusted_proxies: %w", err)
	}
	if s.balancers, err = c.networks(c.config.Server.ProxyProtocol); err != nil {
		return nil, fmt.Errorf("server.proxy_protocol: %w", err)
	}
	if s.bans, err = c.bans(); err != nil {
		return nil, fmt.Errorf("ban: %w", err)
	}
	if err := c.routes(s); err != nil {
		return nil, err
	}
	s.certificates = c.certificates()
	s.https = portOfListener(c.config.Server.HTTPS)
	return s, nil
}

func (c *compiler) routes(s *snapshot) error {
	var table []match.Route
	used := map[upstream.Spec]*upstream.Upstream{}
	for _, cr := range c.config.Routes {
		r, err := c.route(cr, used)
		if err != nil {
			return fmt.Errorf("route.%s: %w", cr.Name, err)
		}
		s.routes = append(s.routes, r)
		if cr.Enabled {
			s.active = append(s.active, r)
			table = append(table, c.matchRoute(cr))
		}
	}
	for _, u := range used {
		s.upstreams = append(s.upstreams, u)
	}
	var err error
	linkPages(s.routes)
	s.table, err = match.New(table)
	return err
}

func (c *compiler) matchRoute(r *config.Route) match.Route {
	m := match.Route{Name: r.Name, Hosts: r.Hosts, Paths: r.Paths, Methods: r.Methods}
	for ; r != nil; r = c.fallbackOf(r) { // who may answer in its place has a say too
		m.Guarded = m.Guarded || r.ForwardAuth != nil
		m.Rewrites = m.Rewrites || r.StripPrefix != "" || r.Rewrite != nil || r.Files != nil
	}
	return m
}

func (c *compiler) fallbackOf(r *config.Route) *config.Route {
	if r.Memcached == nil {
		return nil
	}
	return c.config.Route(r.Memcached.Fallback)
}

func (c *compiler) route(cr *config.Route, used map[upstream.Spec]*upstream.Upstream) (*route, error) {
	r := &route{Route: cr, prefix: []byte(cr.StripPrefix),
		requestEdits: newEdits(cr.RequestHeaders), responseEdits: newEdits(cr.ResponseHeaders)}
	var err error
	if err = c.guards(r, used); err != nil {
		return nil, err
	}
	r.dropTrailer = dropTrailer(r)
	if r.counters = c.counters[cr.Name]; r.counters == nil {
		r.counters = new(record.Counters)
	}
	if r.group, err = c.group(cr, used); err != nil {
		return nil, err
	}
	if r.waker, err = wakerOf(cr.WakeOnLAN); err != nil {
		return nil, err
	}
	r.action = actionOf(r)
	return r, nil
}
