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

	home    []netip.Addr // the public addresses
	shared  []netip.Addr // those that others see, which are the provider's
	offline bool
	known   []string // the public hosts that the DNS knows
}

// run looks at everything, in the order in which a visit comes in.
func (e *examination) run(ctx context.Context) (list []finding) {
	ctx, cancel := context.WithTimeout(ctx, examineWait)
	defer cancel()
	list = append(list, clockFinding(time.Now(), proxy.BuiltAt(), synchronised()))
	if e.running {
		list = append(list, e.listeners(ctx)...)
	}
	judge := e.names(ctx) // meanwhile
	list = append(list, e.address(ctx))
	list = append(list, judge()...)
	if e.running {
		list = append(list, portFindings(e.ports.reports(), forwarding(e.server))...)
		list = append(list, e.inside(ctx)...)
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

// address finds where the home is, and who stands before it. An IPv4 address
// that the provider shares among homes is none of this one's.
func (e *examination) address(ctx context.Context) finding {
	e.home = e.ddns.Public(ctx)
	f := finding{Check: "address", Color: green, Says: "the home is at " + addrTexts(e.home)}
	carrier := e.ddns.Carrier()
	second := strings.HasSuffix(carrier, ddns.SecondRouter)
	if carrier != "" && !second {
		e.shared, e.home = of(e.home, false), of(e.home, true)
	}
	switch {
	case second:
		f.Color, f.Says = yellow, carrier
		f.Do = fmt.Sprintf("if that router is yours, forward TCP 80 and 443 on it to this one too, or put it into bridge mode; else %s", asksProvider)
	case carrier != "" && len(e.home) > 0:
		f.Color, f.Says = yellow, carrier+"; over IPv6 it is at "+addrTexts(e.home)
		f.Do = "visitors with IPv6 come in; for the others " + asksProvider
	case carrier != "":
		f.Color, f.Says, f.Do = red, carrier, asksProvider
	case len(e.home) > 0:
	case len(e.server.Gateways()) == 0:
		e.offline = true
		f.Color, f.Says, f.Do = red, "this machine is offline: it knows no router", "look at the cable or the Wi-Fi; ip route shows the way out, where there is one"
	default:
		f.Color, f.Says = yellow, joinWords("the public address could not be found", e.ddns.Doubt())
		f.Do = "see that this machine is online, and that no VPN or proxy carries its questions; sources in a [ddns] table names others to ask"
	}
	return f
}

const asksProvider = "ask the provider for a public IPv4 address, or put a relay before this home and set front = true in [acme]"

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

// names asks the DNS about every public host of a route that is on, and judges
// what it says when the home's addresses are known.
func (e *examination) names(ctx context.Context) (judge func() []finding) {
	hosts := publicHosts(e.config)
	published, failed := make([][]netip.Addr, len(hosts)), make([]error, len(hosts))
	slots := make(chan struct{}, hostsAtOnce)
	var jobs sync.WaitGroup
	for i, host := range hosts {
		jobs.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			published[i], failed[i] = proxy.Published(ctx, e.config.ACME, someName(host))
		})
	}
	return func() (list []finding) {
		jobs.Wait()
		switch {
		case len(hosts) == 0:
			return []finding{{"dns", "", green, "no route has a host that the world could know", ""}}
		case e.offline:
			return []finding{{"dns", "", yellow, "not asked: this machine is offline", ""}}
		}
		for i, host := range hosts {
			f := e.name(host, published[i], failed[i])
			if list = append(list, f); f.Color != red {
				e.known = append(e.known, host)
			}
		}
		return list
	}
}

// host asks the DNS about one.
func (e *examination) host(ctx context.Context, host string) finding {
	published, err := proxy.Published(ctx, e.config.ACME, someName(host))
	return e.name(host, published, err)
}

// someName is a name that a host stands for: below a wildcard any would do.
func someName(host string) string { return strings.Replace(host, "*", "portico-looks", 1) }

func publicHosts(c *config.Config) (list []string) {
	for _, r := range c.Routes {
		for _, host := range r.Hosts {
			if r.Enabled && config.IsPublic(host) && !slices.Contains(list, host) && len(list) < mostHosts {
				list = append(list, host)
			}
		}
	}
	return list
}
