package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

var errPort = flawed("has a port that is none", "ports go from 1 to 65535")

// checkPort wants the digits of 1 to 65535.
func checkPort(s string) error {
	if n, err := strconv.ParseUint(s, 10, 16); err != nil || n == 0 || s[0] == '0' {
		return errPort
	}
	return nil
}

// splitPort takes "host:port" or "host" apart; an IPv6 address stands in
// brackets.
func splitPort(s string) (host, port string, err error) {
	if strings.Contains(s, "://") {
		return "", "", flawed("is a URL", "only a host and a port stand here")
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		host, rest, ok := strings.Cut(inner, "]")
		addr, err := netip.ParseAddr(strings.Replace(host, "%25", "%", 1))
		if !ok || err != nil || !addr.Is6() {
			return "", "", flawed("has no IPv6 address in its brackets", "")
		}
		if rest == "" {
			return addr.String(), "", nil
		}
		if rest[0] != ':' {
			return "", "", flawed("has something between the address and its port", "")
		}
		return addr.String(), rest[1:], checkPort(rest[1:])
	}
	host, port, ok := strings.Cut(s, ":")
	switch {
	case !ok:
		return host, "", nil
	case strings.Contains(port, ":"):
		return "", "", flawed("has more than one colon", "an IPv6 address stands in brackets: [2001:db8::1]")
	}
	return host, port, checkPort(port)
}

// hostOrAddress reads what is dialled or listened on: a name or an address.
func hostOrAddress(s string) (string, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.String(), nil
	}
	return hostName(s)
}

// parseListen reads "host:port" or ":port".
func parseListen(s string) (string, error) {
	host, port, err := splitPort(s)
	if err != nil {
		return "", err
	}
	if port == "" {
		if checkPort(s) == nil {
			return "", flawed("is not an address to listen on", "write "+quote(":"+s))
		}
		return "", flawed("has no port", "write "+quote(s+":80"))
	}
	if host == "*" {
		return "", flawed("is not an address to listen on", "write "+quote(":"+port)+" for every address")
	}
	if host == "" {
		return ":" + port, nil
	}
	if host, err = hostOrAddress(host); err != nil {
		return "", err
	}
	return net.JoinHostPort(host, port), nil
}

// parseServer reads "host:port" or "host"; the port is then the default.
func parseServer(port string) func(string) (string, error) {
	return func(s string) (string, error) {
		if addr, err := netip.ParseAddr(s); err == nil {
			return net.JoinHostPort(addr.String(), port), nil
		}
		host, p, err := splitPort(s)
		if err != nil {
			return "", err
		}
		if host, err = hostOrAddress(host); err != nil {
			return "", err
		}
		if p == "" {
			p = port
		}
		return net.JoinHostPort(host, p), nil
	}
}

const urlLike = `^[Hh][Tt][Tt][Pp][Ss]?://.`

// parseURL reads an http or https URL and gives it as written. Problems do not
// show it, for a URL may carry a secret.
func parseURL(s string) (string, error) {
	u, err := url.Parse(s)
	var ue *url.Error
	switch {
	case errors.As(err, &ue):
		return "", hide("is not a URL: "+ue.Err.Error(), "")
	case !slices.Contains([]string{"http", "https"}, u.Scheme):
		return "", hide("is not a URL with http or https", "")
	case u.Host == "":
		return "", hide("is a URL without a host", "")
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "", hide("has a blank or control character in it", "")
	}
	if _, err := parseServer("80")(u.Host); err != nil {
		f := flawOf(err)
		return "", hide("is a URL whose host "+f.reason, f.hint)
	}
	return s, nil
}

// hide is flawed for a text that may hold a secret.
func hide(reason, hint string) error {
	return &flaw{reason: reason, hint: hint, hidden: true}
}
