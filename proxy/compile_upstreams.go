package proxy

import (
	"fmt"
	"net"
	"strings"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/cgi"
	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/upstream"
)

// speaker is what the scheme of an upstream's URL means.
type speaker struct {
	// speak begins the protocol over a fresh connection.
	speak func(net.Conn) upstream.Wire
	// tls is what is agreed on in TLS (ALPN), "" for a plain connection: "h2"
	// must be what the upstream speaks too.
	tls string
	// url is the scheme of the URL that is sent, "" where none is.
	url string
}

var speakers = map[string]*speaker{
	"http":  {speak: speakHTTP1, url: "http"},
	"https": {speak: speakHTTP1, url: "https", tls: "http/1.1"},

	"fastcgi": {speak: func(c net.Conn) upstream.Wire { return cgi.NewFastCGI(c) }},
	"scgi":    {speak: func(c net.Conn) upstream.Wire { return cgi.NewSCGI(c) }},
	"uwsgi":   {speak: func(c net.Conn) upstream.Wire { return cgi.NewUWSGI(c) }},
}

func speakHTTP1(c net.Conn) upstream.Wire { return http1.NewClientConn(c, http1.DefaultLimits) }

// group finds or makes the upstreams of a route that is forwarded; nil for
// other routes.
func (c *compiler) group(cr *config.Route, used map[upstream.Spec]*upstream.Upstream) (*upstream.Group, error) {
	if len(cr.To) > upstream.MaxMembers {
		return nil, fmt.Errorf("more than %d upstreams", upstream.MaxMembers)
	}
	g := &upstream.Group{}
	for _, to := range cr.To {
		if speakers[to.Scheme] == nil {
			return nil, nil
		}
		g.Members = append(g.Members, c.upstream(specOf(cr, to), used))
	}
	if len(g.Members) == 0 {
		return nil, nil
	}
	return g, nil
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
		u = upstream.New(spec, speakers[spec.Scheme].speak, c.server.log)
	}
	used[spec] = u
	return u
}
