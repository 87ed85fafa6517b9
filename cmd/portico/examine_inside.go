package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// insideWait bounds the question for one name.
const insideWait = 5 * time.Second

// inside tells whether visitors at home find the names that strangers use: over
// the router, which sends them back, or because the home's own resolver leads
// them straight here.
func (e *examination) inside(ctx context.Context) []finding {
	list := e.hairpin(ctx)
	// The last door is the one that visitors end at.
	failed := len(list) > 0 && list[len(list)-1].Color != green
	found := e.lookInside(ctx)
	var lost, elsewhere []string
	for i, host := range e.known {
		switch at := found[i]; {
		case at.straight:
		case len(at.wrong) > 0:
			elsewhere = append(elsewhere, host)
			list = append(list, finding{"home", host, yellow, fmt.Sprintf("at home it leads to %s, which is not this machine", addrTexts(at.wrong)), e.localRecords([]string{host})})
		case failed && at.public || at.unknown():
			lost = append(lost, host)
		}
	}
	switch {
	case len(lost) > 0:
		list = append(list, finding{"home", "", yellow, "visitors at home do not find " + someOf(lost), e.localRecords(lost)})
	case failed && len(e.known) > 0 && len(elsewhere) == 0 && !slices.ContainsFunc(found, func(at leads) bool { return !at.straight }):
		for i := range list { // nobody takes that way
			list[i].Color, list[i].Do = green, ""
			list[i].Says += "; it need not, the resolver at home leads straight to this machine"
		}
	}
	return list
}

// leads is where this machine's resolver, which is the home's as a rule, leads a
// name.
type leads struct {
	straight bool         // to this machine
	public   bool         // to the home's address outside
	wrong    []netip.Addr // to others at home
	err      error
}

func (l leads) unknown() bool {
	var failed *net.DNSError
	return errors.As(l.err, &failed) && failed.IsNotFound
}

func (e *examination) lookInside(ctx context.Context) []leads {
	list := make([]leads, len(e.known))
	slots := make(chan struct{}, hostsAtOnce)
	own := ownAddresses()
	var jobs sync.WaitGroup
	for i, host := range e.known {
		jobs.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(ctx, insideWait)
			defer cancel()
			addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", someName(host))
			list[i].err = err
			for _, a := range addrs {
				a = a.Unmap()
				switch {
				case slices.Contains(own, a):
					list[i].straight = true
				case slices.Contains(e.home, a):
					list[i].public = true
				case a.IsPrivate() || a.IsLoopback() || a.IsUnspecified():
					list[i].wrong = append(list[i].wrong, a)
				}
			}
		})
	}
	jobs.Wait()
	return list
}

// ownAddresses are those of this machine's interfaces.
func ownAddresses() (list []netip.Addr) {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLoopback() {
			list = append(list, p.Addr().Unmap().WithZone(""))
		}
	}
	return list
}

// localRecords are what a home's own resolver can be told, in the words of each.
func (e *examination) localRecords(hosts []string) string {
	const most = 20
	at := "ADDRESS-OF-THIS-MACHINE"
	if _, here := homeRouter(e.server); here.IsValid() {
		at = here.String()
	}
	var names []string
	var rewrites, dnsmasq strings.Builder
	for _, h := range hosts[:min(len(hosts), most)] {
		if !strings.HasPrefix(h, "*") {
			names = append(names, h)
		}
		fmt.Fprintf(&rewrites, "\n  %s to %s", h, at)
		fmt.Fprintf(&dnsmasq, "\n  address=/%s/%s", strings.TrimPrefix(h, "*."), at)
	}
	text := "tell the resolver at home one of these"
	if len(names) > 0 {
		text += "\nPi-hole (Local DNS), or each machine's hosts file:\n  " + at + " " + strings.Join(names, " ")
	}
	return text + "\nAdGuard Home (DNS rewrites):" + rewrites.String() + "\ndnsmasq:" + dnsmasq.String()
}
