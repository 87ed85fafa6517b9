package config

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

var ddnsKeys = keys[DDNS]{
	"provider": store(oneOf(providerList...), func(e *DDNS) *string { return &e.Provider }),
	"domain":   store(parsed(hostName), func(e *DDNS) *string { return &e.Domain }),
	"names":    store(some(distinct(parsed(parseRecordName), itself)), func(e *DDNS) *[]string { return &e.Names }),
	"username": store(asWord, func(e *DDNS) *string { return &e.Username }),
	"password": store(asSecret, func(e *DDNS) *Secret { return &e.Password }),
	"token":    store(asSecret, func(e *DDNS) *Secret { return &e.Token }),
	"key":      store(asSecret, func(e *DDNS) *Secret { return &e.Key }),
	"secret":   store(asSecret, func(e *DDNS) *Secret { return &e.Secret }),
	"zone":     store(parsed(hostName), func(e *DDNS) *string { return &e.Zone }),
	"server":   store(asWord, func(e *DDNS) *string { return &e.Server }), // judged with the provider
	"url":      store(asUpdateURL, func(e *DDNS) *string { return &e.URL }),
	"success":  store(parsed(parseSuccess), func(e *DDNS) *string { return &e.Success }),
	"address":  store(asSource, func(e *DDNS) *string { return &e.Address }),
	"sources":  store(some(distinct(parsed(parseURL).like(urlLike), itself)), func(e *DDNS) *[]string { return &e.Sources }),
	"every":    store(atLeast(time.Minute), func(e *DDNS) *time.Duration { return &e.Every }),
}

var asDDNS = asTable(ddnsKeys, defaultDDNS, checkDDNS).needing("provider")

var providerList = append([]string{"namecheap", "dyndns2", "duckdns", "freedns", "desec", "cloudflare", "digitalocean",
	"gandi", "hetzner", "porkbun", "rfc2136", "url"}, dyndns2Family...)

// dyndns2Family are services that speak dyndns2 and are known by their own
// names; others are reached by "dyndns2" and a server.
var dyndns2Family = []string{"noip", "dyn", "dynu", "inwx", "allinkl", "changeip", "loopia", "nowdns", "he", "strato",
	"selfhost", "infomaniak", "spdyn", "opendns", "dnsomatic"}

// providers say which of the keys below a provider cannot do without.
var providers = map[string][]string{
	"namecheap": {"domain", "password"}, "dyndns2": {"server", "username", "password"}, "duckdns": {"token"},
	"freedns": {"token"}, "desec": {"token"}, "cloudflare": {"token"}, "digitalocean": {"token"},
	"gandi": {"token"}, "hetzner": {"token"}, "porkbun": {"key", "secret"}, "rfc2136": {"server"},
	"url": {"url", "success"},
}

// knowLabels are providers whose names need no domain: DuckDNS has its own, and
// the others are told by a token or the user which name is meant.
var knowLabels = []string{"duckdns", "freedns", "url"}

// isLabel tells a name that means something within a domain only.
func isLabel(name string) bool { return !strings.Contains(strings.TrimPrefix(name, "*."), ".") }

func needsOf(provider string) []string {
	if slices.Contains(dyndns2Family, provider) {
		return []string{"username", "password"}
	}
	return providers[provider]
}

func checkDDNS(d *decoder, n *node, e *DDNS) {
	d.need(n, needsOf(e.Provider)...)
	if server := n.Get("server"); server != nil && e.Server != "" {
		check := parsed(parseURL)
		if e.Provider == "rfc2136" {
			check = parsed(parseServer("53"))
		}
		e.Server, _ = check.read(d, server)
	}
	if i := slices.IndexFunc(e.Names, isLabel); i >= 0 && e.Domain == "" && e.Zone == "" && !slices.Contains(knowLabels, e.Provider) {
		d.bad(n.Get("names"), "say domain, or write whole names", "%s is in no domain", quote(e.Names[i]))
	}
	for _, key := range []string{"url", "success"} {
		if kid := n.Get(key); kid != nil && e.Provider != "url" && e.Provider != "" {
			d.atKey(kid, `it belongs to provider = "url"`, " does not fit %s", e.Provider)
		}
	}
}

// parseRecordName reads a name in a domain: "@" for the domain itself, "*", or
// labels.
func parseRecordName(s string) (string, error) {
	if s == "@" || s == "*" {
		return s, nil
	}
	if name, ok := strings.CutPrefix(s, "*."); ok {
		name, err := hostName(name)
		return "*." + name, err
	}
	return hostName(s)
}

// asUpdateURL reads a URL that often carries a password.
var asUpdateURL = reader[string]{func(d *decoder, n *node) (string, bool) {
	s, ok := secretURL(checkUpdateURL).read(d, n)
	return s.Reveal(), ok
}, secretURL(nil).shape}

// checkUpdateURL judges the URL of provider "url", in which {ip}, {ip6} and
// {name} are filled in.
func checkUpdateURL(s string) error {
	filled := strings.NewReplacer("{ip}", "192.0.2.1", "{ip6}", "2001:db8::1", "{name}", "name").Replace(s)
	if i := strings.IndexByte(filled, '{'); i >= 0 {
		return hide("has an unknown placeholder", "known are {ip} {ip6} {name}")
	}
	_, err := parseURL(filled)
	return err
}

// parseSuccess reads the words, or after "~" the regexp, that an answer holds
// when an update worked.
func parseSuccess(s string) (string, error) {
	text, isPattern := strings.CutPrefix(s, "~")
	empty := strings.TrimSpace(text) == ""
	if isPattern && !empty {
		pattern, err := parsePattern(text)
		if err != nil {
			return "", err
		}
		empty = pattern.MatchString("")
	}
	if empty {
		return "", flawed("also fits an empty answer", `words of the answer, or "~" and a regular expression`)
	}
	return s, nil
}

// asSource reads where a public address comes from.
var asSource = reader[string]{readSource, func() schema {
	return schema{Type: "string", Pattern: `^(auto$|router$|interface:|url:|fixed:)`}
}}

func readSource(d *decoder, n *node) (string, bool) {
	s, ok := parsed(parseSource).read(d, n)
	if name, found := strings.CutPrefix(s, "interface:"); ok && found {
		if _, err := net.InterfaceByName(name); err != nil {
			d.warn(n, "", ": this machine has no interface %s", quote(name))
		}
	}
	return s, ok
}

func parseSource(s string) (string, error) {
	kind, value, _ := strings.Cut(s, ":")
	switch {
	case s == "auto" || s == "router":
		return s, nil
	case kind == "interface" && value != "":
		return s, nil
	case kind == "url" && value != "":
		_, err := parseURL(value)
		return s, err
	case kind == "fixed" && value != "":
		return fixedAddresses(value)
	}
	return "", flawed("is no source of an address", `"auto", "router", "interface:eth0", "url:https://…" or "fixed:IP,IP6"`)
}

// fixedAddresses wants IP[,IP6]: at most one of each family.
func fixedAddresses(s string) (string, error) {
	var list []string
	seen := map[bool]bool{}
	for part := range strings.SplitSeq(s, ",") {
		addr, err := netip.ParseAddr(strings.TrimSpace(part))
		if err != nil || addr.Zone() != "" {
			return "", flawed("holds "+quote(part)+", which is not an address", "")
		}
		if seen[addr.Is4()] {
			return "", flawed("holds two addresses of one family", "")
		}
		seen[addr.Is4()] = true
		list = append(list, addr.String())
	}
	return "fixed:" + strings.Join(list, ","), nil
}
