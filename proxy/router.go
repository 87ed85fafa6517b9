package proxy

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"
)

// HidesVisitors is the standing warning that all visitors seem to be the router.
const HidesVisitors = "your router hides visitors; `allow` and bans cannot tell them apart"

// hidesFor is how long the warning stands after the last request that gave
// reason for it.
const hidesFor = 24 * time.Hour

// router watches whether the home's router shows its own address in place of
// its visitors' (source NAT). The zero value is ready.
type router struct{ since, last atomic.Int64 } // Unix nanoseconds; 0: never

// hides tells whether the warning stands.
func (r *router) hides(now time.Time) bool {
	last := r.last.Load()
	return last != 0 && now.UnixNano()-last < int64(hidesFor)
}

// began is since when it stands.
func (r *router) began() time.Time { return time.Unix(0, r.since.Load()) }

// hid notes a request that the router hid.
func (r *router) hid(now time.Time, log *slog.Logger, host []byte) {
	again := r.hides(now)
	r.last.Store(now.UnixNano())
	if !again {
		r.since.Store(now.UnixNano())
		log.Warn(HidesVisitors, "host", string(host))
	}
}

// watchRouter looks for a public name that is asked for by the gateway: a
// router asks for nothing by itself.
func (v *visit) watchRouter() {
	if v.server.builtins.IsGateway(v.row.Client) && isPublicName(v.vars.host) {
		v.server.router.hid(v.began, v.server.log, v.vars.host)
	}
}

// homeSuffixes are of names that only a home can resolve.
var homeSuffixes = [][]byte{[]byte(".lan"), []byte(".local"), []byte(".home.arpa"), []byte(".internal"),
	[]byte(".test"), []byte(".localhost")}

// isPublicName is config.IsPublic without an allocation.
func isPublicName(host []byte) bool {
	dot := bytes.LastIndexByte(host, '.')
	if dot < 0 || host[0] == '[' || len(bytes.Trim(host[dot+1:], "0123456789")) == 0 {
		return false
	}
	for _, suffix := range homeSuffixes {
		if bytes.HasSuffix(host, suffix) {
			return false
		}
	}
	return true
}

// warnings are what stands at the moment, the oldest first.
func (s *Server) warnings(snap *snapshot, now time.Time) (all []Warning) {
	if s.router.hides(now) {
		all = append(all, Warning{s.router.began(), "visitors hidden", HidesVisitors})
	}
	if full := s.places.full.Load(); full != 0 {
		all = append(all, Warning{time.Unix(0, full), "connections full",
			fmt.Sprintf("all %d connections (server.max_conns) are busy: visitors wait until one ends", snap.config.Server.MaxConns)})
	}
	all = append(all, snap.unverified()...)
	slices.SortFunc(all, func(a, b Warning) int { return a.Since.Compare(b.Since) })
	return all
}
