package config

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"forge.home.arpa/portico/config/tomldoc"
)

// schemes of upstreams, with their default port.
var schemes = map[string]string{
	"http": "80", "https": "443", "h2c": "", "grpc": "", "grpcs": "",
	"fastcgi": "", "scgi": "", "uwsgi": "", "memcached": "",
}

// schemeList is the order in which messages name them.
var schemeList = []string{"http", "https", "h2c", "grpc", "grpcs", "fastcgi", "scgi", "uwsgi", "memcached"}

const maxWeight = 1000

var upstreamKeys = keys[Upstream]{
	"url": {func(d *decoder, n *node) func(*Upstream) {
		u, ok := asUpstreamURL.read(d, n)
		if !ok {
			return nil
		}
		return func(t *Upstream) { t.URL, t.Scheme, t.Addr, t.Unix = u.URL, u.Scheme, u.Addr, u.Unix }
	}, asUpstreamURL.shape},
	"weight": store(count(1, maxWeight), func(u *Upstream) *int { return &u.Weight }),
	"backup": store(asFlag, func(u *Upstream) *bool { return &u.Backup }),
}

var (
	asUpstreamURL   = parsed(parseUpstream).like(`^(builtin|(` + strings.Join(schemeList, "|") + `)(\+unix)?)://.`)
	asUpstreamTable = asTable(upstreamKeys, Upstream{Weight: 1}, nil).needing("url")
	someUpstreams   = some(distinct(asUpstream, func(u Upstream) string { return u.URL }))
)

// asUpstream reads an entry of to: a URL or { url, weight, backup }.
var asUpstream = reader[Upstream]{func(d *decoder, n *node) (Upstream, bool) {
	if n.Kind() != tomldoc.Table && n.Kind() != tomldoc.InlineTable {
		return asUpstreamURL.read(d, n)
	}
	u, _ := asUpstreamTable.read(d, n)
	return u, u.URL != ""
}, func() schema { return anyOf(asUpstreamURL.shape(), asUpstreamTable.shape()) }}

// asUpstreams reads to.
var asUpstreams = reader[[]Upstream]{readUpstreams, someUpstreams.shape}

func readUpstreams(d *decoder, n *node) ([]Upstream, bool) {
	us, ok := someUpstreams.read(d, n)
	if !ok || len(us) == 0 {
		return nil, false
	}
	for _, u := range us[1:] {
		if family(u.Scheme) != family(us[0].Scheme) {
			d.bad(n, "a route speaks one protocol", "%s and %s do not go together", us[0].Scheme, u.Scheme)
			return nil, false
		}
	}
	if !slices.ContainsFunc(us, func(u Upstream) bool { return !u.Backup }) {
		d.bad(n, "", "every upstream is a backup")
	}
	return us, true
}

// family groups the schemes that one route may mix: all that carry HTTP.
func family(scheme string) string {
	switch scheme {
	case "http", "https", "h2c", "grpc", "grpcs":
		return "http"
	}
	return scheme
}

// ParseUpstream reads the URL of an upstream as `to` would.
func ParseUpstream(url string) (Upstream, error) {
	u, err := parseUpstream(url)
	var f *flaw
	switch {
	case errors.As(err, &f) && f.hidden:
		return u, fmt.Errorf("the URL %w", err)
	case err != nil:
		return u, fmt.Errorf("%q %w", url, err)
	}
	return u, nil
}

// parseUpstream reads the URL of an upstream.
func parseUpstream(s string) (Upstream, error) {
	u := Upstream{URL: s, Weight: 1}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return u, noScheme(s)
	}
	if scheme == "builtin" {
		u.Scheme, u.Addr = scheme, rest
		if rest != "whoami" {
			return u, flawed("names a built-in that does not exist", `the only one is "builtin://whoami"`)
		}
		return u, nil
	}
	u.Scheme, u.Unix = strings.CutSuffix(scheme, "+unix")
	if _, known := schemes[u.Scheme]; !known {
		return u, unknownScheme(s, u.Scheme)
	}
	var err error
	if u.Unix {
		u.Addr, err = socketPath(rest)
	} else {
		u.Addr, err = upstreamAddr(rest, schemes[u.Scheme])
	}
	return u, err
}

func noScheme(s string) error {
	if strings.Contains(s, "@") {
		return hide("has no scheme", `as "http://192.168.1.20:8081"`)
	}
	if strings.HasPrefix(s, "/") {
		return flawed("has no scheme", "a socket is "+quote("http+unix://"+s))
	}
	return flawed("has no scheme", "write "+quote("http://"+s))
}

func unknownScheme(s, scheme string) error {
	hint := "known are " + strings.Join(schemeList, ", ")
	switch scheme {
	case "ws":
		hint = "WebSocket goes over http"
	case "wss":
		hint = "WebSocket goes over https"
	case "unix":
		hint = `a socket is "http+unix:///path"`
	default:
		if near := nearest(scheme, schemeList); near != "" {
			hint = "did you mean " + quote(near) + "?"
		}
	}
	return &flaw{"has the unknown scheme " + quote(scheme), hint, strings.ContainsAny(s, "@?")}
}

func socketPath(rest string) (string, error) {
	if !strings.HasPrefix(rest, "/") || strings.HasSuffix(rest, "/") || !printable(rest) {
		return "", flawed("has no path of a socket", `as "http+unix:///run/app.sock", three slashes`)
	}
	return rest, nil
}

// upstreamAddr reads what stands behind the scheme.
func upstreamAddr(rest, port string) (string, error) {
	end := len(rest)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		end = i
	}
	authority, tail := rest[:end], rest[end:]
	switch {
	case strings.Contains(rest, "@"):
		return "", hide("has a user or password in it", "request_headers can set Authorization")
	case strings.ContainsAny(tail, "?#"):
		return "", hide("has a query in it", "an upstream is a host and a port; rewrite changes URLs")
	case tail != "":
		return "", flawed("has a path in it", "strip_prefix and rewrite change paths")
	}
	host, p, err := splitPort(authority)
	if err != nil {
		return "", err
	}
	if host, err = dialled(host); err != nil {
		return "", err
	}
	switch {
	case p != "":
		port = p
	case port == "":
		return "", flawed("has no port", "only http and https have a default")
	}
	return net.JoinHostPort(host, port), nil
}

func dialled(host string) (string, error) {
	if host == "" {
		return "", flawed("has no host", `as "http://192.168.1.20:8081"`)
	}
	return hostOrAddress(host)
}
