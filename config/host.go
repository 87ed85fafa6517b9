package config

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// lookup maps a name as a resolver would (RFC 5891 section 5), but lets pass
// the underscores that home networks and containers use; hostLabel checks the
// rest.
var lookup = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(false))

// asHosts reads the hosts of a route or a certificate.
var asHosts = some(distinct(parsed(parseHost).like(`^[^/ ]+$`), itself))

// parseHost reads a host of a route: a name, *.NAME, or *. The result is as
// requests are compared: lower case, A-labels, no dot at the end, IPv6 in brackets.
func parseHost(s string) (string, error) {
	if s == "*" {
		return s, nil
	}
	if _, rest, ok := strings.Cut(s, "://"); ok {
		return "", flawed("has a scheme in it", "write "+quote(strings.TrimRight(rest, "/")))
	}
	if host, path, ok := strings.Cut(s, "/"); ok && path == "" {
		return "", flawed("has a slash in it", "write "+quote(host))
	} else if ok {
		return "", flawed("has a path in it", "path is a key of its own")
	}
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil && addr.Zone() == "" {
		if addr.Is6() {
			return "[" + addr.String() + "]", nil
		}
		return addr.String(), nil
	}
	if host, port, ok := strings.Cut(s, ":"); ok {
		return "", flawed("has a port in it", "a request's port does not matter: leave "+quote(":"+port)+" off "+quote(host))
	}
	if name, ok := strings.CutPrefix(s, "*."); ok {
		name, err := hostName(name)
		return "*." + name, err
	}
	return hostName(s)
}

// hostName gives a name in lower-case A-labels.
func hostName(s string) (string, error) {
	if strings.Contains(s, "*") {
		return "", flawed("has a * in the wrong place", "a wildcard is a whole label at the front: *.example.com")
	}
	name := strings.ToLower(strings.TrimSuffix(s, "."))
	if !isASCII(s) || strings.Contains(name, "xn--") {
		var err error
		if name, err = lookup.ToASCII(strings.TrimSuffix(s, ".")); err != nil {
			return "", flawed("is not a host name: "+strings.TrimPrefix(err.Error(), "idna: "), "")
		}
	}
	if len(name) > 253 {
		return "", flawed("is not a host name: longer than 253 bytes", "")
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if reason := hostLabel(label); reason != "" {
			return "", flawed("is not a host name: "+reason, "")
		}
	}
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		return "", flawed("is neither an address nor a host name", "")
	}
	return name, nil
}

// hostLabel says what is wrong with a label; "" for nothing.
func hostLabel(label string) string {
	switch {
	case label == "":
		return "a label is empty"
	case len(label) > 63:
		return "a label is longer than 63 bytes"
	case label[0] == '-' || label[len(label)-1] == '-':
		return "a label begins or ends with -"
	}
	for _, r := range label {
		if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_') {
			return quote(string(r)) + " is not allowed"
		}
	}
	return ""
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// homeSuffixes are the names that no public authority signs, and the only ones
// that the local authority may.
var homeSuffixes = []string{"lan", "local", "home.arpa", "internal", "test", "localhost"}

// IsPublic tells a host that the world may know and its authorities sign: no
// address, and no name that every home may have.
func IsPublic(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err != nil && strings.Contains(host, ".") && !isHome(host)
}

// isHome tells whether a host of a route is a name or an address of a home.
func isHome(host string) bool {
	if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast()
	}
	for _, suffix := range homeSuffixes {
		if host == suffix || strings.HasSuffix(host, "."+suffix) {
			return true
		}
	}
	return host == "*"
}
