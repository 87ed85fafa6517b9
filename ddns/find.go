package ddns

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/ddns/router"
)

// finder finds the public addresses, the way a table says. What was found just
// now serves all tables that ask alike.
type finder struct {
	gateways func() []netip.Addr
	look     func(context.Context, *config.DDNS) finding

	mu    sync.Mutex
	looks map[string]*look
}

// look is the last one of a kind; its lock is held while it lasts, and holds up
// those only who ask alike.
type look struct {
	sync.Mutex
	finding
}

// finding is what one look brought.
type finding struct {
	Addresses
	carrier string // why nobody reaches the home over IPv4; "" where they can
	doubt   string // why one family was not found, where the other was
	err     error  // where nothing was found; records stay as they are
	at      time.Time
}

// sameLook is how long a finding serves others.
const sameLook = 20 * time.Second

func newFinder(gateways func() []netip.Addr) *finder {
	if gateways == nil {
		gateways = func() []netip.Addr { return nil }
	}
	f := &finder{gateways: gateways, looks: map[string]*look{}}
	f.look = f.ask
	return f
}

// find returns what was found within the given time, or looks now.
func (f *finder) find(ctx context.Context, c *config.DDNS, within time.Duration) finding {
	latest := time.Now().Add(-within) // as it was when it was asked for
	l := f.lookOf(c.Address + " " + strings.Join(c.Sources, " "))
	l.Lock()
	defer l.Unlock()
	if !l.at.After(latest) {
		out := f.look(ctx, c)
		if ctx.Err() != nil {
			return out // cut short: nobody else can use it
		}
		l.finding = out
		l.at = time.Now()
	}
	return l.finding
}

func (f *finder) lookOf(kind string) *look {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.looks[kind] == nil {
		f.looks[kind] = &look{}
	}
	return f.looks[kind]
}

func (f *finder) ask(ctx context.Context, c *config.DDNS) (out finding) {
	kind, value, _ := strings.Cut(c.Address, ":")
	switch kind {
	case "fixed":
		out.Addresses = fixed(value)
	case "interface":
		out.Addresses, out.err = fromInterface(value)
	case "url":
		return echoed(ctx, named([]string{value}), true)
	case "router":
		return f.routers(ctx)
	default:
		return f.auto(ctx, c)
	}
	return out
}

func fixed(list string) (a Addresses) {
	for text := range strings.SplitSeq(list, ",") {
		if addr, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil && addr.Is4() {
			a.V4 = addr
		} else if err == nil {
			a.V6 = addr
		}
	}
	return a
}

// auto asks strangers for the IPv4 address, and takes the IPv6 address, which no
// NAT hides, from this machine.
func (f *finder) auto(ctx context.Context, c *config.DDNS) finding {
	sources := strangers()
	if len(c.Sources) > 0 {
		sources = named(c.Sources)
	}
	outer := make(chan netip.Addr, 1)
	go func() { // beside the strangers: a silent one takes its time, and so does a silent router
		addr, _ := router.Outer(ctx, f.gateways())
		outer <- addr
	}()
	out := echoed(ctx, sources, false)
	out.V6 = stableV6("")
	out.carrier = behindCarrier(<-outer, out.V4)
	return out.settled()
}

func echoed(ctx context.Context, sources []source, both bool) (out finding) {
	out.V4, out.err = agree(ctx, sources, false)
	if both {
		v6, err := agree(ctx, sources, true)
		if out.V6 = v6; out.err == nil && disagrees(err) {
			out.doubt = err.Error()
		}
	}
	return out.settled()
}

func (f *finder) routers(ctx context.Context) (out finding) {
	out.V6 = stableV6("")
	addr, err := router.Outer(ctx, f.gateways())
	switch out.carrier = behindCarrier(addr, netip.Addr{}); {
	case err != nil:
		out.err = err
	case out.carrier != "":
		out.err = errors.New(out.carrier)
	default:
		out.V4 = addr
	}
	return out.settled()
}

// settled turns what went wrong with one family into a doubt where the other was
// found.
func (out finding) settled() finding {
	if out.err != nil && out.Has() {
		out.doubt, out.err = out.err.Error(), nil
	}
	return out
}
