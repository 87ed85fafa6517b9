package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

// examination is one look at everything between strangers and the routes.
type examination struct {
	config  *config.Config
	server  *proxy.Server
	ddns    *ddns.Service
	ports   *ports
	running bool // server, ddns and ports are those at work

	home []netip.Addr // the public addresses
}

// run looks at everything, in the order in which a visit comes in.
func (e *examination) run(ctx context.Context) (list []finding) {
	ctx, cancel := context.WithTimeout(ctx, examineWait)
	defer cancel()
	list = append(list, clockFinding(time.Now(), proxy.BuiltAt(), synchronised()))
	if e.running {
		list = append(list, e.listeners(ctx)...)
	}
	list = append(list, e.address(ctx)...)
	list = append(list, e.names(ctx)...)
	if e.running {
		list = append(list, portFindings(e.ports.reports(), forwarding(e.server))...)
		list = append(list, e.hairpin(ctx)...)
		list = append(list, certFindings(e.server.Certificates(), time.Now())...)
		list = append(list, ddnsFindings(ddnsReports(e.ddns.Status()))...)
	}
	return list
}

// synchronised tells whether something keeps the clock right, as the kernel has
// it from the one who does.
func synchronised() bool {
	var t unix.Timex
	_, err := unix.Adjtimex(&t)
	return err == nil && t.Status&unix.STA_UNSYNC == 0
}

func clockFinding(now, floor time.Time, synchronised bool) finding {
	f := finding{Check: "clock", Color: green, Says: now.Format("2006-01-02 15:04 MST")}
	const set = "timedatectl set-ntp true, or set it by hand"
	switch {
	case now.Before(floor):
		f.Color, f.Do = red, set
		f.Says += " has passed long ago: no certificate can be asked for, and none can be checked"
	case !synchronised:
		f.Color, f.Do = yellow, set
		f.Says += ", but nothing keeps it right"
	}
	return f
}

// listeners dials each listening address from here.
func (e *examination) listeners(ctx context.Context) (list []finding) {
	for _, l := range e.server.Status().Listeners {
		if l.Draining {
			continue
		}
		f := finding{"listener", firstOf(l.Bound, l.Address), green, "answers here", ""}
		if l.Error != "" {
			f.Color, f.Says = red, l.Error
		} else if err := answers(ctx, local(l.Bound)); err != nil {
			f.Color, f.Says, f.Do = red, "does not answer here: "+err.Error(), "look for a firewall on this machine"
		}
		list = append(list, f)
	}
	if len(list) == 0 {
		list = append(list, finding{"listener", "", red, "no address is listened on", `write http = ":80" and https = ":443" under [server]`})
	}
	return list
}

func answers(ctx context.Context, addr string) error {
	d := net.Dialer{Timeout: 3 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err == nil {
		conn.Close()
	}
	return err
}

// local is an address at which this machine reaches a listener.
func local(bound string) string {
	ap, err := netip.ParseAddrPort(bound)
	if err != nil {
		return bound
	}
	if ap.Addr().IsUnspecified() {
		loopback := netip.IPv6Loopback()
		if ap.Addr().Is4() {
			loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		}
		ap = netip.AddrPortFrom(loopback, ap.Port())
	}
	return ap.String()
}

// address finds where the home is, and who stands before it.
func (e *examination) address(ctx context.Context) []finding {
	e.home = e.ddns.Public(ctx)
	f := finding{Check: "address", Color: green, Says: "the home is at " + addrTexts(e.home)}
	carrier := e.ddns.Carrier()
	switch {
	case len(e.home) == 0:
		f.Color, f.Says, f.Do = yellow, "the public address could not be found", "see that this machine is online; portico ddns status says more"
	case carrier != "" && len(of(e.home, true)) > 0:
		f.Color, f.Says = yellow, carrier+"; over IPv6 it is at "+addrTexts(of(e.home, true))
	case carrier != "":
		f.Color, f.Says = red, carrier
		f.Do = "ask the provider for a public IPv4 address or for IPv6, or put a relay before this home and set front = true in [acme]"
	}
	return []finding{f}
}

func addrTexts(list []netip.Addr) string {
	texts := make([]string, len(list))
	for i, a := range list {
		texts[i] = a.String()
	}
	return strings.Join(texts, " and ")
}

const (
	// mostHosts and hostsAtOnce bound the questions to the DNS.
	mostHosts   = 200
	hostsAtOnce = 8
)

// names asks the DNS about every public host of a route that is on.
func (e *examination) names(ctx context.Context) []finding {
	hosts := publicHosts(e.config)
	if len(hosts) == 0 {
		return []finding{{"dns", "", green, "no route has a host that the world could know", ""}}
	}
	list := make([]finding, len(hosts))
	slots := make(chan struct{}, hostsAtOnce)
	var jobs sync.WaitGroup
	for i, host := range hosts {
		jobs.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			list[i] = e.host(ctx, host)
		})
	}
	jobs.Wait()
	return list
}

// host asks the DNS about one. Below a wildcard any name would do.
func (e *examination) host(ctx context.Context, host string) finding {
	published, err := proxy.Published(ctx, e.config.ACME, strings.Replace(host, "*", "portico-looks", 1))
	return e.name(host, published, err)
}

func publicHosts(c *config.Config) (list []string) {
	for _, r := range c.Routes {
		for _, host := range r.Hosts {
			if r.Enabled && !proxy.IsHomeName(host) && !slices.Contains(list, host) && len(list) < mostHosts {
				list = append(list, host)
			}
		}
	}
	return list
}

// name judges where a host leads.
func (e *examination) name(host string, published []netip.Addr, err error) finding {
	f := finding{Check: "dns", About: host, Color: green, Says: "leads here, to " + addrTexts(published)}
	front := ""
	for _, a := range published {
		front = firstOf(front, e.server.Front(a))
	}
	relay := e.config.ACME != nil && e.config.ACME.Front
	switch {
	case err != nil:
		f.Color, f.Says = yellow, err.Error()
	case len(published) == 0:
		f.Color, f.Says = red, "has no address in the DNS"
		f.Do = "add a record for it at your DNS provider, or a [ddns] table that does: " + e.records(host, e.home)
	case slices.ContainsFunc(published, func(a netip.Addr) bool { return slices.Contains(e.home, a) }):
		if others := slices.DeleteFunc(slices.Clone(published), func(a netip.Addr) bool { return slices.Contains(e.home, a) }); len(others) > 0 {
			f.Color, f.Says = yellow, fmt.Sprintf("leads here, but also to %s, which is not known to be this home", addrTexts(others))
		}
	case front != "":
		f.Says = "leads to " + front + ", which passes visits on"
	case relay:
		f.Says = "leads to the relay at " + addrTexts(published)
	case !slices.ContainsFunc(published, ddns.Global):
		f.Color, f.Says = yellow, "leads to "+addrTexts(published)+", which nobody outside reaches"
	case len(e.home) == 0:
		f.Color, f.Says = yellow, "leads to "+addrTexts(published)+"; whether that is this home is not known"
	default:
		f.Color, f.Says = red, fmt.Sprintf("leads to %s, and this home is at %s", addrTexts(published), addrTexts(e.home))
		f.Do = "change the record: " + e.records(host, e.home) + "; or set front = true in [acme] where a relay stands there"
	}
	return f
}

func (e *examination) records(host string, at []netip.Addr) string {
	var list []string
	for _, a := range at {
		kind := "A"
		if a.Is6() {
			kind = "AAAA"
		}
		list = append(list, host+" "+kind+" "+a.String())
	}
	return strings.Join(list, ", ")
}
