package tui

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

// lock is a row of the page: the certificate of a host, or a name that dynamic
// DNS keeps.
type lock struct {
	key   string
	cert  *proxy.CertificateStatus // one of the two
	name  *ddns.NameStatus
	table *ddns.AccountStatus // of name
}

// locks are the rows: certificates first.
func (f *facts) locks() []lock {
	var all []lock
	for i := range f.certs {
		all = append(all, lock{key: "cert " + f.certs[i].Host, cert: &f.certs[i]})
	}
	for i := range f.names.Accounts {
		a := &f.names.Accounts[i]
		for j := range a.Names {
			all = append(all, lock{key: "name " + a.Name + " " + a.Names[j].FQDN, name: &a.Names[j], table: a})
		}
	}
	return all
}

// lock finds a row.
func (f *facts) lock(key string) (lock, bool) {
	for _, l := range f.locks() {
		if l.key == key {
			return l, true
		}
	}
	return lock{}, false
}

func (l *lock) host() string {
	if l.cert != nil {
		return l.cert.Host
	}
	return l.name.FQDN
}

// from is who stands for it: how a certificate is got and who issued it, or the
// provider.
func (l *lock) from() string {
	switch {
	case l.cert == nil:
		return l.table.Provider
	case l.cert.Kind == "local": // the home's own authority
		return l.cert.Kind
	}
	return strings.TrimSpace(l.cert.Kind + " " + l.cert.Issuer)
}

// state says how it stands, in a word.
func (l *lock) state(now time.Time) span {
	if l.name != nil {
		return nameState(l.name)
	}
	return certState(l.cert, now)
}

func certState(c *proxy.CertificateStatus, now time.Time) span {
	state := c.State(now)
	switch state {
	case proxy.CertificateOK:
		return span{plain, string(state)}
	case proxy.CertificateExpired:
		return span{bad, strings.ToUpper(string(state))}
	}
	return span{warn, string(state)}
}

func nameState(n *ddns.NameStatus) span {
	switch {
	case n.At.IsZero():
		return span{plain, "new"}
	case n.Class == ddns.Stop:
		return span{bad, "STOPPED"}
	case n.Class != ddns.OK:
		return span{warn, n.Class.String()}
	}
	return span{plain, "ok"}
}

// ends is the days a certificate has left, or the address that is published.
func (l *lock) ends(now time.Time) string {
	switch {
	case l.name != nil:
		return dash(addressWords(l.name.V4, l.name.V6))
	case l.cert.Until.IsZero():
		return "-"
	}
	return daysLeft(l.cert.Until.Sub(now))
}

// next is when somebody is asked again by itself; zero for never as things are.
// Of a name that is well, the public address is looked for.
func (l *lock) next() time.Time {
	switch {
	case l.cert != nil:
		return l.cert.Next
	case l.name.Class == ddns.OK:
		return l.table.Next
	}
	return l.name.Next
}

// words are the last ones of who stands for it.
func (l *lock) words() string {
	if l.cert != nil {
		return l.cert.Why
	}
	return l.name.Words
}

// failingSince is when the attempts began to fail, as far back as they are known;
// zero where the last did not.
func (l *lock) failingSince() (since time.Time) {
	if l.cert != nil {
		for _, a := range slices.Backward(l.cert.Attempts) {
			if a.Result != "failed" {
				break
			}
			since = a.At
		}
		return since
	}
	for _, a := range slices.Backward(l.name.Attempts) {
		if a.Class == ddns.OK {
			break
		}
		since = a.At
	}
	return since
}

func addressWords(v4, v6 netip.Addr) string {
	var list []string
	for _, a := range [...]netip.Addr{v4, v6} {
		if a.IsValid() {
			list = append(list, a.String())
		}
	}
	return strings.Join(list, " ")
}
