package main

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

// view looks at everything that [alert] can tell of.
func (sv *service) view() view {
	now := time.Now()
	v := view{unknown: map[string]bool{}, home: map[string]string{}}
	status := sv.server.Status()
	v.upstreams(status.Upstreams)
	v.router(status.Warnings)
	if list := sv.ports.warnings(); len(list) > 0 {
		v.add("router", "ports", strings.Join(list, "; "))
	}
	v.certificates(sv.server.Certificates(), now)
	v.names(sv.ddns.Status(), now)
	v.clock(now)
	v.disk(sv.stateDir)
	if problems, _ := sv.store.Problems(); len(problems.Errors()) > 0 {
		v.add("file", sv.store.Path(), fmt.Sprintf("%s cannot run, an older configuration serves: %s", sv.store.Path(), problems.Errors()[0]))
	}
	return v
}

func (v *view) add(event, about, says string) { v.wrong = append(v.wrong, fault{event, about, says}) }

func (v *view) upstreams(list []proxy.UpstreamStatus) {
	for _, u := range list {
		switch u.State {
		case proxy.StateDown:
			v.add("upstream", u.URL, strings.TrimSuffix(fmt.Sprintf("%s is down (route %s): %s", u.URL, strings.Join(u.Routes, ", "), u.Reason), ": "))
		case proxy.StateUnknown:
			v.unknown[fault{Event: "upstream", About: u.URL}.key()] = true
		}
	}
}

func (v *view) router(list []proxy.Warning) {
	for _, w := range list {
		if w.What == proxy.HidesVisitors {
			v.add("router", "visitors", w.What)
		}
	}
}

func (v *view) certificates(list []proxy.CertificateStatus, now time.Time) {
	for _, c := range list {
		switch state := c.State(now); {
		case state == proxy.CertificateExpired:
			v.add("certificate", c.Host, joinWords("the certificate of "+c.Host+" has ended", c.Why))
		case state == proxy.CertificateEnding:
			v.add("certificate", c.Host, joinWords(fmt.Sprintf("the certificate of %s ends on %s", c.Host, c.Until.Local().Format(time.DateOnly)), c.Why))
		case state == proxy.CertificatePending && !c.Next.IsZero():
			v.add("certificate", c.Host, joinWords(c.Host+" got no certificate", c.Why))
		}
	}
}

// failsFor is how long a name may fail before that is worth telling.
const failsFor = time.Hour

func (v *view) names(s ddns.Status, now time.Time) {
	for _, a := range s.Accounts {
		for _, n := range a.Names {
			failing := n.Class != ddns.OK && !n.At.IsZero()
			if failing && (n.Class == ddns.Stop || now.Sub(n.Failing) > failsFor) {
				v.add("ddns", n.FQDN, fmt.Sprintf("%s is not published, %s says: %s", n.FQDN, a.Provider, n.Words))
			}
		}
		if a.V4.IsValid() {
			v.home["IPv4 "+a.Source] = a.V4.String()
		}
		if a.V6.IsValid() {
			v.home["IPv6 "+a.Source] = a.V6.String()
		}
	}
}

func (v *view) clock(now time.Time) {
	if f := clockFinding(now, proxy.BuiltAt(), synchronised()); f.Color == red {
		v.add("clock", "clock", f.Says)
	}
}

// leastDisk is the room, in bytes, below which the history and the certificates
// may soon not be written.
const leastDisk = 32 << 20

func (v *view) disk(dir string) {
	var s unix.Statfs_t
	if dir == "" || unix.Statfs(dir, &s) != nil {
		return
	}
	switch free := s.Bavail * uint64(s.Bsize); {
	case s.Flags&unix.ST_RDONLY != 0:
		v.add("disk", dir, dir+" cannot be written: nothing that is learnt or edited is kept")
	case free < leastDisk:
		v.add("disk", dir, fmt.Sprintf("%s has %d MB left: soon nothing can be written", dir, free>>20))
	}
}
