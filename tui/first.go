package tui

import (
	"strings"

	"forge.home.arpa/portico/proxy"
)

// firstRequest says how a first request is made, one that a route takes where
// there is any.
func (f *facts) firstRequest() string {
	if !f.known {
		return ""
	}
	for _, l := range f.status.Listeners {
		if !l.TLS && l.Error == "" {
			header, path := f.firstTarget()
			return "no request yet: curl " + header + "http://localhost" + f.port(false) + path
		}
	}
	return "no request yet"
}

// firstTarget is a path that a route for every host takes, or else one with the
// header that names the host.
func (f *facts) firstTarget() (header, path string) {
	for _, r := range f.status.Routes {
		at, ok := firstPath(&r)
		if !r.Enabled || !ok || len(r.Hosts) == 0 {
			continue
		}
		for _, host := range r.Hosts {
			if host == "*" || host == "localhost" {
				return "", at
			}
		}
		if host := r.Hosts[0]; path == "" && !strings.HasPrefix(host, "*") {
			header, path = "-H 'Host: "+host+"' ", at
		}
	}
	if path == "" {
		path = "/"
	}
	return header, path
}

// firstPath is a path that the route takes; false where it cannot be told, or
// not be typed as it is.
func firstPath(r *proxy.RouteStatus) (string, bool) {
	if len(r.Paths) == 0 {
		return "/", true
	}
	for _, p := range r.Paths {
		if p = strings.TrimSuffix(p, "*"); !strings.HasPrefix(p, "~") && strings.Trim(p, pathLetters) == "" {
			return p, true
		}
	}
	return "", false
}

// pathLetters mean nothing to a shell.
const pathLetters = "/-_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
