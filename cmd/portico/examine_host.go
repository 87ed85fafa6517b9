package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"forge.home.arpa/portico/ddns"
)

// name judges where the DNS leads strangers who ask for a host.
func (e *examination) name(host string, published []netip.Addr, err error) finding {
	if words := dialWords(err); words != err {
		err = fmt.Errorf("its servers of names cannot be asked: %w", words)
	}
	f := finding{Check: "dns", About: host, Color: green, Says: "leads here, to " + addrTexts(published)}
	others := slices.DeleteFunc(slices.Clone(published), e.ours)
	front := ""
	for _, a := range published {
		front = firstOf(front, e.server.Front(a))
	}
	switch {
	case err != nil:
		f.Color, f.Says, f.Do = yellow, err.Error(), "see that this machine is online; resolver in [acme] names another server to ask"
	case len(published) == 0:
		f.Color, f.Says = red, "has no address in the DNS"
		f.Do = e.publishing(host, "add a record for it at your DNS provider, or a [ddns] table that does: "+e.records(host))
	case len(others) == 0:
	case len(others) < len(published):
		f.Color, f.Says = yellow, fmt.Sprintf("leads here, but also to %s, which is not known to be this home", addrTexts(others))
		f.Do = "take that record away, unless you know whose it is: those who follow it do not come here"
	case front != "":
		f.Says = "leads to " + front + ", which passes visits on"
	case e.config.ACME != nil && e.config.ACME.Front:
		f.Says = "leads to the relay at " + addrTexts(published)
	case !slices.ContainsFunc(published, ddns.Global):
		f.Color, f.Says = yellow, "leads to "+addrTexts(published)+", which nobody outside reaches"
		f.Do = "for strangers, publish " + e.records(host) + "; if that is published, a resolver at home answers in place of the world's: resolver = \"9.9.9.9\" in [acme] asks another"
	case slices.ContainsFunc(published, func(a netip.Addr) bool { return slices.Contains(e.shared, a) }):
		f.Color, f.Says = red, "leads to "+addrTexts(published)+", which the provider shares among homes: nobody reaches this one there"
		f.Do = asksProvider
		if len(e.home) > 0 {
			f.Do = "publish " + e.records(host) + " for visitors with IPv6; for the others " + asksProvider
		}
	case len(e.home) == 0:
		f.Color, f.Says = yellow, "leads to "+addrTexts(published)+"; whether that is this home is not known"
		f.Do = "find the public address first, as said above"
	default:
		f.Color, f.Says = red, fmt.Sprintf("leads to %s, and this home is at %s", addrTexts(published), addrTexts(e.home))
		f.Do = e.publishing(host, "change the record: "+e.records(host)) + "; or set front = true in [acme] where a relay stands there"
	}
	return f
}

// ours tells an address of the home: a public one, or any that this machine has
// and strangers reach.
func (e *examination) ours(a netip.Addr) bool {
	return slices.Contains(e.home, a) || ddns.Global(a) && slices.Contains(ownAddresses(), a)
}

// publishing is what to do about a record: what a table keeps, by its name or by
// a wildcard above it, is not changed by hand.
func (e *examination) publishing(host, byHand string) string {
	for _, a := range e.ddns.Status().Accounts {
		for _, n := range a.Names {
			if n.FQDN == host || below(host, n.FQDN) {
				return fmt.Sprintf("portico ddns update %s publishes %s now, and says what the provider replies", a.Name, e.records(n.FQDN))
			}
		}
	}
	return byHand
}

// below tells whether a wildcard answers for a host, at any depth (RFC 4592
// section 2.2.1).
func below(host, wildcard string) bool {
	parent, ok := strings.CutPrefix(wildcard, "*")
	return ok && strings.HasSuffix(host, parent)
}

// records are what the DNS should say of a host.
func (e *examination) records(host string) string {
	var list []string
	for _, a := range e.home {
		kind := "A"
		if a.Is6() {
			kind = "AAAA"
		}
		list = append(list, host+" "+kind+" "+a.String())
	}
	if len(list) == 0 {
		return host + " A, with the public address of this home"
	}
	return strings.Join(list, ", ")
}
