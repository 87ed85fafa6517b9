package router

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	renewEvery = 15 * time.Minute // a router that restarted has forgotten its ports
	turnTime   = 30 * time.Second
	leaveTime  = 3 * time.Second
)

// lookEvery is how often another router, or another address here, is looked for,
// and the first pause after a failure; tests hurry it.
var lookEvery = time.Minute

// Mapper keeps ports of the router open.
type Mapper struct {
	log      *slog.Logger
	gateways func() []netip.Addr
	ports    func() []Port
	nudged   chan struct{}

	mu    sync.Mutex
	state State

	// Of Run alone.
	kept     []kept
	last     []want
	due      time.Time // of the next turn
	failures int       // turns, one after another, that did not open all
}

// State is what became of the ports that were wanted when last looked.
type State struct {
	Router netip.Addr // the zero value where there is none
	Ports  []PortState
}

// PortState is one port.
type PortState struct {
	Outer    uint16
	To       netip.AddrPort // here
	Protocol string         // "NAT-PMP" or "UPnP"; "" while it is not open
	Until    time.Time      // the lease's end; zero for none
	Err      string         // why it is not open, in the router's words
}

// kept is a port that the router opened for us.
type kept struct {
	want
	by speaker
}

// NewMapper makes a Mapper; it asks nobody until Run. gateways are this machine's
// default gateways, and ports what shall be open now; none to ask nothing of the
// router. Both are asked once a minute while there are any, and at each Nudge.
func NewMapper(log *slog.Logger, gateways func() []netip.Addr, ports func() []Port) *Mapper {
	return &Mapper{log: log, gateways: gateways, ports: ports, nudged: make(chan struct{}, 1)}
}

// Nudge has the ports looked at now.
func (m *Mapper) Nudge() {
	select {
	case m.nudged <- struct{}{}:
	default:
	}
}

// State returns a copy of the state.
func (m *Mapper) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return State{m.state.Router, slices.Clone(m.state.Ports)}
}

// Run keeps the ports open until ctx ends, and then has the router close them.
func (m *Mapper) Run(ctx context.Context) error {
	defer m.leave(context.WithoutCancel(ctx))
	for ctx.Err() == nil {
		wants := m.wants()
		if changed := !slices.Equal(wants, m.last); changed || len(wants) > 0 && !time.Now().Before(m.due) {
			if changed {
				m.last, m.failures = wants, 0
			}
			m.turn(ctx, wants)
		}
		m.rest(ctx, len(wants) > 0)
	}
	return nil
}

// rest waits for something to do: where nothing is wanted, for a nudge alone.
func (m *Mapper) rest(ctx context.Context, wanted bool) {
	var look <-chan time.Time
	if wanted {
		timer := time.NewTimer(lookEvery)
		defer timer.Stop()
		look = timer.C
	}
	select {
	case <-ctx.Done():
	case <-m.nudged:
	case <-look:
	}
}

// plan sets the time of the next turn: well before the soonest lease ends, and
// sooner after a failure.
func (m *Mapper) plan(ok bool, soonest time.Duration) {
	pause := min(renewEvery, max(soonest/2, lookEvery))
	if m.failures++; ok {
		m.failures = 0
	} else if m.failures < 5 {
		pause = min(pause, lookEvery<<(m.failures-1))
	}
	m.due = time.Now().Add(pause)
}

// turn opens what is wanted, again where it is open already, and shuts the rest.
func (m *Mapper) turn(ctx context.Context, wants []want) {
	work, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	m.shut(work, func(k kept) bool { return !slices.Contains(wants, k.want) })
	var speakers []speaker
	var silent error
	if i := slices.IndexFunc(wants, func(w want) bool { return w.cannot == "" }); i >= 0 {
		speakers, silent = reach(work, wants[i].gateway)
	}
	var now State
	ok, soonest := true, lease
	for _, w := range wants {
		p, granted := m.open(work, w, speakers, silent)
		now.Router, now.Ports = w.gateway, append(now.Ports, p)
		if ok = ok && p.Err == ""; granted > 0 {
			soonest = min(soonest, granted)
		}
	}
	m.plan(ok, soonest)
	if ctx.Err() == nil {
		m.note(now)
	}
}

// open asks for one port, by each way until one opens it.
func (m *Mapper) open(ctx context.Context, w want, speakers []speaker, silent error) (p PortState, granted time.Duration) {
	p = PortState{Outer: w.outer, To: w.to, Err: w.cannot}
	if w.cannot != "" {
		return p, 0
	}
	failed := []error{silent}
	for _, s := range speakers {
		granted, err := s.open(ctx, w.outer, w.to)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		m.keep(kept{w, s})
		if p.Protocol = s.protocol(); granted > 0 {
			p.Until = time.Now().Add(granted)
		}
		return p, granted
	}
	p.Err = strings.ReplaceAll(errors.Join(failed...).Error(), "\n", "; ")
	return p, 0
}

func (m *Mapper) keep(k kept) {
	m.kept = append(slices.DeleteFunc(m.kept, func(o kept) bool { return o.want == k.want }), k)
}

// shut has the router close the ports of ours that match.
func (m *Mapper) shut(ctx context.Context, which func(kept) bool) {
	for _, k := range m.kept {
		if !which(k) || ctx.Err() != nil {
			continue
		}
		if err := k.by.shut(ctx, k.outer, k.to); err != nil {
			m.log.Warn("the router did not close a port", "router", k.gateway, "port", k.outer, "reason", err)
		}
	}
	m.kept = slices.DeleteFunc(m.kept, which)
}

func (m *Mapper) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, leaveTime)
	defer cancel()
	m.shut(ctx, func(kept) bool { return true })
}

// note keeps the state for those who look, and logs what changed.
func (m *Mapper) note(now State) {
	m.mu.Lock()
	before := m.state
	m.state = now
	m.mu.Unlock()
	for _, p := range now.Ports {
		i := slices.IndexFunc(before.Ports, func(o PortState) bool { return o.Outer == p.Outer && o.To == p.To && o.Err == p.Err })
		switch {
		case i >= 0 && before.Router == now.Router:
		case p.Err != "":
			m.log.Warn("the router does not open a port", "router", now.Router, "port", p.Outer, "reason", p.Err)
		default:
			m.log.Info("the router opened a port", "router", now.Router, "port", p.Outer, "to", p.To, "protocol", p.Protocol)
		}
	}
}
