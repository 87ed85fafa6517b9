package proxy

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"golang.org/x/crypto/acme"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/certs"
)

// certificates says which name gets its certificate from where.
func (c *compiler) certificates() certs.Plan {
	plan := certs.Plan{Authority: acmeAuthority(c.config.ACME)}
	if len(c.config.Server.HTTPS) == 0 {
		return certs.Plan{}
	}
	for _, cert := range c.config.Certs {
		plan.Pairs = append(plan.Pairs, certs.Pair{Name: cert.Name, Cert: cert.Cert, Key: cert.Key, Hosts: cert.Hosts})
	}
	wanted := map[string]certs.Want{}
	for _, r := range c.config.Routes {
		if !r.Enabled {
			continue
		}
		for _, host := range r.Hosts {
			if had, taken := wanted[host]; !taken || had.Kind == certs.None || r.Cert != "" && r.Cert != "none" { // what a route says goes before what is usual
				wanted[host] = want(host, r.Cert)
			}
		}
	}
	plan.Wants = slices.Collect(maps.Values(wanted))
	slices.SortFunc(plan.Wants, func(a, b certs.Want) int { return strings.Compare(a.Host, b.Host) })
	return plan
}

// want is where a host's certificate comes from: as its route says, else from
// the home's own authority where nobody else can vouch for the name, and from
// the ACME authority.
func want(host, said string) certs.Want {
	switch said {
	case "":
		if !config.IsPublic(host) {
			return certs.Want{Host: host, Kind: certs.Local, Usual: true}
		}
		return certs.Want{Host: host, Kind: certs.ACME, Usual: true}
	case "none":
		return certs.Want{Host: host, Kind: certs.None}
	case "local":
		return certs.Want{Host: host, Kind: certs.Local}
	case "acme":
		return certs.Want{Host: host, Kind: certs.ACME}
	}
	return certs.Want{Host: host, Kind: certs.File, Pair: said}
}

const (
	letsEncryptHome    = "letsencrypt.org"
	letsEncrypt        = "https://acme-v02.api.letsencrypt.org/directory"
	letsEncryptStaging = "https://acme-staging-v02.api.letsencrypt.org/directory"
)

func acmeAuthority(a *config.ACME) *certs.Authority {
	if a == nil {
		return nil
	}
	out := &certs.Authority{Email: a.Email, Directory: a.Directory, CA: a.CA, Resolver: a.Resolver, Front: a.Front}
	switch {
	case out.Directory != "":
	case a.Staging:
		out.Directory = letsEncryptStaging
	default:
		out.Directory = letsEncrypt
	}
	if a.EAB != nil {
		out.EAB = &acme.ExternalAccountBinding{KID: a.EAB.KID, Key: eabKey(a.EAB.Key.Reveal())}
	}
	return out
}

// eabKey reads the key of an external account, which authorities give in
// base64url.
func eabKey(text string) []byte {
	text = strings.TrimRight(text, "=")
	if key, err := base64.RawURLEncoding.DecodeString(text); err == nil {
		return key
	}
	key, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return []byte(text)
	}
	return key
}
