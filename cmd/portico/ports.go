package main

import (
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/ddns/router"
	"forge.home.arpa/portico/proxy"
)

// ports has the router send strangers to the listeners, where map_ports asks
// for it. As a config.Preparer it comes after the proxy, whose listeners it
// looks at.
type ports struct {
	*router.Mapper
	server *proxy.Server
	on     atomic.Bool
}

func newPorts(sv *service) *ports {
	p := &ports{server: sv.server}
	p.Mapper = router.NewMapper(sv.log, sv.server.Gateways, p.wanted)
	return p
}

func (p *ports) wanted() (list []router.Port) {
	if !p.on.Load() {
		return nil
	}
	for _, d := range doorsOf(p.server) {
		list = append(list, router.Port{Outer: d.outer, Listener: d.inner})
	}
	return list
}

// Prepare implements config.Preparer.
func (p *ports) Prepare(c *config.Config) (config.Change, error) {
	return portsChange{p, c.Server.MapPorts}, nil
}

type portsChange struct {
	ports *ports
	on    bool
}

// Commit implements config.Change.
func (ch portsChange) Commit() {
	ch.ports.on.Store(ch.on)
	ch.ports.Nudge()
}

// Discard implements config.Change.
func (portsChange) Discard() {}

// portReport is a port that the router was asked for.
type portReport struct {
	Port     uint16         `json:"port"` // of the router
	To       netip.AddrPort `json:"to"`
	Router   string         `json:"router,omitempty"`
	Protocol string         `json:"protocol,omitempty"` // "NAT-PMP" or "UPnP"; none while it is not open
	Until    time.Time      `json:"until,omitzero"`     // the lease's end; none for a lease without one
	Error    string         `json:"error,omitempty"`    // why it is not open, in the router's words
}

func (p *ports) reports() []portReport {
	st := p.State()
	return each(st.Ports, func(s router.PortState) portReport {
		r := portReport{Port: s.Outer, To: s.To, Protocol: s.Protocol, Until: s.Until, Error: s.Err}
		if st.Router.IsValid() {
			r.Router = st.Router.String()
		}
		return r
	})
}

// state is what became of it.
func (r portReport) state() string {
	switch {
	case r.Error != "":
		return r.Error
	case r.Until.IsZero():
		return "open, until portico ends"
	}
	return "open, renewed before " + r.Until.Local().Format("15:04")
}

// warnings say which ports the router did not open, and what a person can do.
func (p *ports) warnings() (list []string) {
	// What fails alike is one warning.
	var closed []string
	why := map[string][]string{}
	for _, r := range p.reports() {
		if r.Error == "" {
			continue
		}
		if why[r.Error] == nil {
			closed = append(closed, r.Error)
		}
		why[r.Error] = append(why[r.Error], fmt.Sprint(r.Port))
	}
	for _, words := range closed {
		list = append(list, fmt.Sprintf("the router does not open TCP %s; by hand: %s (%s)", strings.Join(why[words], " and "), forwarding(p.server), words))
	}
	return list
}

// portFindings judges the ports that the router was asked for.
func portFindings(reports []portReport, byHand string) (list []finding) {
	for _, r := range reports {
		f := finding{"router", fmt.Sprintf("TCP %d", r.Port), green, fmt.Sprintf("%s sends it to %s (%s), %s", r.Router, r.To, r.Protocol, r.state()), ""}
		if r.Error != "" {
			f.Color, f.Says, f.Do = yellow, "the router does not open it: "+r.Error, byHand+", or switch UPnP on there"
		}
		list = append(list, f)
	}
	return list
}
