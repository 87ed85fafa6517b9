package ddns

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"time"

	"forge.home.arpa/portico/config"
)

// finder finds the public addresses, the way a table says. What was found just
// now serves all tables that ask alike.
type finder struct {
	gateways func() []netip.Addr

	mu    sync.Mutex
	found map[string]finding
}

// finding is what one look brought.
type finding struct {
	Addresses
	carrier string // why nobody reaches the home over IPv4; "" where they can
	err     error  // where nothing was found; records stay as they are
	at      time.Time
}

// sameLook is how long a finding serves others.
const sameLook = 20 * time.Second

func (f *finder) find(ctx context.Context, c *config.DDNS) finding {
	key := c.Address + " " + strings.Join(c.Sources, " ")
	f.mu.Lock()
	defer f.mu.Unlock()
	if old, ok := f.found[key]; ok && time.Since(old.at) < sameLook {
		return old
	}
	out := f.look(ctx, c)
	out.at = time.Now()
	if f.found == nil {
		f.found = map[string]finding{}
	}
	f.found[key] = out
	return out
}

func (f *finder) look(ctx context.Context, c *config.DDNS) (out finding) {
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
	out := echoed(ctx, sources, false)
	if out.V6 = stableV6(""); out.V6.IsValid() {
		out.err = nil
	}
	if router, err := askRouter(ctx, f.gateways()); err == nil {
		out.carrier = behindCarrier(router, out.V4)
	}
	return out
}

func echoed(ctx context.Context, sources []source, both bool) (out finding) {
	out.V4, out.err = agree(ctx, sources, false)
	if both {
		v6, err := agree(ctx, sources, true)
		if out.V6 = v6; err == nil {
			out.err = nil
		}
	}
	return out
}

func (f *finder) routers(ctx context.Context) (out finding) {
	out.V6 = stableV6("")
	addr, err := askRouter(ctx, f.gateways())
	switch out.carrier = behindCarrier(addr, netip.Addr{}); {
	case err != nil:
		out.err = err
	case out.carrier != "":
		out.err = errors.New(out.carrier)
	default:
		out.V4 = addr
	}
	if out.V6.IsValid() {
		out.err = nil
	}
	return out
}
