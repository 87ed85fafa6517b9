package proxy

import (
	"fmt"
	"net"
	"strings"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/cgi"
	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/http2"
	"forge.home.arpa/portico/proxy/memcached"
	"forge.home.arpa/portico/proxy/upstream"
)

// speaker is what the scheme of an upstream's URL means.
type speaker struct {
	upstream.Protocol
	// tls is what is agreed on in TLS (ALPN), "" for a plain connection: "h2"
	// must be what the upstream speaks too.
	tls string
	// url is the scheme of the URL that is sent, "" where none is.
	url string
}

var speakers = map[string]*speaker{
	"http":  {Protocol: http1Protocol, url: "http"},
	"https": {Protocol: http1Protocol, url: "https", tls: "http/1.1"},
	"h2c":   {Protocol: upstream.Protocol{Speak: speakHTTP2, Ping: pingH2C, Told: true}, url: "http"},
	"grpc":  {Protocol: grpcProtocol, url: "http"},
	"grpcs": {Protocol: grpcProtocol, url: "https", tls: "h2"},

	"fastcgi": {Protocol: upstream.Protocol{Speak: func(c net.Conn) upstream.Wire { return cgi.NewFastCGI(c) }, Ping: pingFastCGI}},
	"scgi":    {Protocol: upstream.Protocol{Speak: func(c net.Conn) upstream.Wire { return cgi.NewSCGI(c) }}},
	"uwsgi":   {Protocol: upstream.Protocol{Speak: func(c net.Conn) upstream.Wire { return cgi.NewUWSGI(c) }}},

	"memcached": {Protocol: upstream.Protocol{Speak: func(c net.Conn) upstream.Wire { return memcached.NewConn(c) }, Ping: pingMemcached}},
}

var http1Protocol = upstream.Protocol{Speak: speakHTTP1, Ping: pingHTTP1}

var grpcProtocol = upstream.Protocol{Speak: speakHTTP2, Ping: pingGRPC, Told: true}

func speakHTTP1(c net.Conn) upstream.Wire { return http1.NewClientConn(c, http1.DefaultLimits) }

func speakHTTP2(c net.Conn) upstream.Wire { return http2.NewWire(c) }

// group finds or makes the upstreams of a route that is forwarded; nil for
// other routes.
func (c *compiler) group(cr *config.Route, used map[upstream.Spec]*upstream.Upstream) (*upstream.Group, error) {
	if len(cr.To) > upstream.MaxMembers {
		return nil, fmt.Errorf("more than %d upstreams", upstream.MaxMembers)
	}
	var members []upstream.Member
	for _, to := range cr.To {
		if speakers[to.Scheme] == nil {
			return nil, nil
		}
		u := c.upstream(specOf(cr, to), used)
		members = append(members, upstream.Member{Upstream: u, Weight: to.Weight, Backup: to.Backup})
	}
	if len(members) == 0 {
		return nil, nil
	}
	return upstream.NewGroup(balances[cr.Balance], cr.Name, members), nil
}

var balances = map[string]upstream.Balance{
	"round_robin": upstream.RoundRobin, "least_conn": upstream.LeastConn, "ip_hash": upstream.IPHash, "cookie": upstream.Cookie,
}

func specOf(cr *config.Route, to config.Upstream) upstream.Spec {
	spec := upstream.Spec{URL: to.URL, Scheme: to.Scheme, Network: "tcp", Addr: to.Addr, MaxFails: cr.MaxFails, FailTime: cr.FailTime}
	if to.Unix {
		spec.Network = "unix"
	}
	s := speakers[to.Scheme]
	spec.Host = authorityOf(spec, s.url)
	if s.tls != "" {
		spec.TLS = tlsOf(cr.TLS, s.tls)
	}
	if cr.Health != nil {
		spec.Check = checkOf(cr.Health)
		if s.url != "" {
			spec.Check.Host = hostFor(cr)
		}
	}
	return spec
}

// authorityOf names the upstream as its URL does, without the port that its
// scheme implies. A socket has no name of its own.
func authorityOf(spec upstream.Spec, scheme string) string {
	if spec.Network == "unix" {
		return "localhost"
	}
	return strings.TrimSuffix(spec.Addr, ":"+orPort("", scheme))
}

func checkOf(h *config.Health) upstream.Check {
	c := upstream.Check{Path: h.Path, Interval: h.Interval, Timeout: h.Timeout, Fall: h.Fall, Rise: h.Rise}
	for _, r := range h.Expect {
		c.Expect.Add(r.From, r.To)
	}
	return c
}

var verifyWays = map[string]upstream.Verify{
	"system": upstream.VerifySystem, "ca": upstream.VerifyCA, "pin": upstream.VerifyPin, "off": upstream.VerifyOff,
}

func tlsOf(t config.UpstreamTLS, proto string) upstream.TLS {
	out := upstream.TLS{Proto: proto, Verify: verifyWays[t.Verify], CA: t.CA, ServerName: t.ServerName, Cert: t.Cert, Key: t.Key}
	copy(out.Pin[:], t.Pin)
	return out
}

func (c *compiler) upstream(spec upstream.Spec, used map[upstream.Spec]*upstream.Upstream) *upstream.Upstream {
	u := used[spec]
	if u == nil {
		u = c.live[spec]
	}
	if u == nil {
		u = upstream.New(spec, speakers[spec.Scheme].Protocol, c.server.log)
		u.Recall(c.server.journal.past(spec.URL))
	}
	used[spec] = u
	return u
}
