package proxy

import (
	"encoding/base64"
	"net/netip"
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
		plan.Pairs = append(plan.Pairs, certs.Pair{Name: cert.Name, Cert: cert.Cert, Key: cert.Key})
	}
	pairs := c.pairHosts()
	wanted := map[string]certs.Want{}
	for _, r := range c.config.Routes {
		if !r.Enabled || r.Cert == "none" {
			continue
		}
		for _, host := range r.Hosts {
			if _, taken := wanted[host]; !taken || r.Cert != "" { // what a route says goes before what is usual
				wanted[host] = want(host, r.Cert, pairs)
			}
		}
	}
	for _, w := range wanted {
		plan.Wants = append(plan.Wants, w)
	}
	slices.SortFunc(plan.Wants, func(a, b certs.Want) int { return strings.Compare(a.Host, b.Host) })
	return plan
}

// want is where a host's certificate comes from: as its route says, else from
// files that are for it, from the home's own authority where nobody else can
// vouch for the name, and from the ACME authority.
func want(host, said string, pairs []pairHosts) certs.Want {
	w := certs.Want{Host: host, Kind: certs.ACME}
	pair := pairFor(host, pairs)
	switch {
	case said == "local":
		w.Kind = certs.Local
	case said != "" && said != "acme":
		w.Kind, w.Pair = certs.File, said
	case said == "" && pair != "":
		w.Kind, w.Pair = certs.File, pair
	case said == "" && isHomeName(host):
		w.Kind = certs.Local
	}
	return w
}

// pairHosts is a certificate in files with the hosts it is for.
type pairHosts struct {
	name  string
	hosts []string
}

// pairHosts reads, once for all routes, what each certificate in files is for.
func (c *compiler) pairHosts() []pairHosts {
	list := make([]pairHosts, len(c.config.Certs))
	for i, cert := range c.config.Certs {
		list[i] = pairHosts{cert.Name, cert.Hosts}
		if len(cert.Hosts) == 0 {
			list[i].hosts, _ = certs.HostsOf(cert.Cert) // one that cannot be read is for nobody
		}
	}
	return list
}

// pairFor names the certificate in files that is for a host.
func pairFor(host string, pairs []pairHosts) string {
	for _, p := range pairs {
		for _, h := range p.hosts {
			if strings.EqualFold(h, host) || strings.HasPrefix(h, "*.") && strings.EqualFold(h[1:], afterLabel(host)) {
				return p.name
			}
		}
	}
	return ""
}

// afterLabel is a name without its first label, with the dot.
func afterLabel(host string) string {
	if i := strings.IndexByte(host, '.'); i >= 0 {
		return host[i:]
	}
	return ""
}

// isHomeName tells a name that only the home's own authority can vouch for.
func isHomeName(host string) bool {
	if host == "*" || !strings.Contains(host, ".") {
		return true
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	return slices.ContainsFunc(certs.HomeSuffixes, func(s string) bool { return host == s || strings.HasSuffix(host, "."+s) })
}

const (
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
