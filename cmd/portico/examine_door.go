package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// hairpin dials the home's own public address and looks for ourselves: visitors
// at home use the same names as those outside.
func (e *examination) hairpin(ctx context.Context) []finding {
	hosts := slices.DeleteFunc(publicHosts(e.config), func(h string) bool { return strings.HasPrefix(h, "*") })
	home := of(e.home, false)
	if len(hosts) == 0 || len(home) == 0 || e.ddns.Carrier() != "" {
		return nil
	}
	var list []finding
	for _, d := range doorsOf(e.server) {
		f := finding{Check: "router", About: net.JoinHostPort(home[0].String(), fmt.Sprint(d.outer)), Color: green, Says: "leads back here from inside"}
		if err := e.meets(ctx, f.About, d, hosts[0]); err != nil {
			f.Color = yellow
			f.Says = "from inside, the public address does not lead here: " + err.Error()
			f.Do = forwarding(e.server) + "; where strangers come in (portico doctor --outside " + hosts[0] + "), only visitors at home need help:\n" + e.localRecords(hosts)
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
	ours, err := shownAt(ctx, local(d.inner.String()), host)
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
	if _, here := homeRouter(e.server); here.IsValid() {
		at = here.String()
	}
	hosts = hosts[:min(len(hosts), most)]
	var dnsmasq strings.Builder
	for _, h := range hosts {
		fmt.Fprintf(&dnsmasq, "\n  address=/%s/%s", h, at)
	}
	return fmt.Sprintf("hosts file, Pi-hole (Local DNS):\n  %s %s\nAdGuard Home (DNS rewrites): each name to %s\ndnsmasq:%s",
		at, strings.Join(hosts, " "), at, dnsmasq.String())
}
