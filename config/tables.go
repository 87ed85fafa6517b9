package config

import (
	"net/mail"
	"net/url"
	"strings"
	"time"
)

var acmeKeys = keys[ACME]{
	"email":     store(parsed(parseMail).like(`@`), func(a *ACME) *string { return &a.Email }),
	"directory": store(parsed(parseURL).like(urlLike), func(a *ACME) *string { return &a.Directory }),
	"ca":        store(asFile, func(a *ACME) *string { return &a.CA }),
	"staging":   store(asFlag, func(a *ACME) *bool { return &a.Staging }),
	"eab": store(pointer(asTable(eabKeys, EAB{}, nil).needing("kid", "key")),
		func(a *ACME) **EAB { return &a.EAB }),
	"resolver": store(parsed(parseServer("53")), func(a *ACME) *string { return &a.Resolver }),
	"front":    store(asFlag, func(a *ACME) *bool { return &a.Front }),
}

var eabKeys = keys[EAB]{
	"kid": store(asWord, func(e *EAB) *string { return &e.KID }),
	"key": store(asSecret, func(e *EAB) *Secret { return &e.Key }),
}

var asACME = asTable(acmeKeys, ACME{}, checkACME)

func checkACME(d *decoder, n *node, a *ACME) {
	if a.Staging && n.Get("directory") != nil {
		d.bad(n.Get("staging"), "it means the default authority's", "directory names the authority already")
	}
}

func parseMail(s string) (string, error) {
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
		return "", flawed("is not a mail address", "")
	}
	return s, nil
}

// reservedCerts are the values of a route's cert that name no [cert.NAME].
var reservedCerts = []string{"acme", "local", "none"}

var certKeys = keys[Cert]{
	"cert":  store(asFile, func(c *Cert) *string { return &c.Cert }),
	"key":   store(asFile, func(c *Cert) *string { return &c.Key }),
	"hosts": store(asHosts, func(c *Cert) *[]string { return &c.Hosts }),
}

var asCert = asTable(certKeys, Cert{}, nil).needing("cert", "key")

var banKeys = keys[Ban]{
	"on":     store(distinct(oneOf("unmatched_host", "auth_failed", "bad_request"), itself), func(b *Ban) *[]string { return &b.On }),
	"after":  store(count(1, most), func(b *Ban) *int { return &b.After }),
	"within": store(atLeast(time.Second), func(b *Ban) *time.Duration { return &b.Within }),
	"for":    store(atLeast(time.Second), func(b *Ban) *time.Duration { return &b.For }),
	"never":  store(asNetworks, func(b *Ban) *[]Network { return &b.Never }),
}

var asBan = asTable(banKeys, defaultBan, nil)

var logKeys = keys[Log]{
	"access": store(asPath, func(l *Log) *string { return &l.Access }),
	"format": store(oneOf("combined", "json"), func(l *Log) *string { return &l.Format }),
	"keep":   store(count(0, 1000), func(l *Log) *int { return &l.Keep }),
	"size":   store(sizeIn(KB, 1024*GB), func(l *Log) *Size { return &l.Size }),
}

var asLog = asTable(logKeys, defaultConfig().Log, nil)

// alertEvents are what the console's first page counts as wrong.
var alertEvents = []string{"upstream", "certificate", "ddns", "file", "clock", "disk", "router"}

var alertKeys = keys[Alert]{
	"url": store(asAlertURL, func(a *Alert) *Secret { return &a.URL }),
	"on":  store(distinct(oneOf(alertEvents...), itself), func(a *Alert) *[]string { return &a.On }),
}

var asAlert = asTable(alertKeys, Alert{}, nil).needing("url")

// asAlertURL reads a secret that may stand in the file: a topic of one's own
// server is no secret; what carries a password or a query is.
var asAlertURL = secretURL(func(s string) error { _, err := parseURL(s); return err })

// secretURL reads a URL that may be a secret, as it is where it carries a
// password or a query.
func secretURL(check func(string) error) reader[Secret] {
	return reader[Secret]{func(d *decoder, n *node) (Secret, bool) {
		s, ok := readSecretOrPlain(d, n)
		if !ok || s.ref != "" && !s.IsSet() {
			return s, ok
		}
		if err := check(s.Reveal()); err != nil {
			d.flaw(n, "", err)
			return Secret{}, false
		}
		if u, err := url.Parse(s.Reveal()); err == nil && s.ref == "" && (u.User != nil || tells(u)) {
			return asSecret.read(d, n)
		}
		return s, true
	}, func() schema {
		return schema{Type: "string", Pattern: `^(env:|file:|[Hh][Tt][Tt][Pp][Ss]?://)`}
	}}
}

// tells whether a query has more than placeholders.
func tells(u *url.URL) bool {
	for _, values := range u.Query() {
		for _, v := range values {
			if !strings.HasPrefix(v, "{") || !strings.HasSuffix(v, "}") {
				return true
			}
		}
	}
	return false
}
