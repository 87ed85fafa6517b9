package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// door is a port at which strangers come, and the one of ours it leads to.
type door struct {
	outer, inner uint16
	tls          bool
	bound        string
}

// doors are where strangers come: 80, and 443 where TLS is spoken.
func (e *examination) doors() (list []door) {
	for _, l := range e.server.Status().Listeners {
		ap, err := netip.ParseAddrPort(l.Bound)
		d := door{outer: 80, inner: ap.Port(), tls: l.TLS, bound: l.Bound}
		if l.TLS {
			d.outer = 443
		}
		if err == nil && !l.Draining && l.Error == "" && !slices.ContainsFunc(list, func(o door) bool { return o.outer == d.outer }) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b door) int { return int(a.outer) - int(b.outer) })
	return list
}

// hairpin dials the home's own public address and looks for ourselves: visitors
// at home use the same names as those outside.
func (e *examination) hairpin(ctx context.Context) []finding {
	hosts := slices.DeleteFunc(publicHosts(e.config), func(h string) bool { return strings.HasPrefix(h, "*") })
	home := of(e.home, false)
	if len(hosts) == 0 || len(home) == 0 || e.ddns.Carrier() != "" {
		return nil
	}
	var list []finding
	for _, d := range e.doors() {
		f := finding{Check: "router", About: net.JoinHostPort(home[0].String(), fmt.Sprint(d.outer)), Color: green, Says: "leads back here from inside"}
		if err := e.meets(ctx, f.About, d, hosts[0]); err != nil {
			f.Color = yellow
			f.Says = "from inside, the public address does not lead here: " + err.Error()
			f.Do = e.forwarding() + "; where strangers come in (portico doctor --outside " + hosts[0] + "), only visitors at home need help:\n" + e.localRecords(hosts)
		} else if !d.tls {
			f.Says = "answers from inside; without TLS nobody can tell whether it is this portico"
		}
		list = append(list, f)
	}
	return list
}

// meets dials an address and tells by the certificate whether we answer.
func (e *examination) meets(ctx context.Context, addr string, d door, host string) error {
	if !d.tls {
		return answers(ctx, addr)
	}
	ours, err := shownAt(ctx, local(d.bound), host)
	if err != nil {
		return fmt.Errorf("not even here: %w", err)
	}
	theirs, err := shownAt(ctx, addr, host)
	if err != nil {
		return err
	}
	if !bytes.Equal(ours, theirs) {
		return errors.New("something else answers, with another certificate: the router itself?")
	}
	return nil
}

// shownAt is the certificate that is shown for a host. It is compared, not
// trusted.
func shownAt(ctx context.Context, addr, host string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	d := tls.Dialer{Config: &tls.Config{ServerName: host, InsecureSkipVerify: true}}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw, nil
}

// localRecords are what a home's own resolver can be told, in the words of each.
func (e *examination) localRecords(hosts []string) string {
	const most = 20
	at := "ADDRESS-OF-THIS-MACHINE"
	if gateways := e.server.Gateways(); len(gateways) > 0 {
		if a := addressTowards(gateways[0]); a.IsValid() {
			at = a.String()
		}
	}
	hosts = hosts[:min(len(hosts), most)]
	var dnsmasq strings.Builder
	for _, h := range hosts {
		fmt.Fprintf(&dnsmasq, "\n  address=/%s/%s", h, at)
	}
	return fmt.Sprintf("hosts file, Pi-hole (Local DNS):\n  %s %s\nAdGuard Home (DNS rewrites): each name to %s\ndnsmasq:%s",
		at, strings.Join(hosts, " "), at, dnsmasq.String())
}

// addressTowards is this machine's address on the way to another. Nothing is
// sent: a socket for datagrams only learns its own end.
func addressTowards(to netip.Addr) netip.Addr {
	conn, err := net.Dial("udp", netip.AddrPortFrom(to, 9).String())
	if err != nil {
		return netip.Addr{}
	}
	defer conn.Close()
	if a, ok := conn.LocalAddr().(*net.UDPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
