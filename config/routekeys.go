package config

import (
	"strings"
	"time"
)

// routeKeys are the keys of a route, of a preset and of [defaults]. A pointer
// that several keys share is made by the first of them, see the methods below.
var routeKeys = keys[Route]{
	"host":    store(asHosts, func(r *Route) *[]string { return &r.Hosts }),
	"path":    store(some(distinct(parsed(parsePath).like(`^[/~]`), itself)), func(r *Route) *[]string { return &r.Paths }),
	"methods": store(some(distinct(parsed(parseMethod), itself)), func(r *Route) *[]string { return &r.Methods }),
	"enabled": store(asFlag, func(r *Route) *bool { return &r.Enabled }),
	"use":     store(distinct(asPreset, itself), func(r *Route) *[]string { return &r.Use }),

	"to":       store(asUpstreams, func(r *Route) *[]Upstream { return &r.To }),
	"redirect": store(parsed(parseRedirect).like(`^(https?://|\{scheme\}://|/|\{uri\}|\{path\})`), func(r *Route) *Template { return &r.redirect().To }),
	"status":   store(asRedirectStatus, func(r *Route) *int { return &r.redirect().Status }),
	"respond":  store(pointer(asTable(respondKeys, defaultRespond, checkRespond)), func(r *Route) **Respond { return &r.Respond }),
	"files":    store(pointer(asFiles), func(r *Route) **Files { return &r.Files }),

	"strip_prefix": store(parsed(parsePrefix).like(`^/`), func(r *Route) *string { return &r.StripPrefix }),
	"rewrite":      store(pointer(asTable(rewriteKeys, Rewrite{}, checkRewrite).needing("match", "to")), func(r *Route) **Rewrite { return &r.Rewrite }),

	"root":          store(parsed(parseRoot).like(`^/`), func(r *Route) *string { return &r.fastCGI().Root }),
	"static":        store(asFolder, func(r *Route) *string { return &r.fastCGI().Static }),
	"index":         store(some(list(parsed(parseIndex).like(`^[^/]+$`))), func(r *Route) *[]string { return &r.fastCGI().Index }),
	"try_files":     store(some(list(parsed(parseTry))), func(r *Route) *[]Template { return &r.fastCGI().TryFiles }),
	"memcached_key": store(parsed(parseTemplate), func(r *Route) *Template { return &r.memcached().Key }),
	"fallback":      store(asFallback, func(r *Route) *string { return &r.memcached().Fallback }),

	"balance": store(oneOf("round_robin", "least_conn", "ip_hash", "cookie"), func(r *Route) *string { return &r.Balance }),
	"health":  store(pointer(asTable(healthKeys, defaultHealth, nil)), func(r *Route) **Health { return &r.Health }),
	"retry":   store(asTable(retryKeys, defaultRetry, nil), func(r *Route) *Retry { return &r.Retry }),
	"timeout": store(asTable(timeoutKeys, defaultTimeout, nil), func(r *Route) *Timeout { return &r.Timeout }),

	"max_fails":    store(count(0, most), func(r *Route) *int { return &r.MaxFails }),
	"fail_timeout": store(atLeast(time.Millisecond), func(r *Route) *time.Duration { return &r.FailTime }),
	"upstream_tls": store(asTable(upstreamTLSKeys, UpstreamTLS{}, checkUpstreamTLS), func(r *Route) *UpstreamTLS { return &r.TLS }),
	"host_header":  store(parsed(parseHostHeader), func(r *Route) *string { return &r.HostHeader }),

	"request_headers":  store(asTable(headerKeys, HeaderEdit{}, nil), func(r *Route) *HeaderEdit { return &r.RequestHeaders }),
	"response_headers": store(asTable(headerKeys, HeaderEdit{}, nil), func(r *Route) *HeaderEdit { return &r.ResponseHeaders }),

	"allow":        store(asAllow, func(r *Route) *[]Network { return &r.Allow }),
	"deny":         store(asNetworks, func(r *Route) *[]Network { return &r.Deny }),
	"auth":         store(pointer(asTable(authKeys, defaultAuth, checkAuth)), func(r *Route) **Auth { return &r.Auth }),
	"forward_auth": store(pointer(asTable(forwardAuthKeys, ForwardAuth{}, nil).needing("to")), func(r *Route) **ForwardAuth { return &r.ForwardAuth }),
	"rate_limit":   store(pointer(asTable(rateLimitKeys, RateLimit{}, checkRateLimit).needing("rate")), func(r *Route) **RateLimit { return &r.RateLimit }),
	"max_conns":    store(count(0, most), func(r *Route) *int { return &r.MaxConns }),
	"max_body":     store(sizeIn(0, 1024*1024*GB), func(r *Route) *Size { return &r.MaxBody }),
	"compress":     store(asFlag, func(r *Route) *bool { return &r.Compress }),
	"maintenance":  store(pointer(asTable(maintenanceKeys, Maintenance{}, nil)), func(r *Route) **Maintenance { return &r.Maintenance }),
	"wake_on_lan":  store(pointer(asTable(wakeKeys, defaultWakeOnLAN, nil).needing("mac")), func(r *Route) **WakeOnLAN { return &r.WakeOnLAN }),

	"cert":       store(asCertName, func(r *Route) *string { return &r.Cert }),
	"plain_http": store(oneOf("redirect", "serve", "refuse"), func(r *Route) *string { return &r.PlainHTTP }),
}

func (r *Route) redirect() *Redirect {
	if r.Redirect == nil {
		v := defaultRedirect
		r.Redirect = &v
	}
	return r.Redirect
}

func (r *Route) fastCGI() *FastCGI {
	if r.FastCGI == nil {
		v := defaultFastCGI
		r.FastCGI = &v
	}
	return r.FastCGI
}

func (r *Route) memcached() *Memcached {
	if r.Memcached == nil {
		v := defaultMemcached
		r.Memcached = &v
	}
	return r.Memcached
}

// isToken is RFC 9110 section 5.6.2: methods and field names.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

func parseMethod(s string) (string, error) {
	m := strings.ToUpper(s)
	switch {
	case !isToken(s): // as written: in upper case "ı" is an I
		return "", flawed("is not a method", "")
	case m == "CONNECT" || m == "TRACE":
		return "", flawed("is never served", "portico answers 405")
	}
	return m, nil
}

// parseHostHeader reads "client", "upstream", or a name with or without a port.
func parseHostHeader(s string) (string, error) {
	if s == "client" || s == "upstream" {
		return s, nil
	}
	host, _, err := splitPort(s)
	if err == nil {
		_, err = hostOrAddress(host)
	}
	return s, err
}
