package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/record"
)

const (
	// wakeEvery is how often a sleeper is called and tried: a packet may be
	// lost, and a machine takes its time.
	wakeEvery = time.Second
	// maxHeld bounds the requests that wait for one sleeper.
	maxHeld = 100
	// discardPort is where magic packets go: nobody listens there, the card
	// looks for the pattern.
	discardPort = 9
)

// waker calls the machine of a route's upstreams by Wake-on-LAN and lets
// requests wait for it.
type waker struct {
	mac  net.HardwareAddr
	wait time.Duration // from a request's beginning
	held atomic.Int32

	mu   sync.Mutex
	last time.Time
}

// wakes holds a request for a moment whose upstreams could not be reached; false
// where it has waited long enough. A client that leaves meanwhile is noted as
// such.
func (f *forward) wakes(v *visit) (waited bool) {
	w := f.route.waker
	if w == nil || !asleep(v.row.Cause) || time.Since(v.began) > w.wait {
		return false
	}
	if w.held.Add(1) > maxHeld {
		w.held.Add(-1)
		return false
	}
	defer w.held.Add(-1)
	w.call(f.addresses())
	return v.pause(wakeEvery)
}

// asleep tells the failures of a machine that is off, or not up yet.
func asleep(c record.Cause) bool {
	return c == record.CauseRefused || c == record.CauseUnreachable || c == record.CauseDialTimeout
}

// addresses are those of the route's upstreams as far as they are written down:
// a card may be called by its address too.
func (f *forward) addresses() (list []netip.Addr) {
	for _, u := range f.route.group.Members {
		if ap, err := netip.ParseAddrPort(u.Addr); err == nil {
			list = append(list, ap.Addr())
		}
	}
	return list
}

// call sends the magic packet, once for all who wait.
func (w *waker) call(addrs []netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.last) < wakeEvery {
		return
	}
	w.last = time.Now()
	packet := magicPacket(w.mac)
	for _, a := range append(broadcasts(), addrs...) {
		conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, discardPort)))
		if err != nil {
			continue // an interface that is down reaches nobody
		}
		_, _ = conn.Write(packet) // the next second sends another
		conn.Close()
	}
}

// magicPacket is six bytes of ones and the address sixteen times.
func magicPacket(mac net.HardwareAddr) []byte {
	b := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	for range 16 {
		b = append(b, mac...)
	}
	return b
}

// broadcasts are the addresses that reach every card in this machine's networks.
func broadcasts() (list []netip.Addr) {
	entries, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, e := range entries {
		p, err := netip.ParsePrefix(e.String())
		if err != nil || !p.Addr().Is4() || p.Addr().IsLoopback() || p.Bits() > 30 {
			continue
		}
		b := p.Masked().Addr().As4()
		for bit := p.Bits(); bit < 32; bit++ {
			b[bit/8] |= 1 << (7 - bit%8)
		}
		list = append(list, netip.AddrFrom4(b))
	}
	return list
}

func wakerOf(c *config.WakeOnLAN) (*waker, error) {
	if c == nil {
		return nil, nil
	}
	mac, err := net.ParseMAC(c.MAC)
	if err != nil {
		return nil, fmt.Errorf("wake_on_lan: %w", err)
	}
	return &waker{mac: mac, wait: c.Wait}, nil
}
