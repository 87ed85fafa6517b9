package proxy

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/ban"
	"forge.home.arpa/portico/proxy/network"
)

// Ban is a client that is shut out, with the evidence.
type Ban = ban.Ban

// Offence is a piece of that evidence.
type Offence = ban.Offence

// BanStatus says what there is of bans.
type BanStatus struct {
	On        bool   // the configuration asks for them
	Suspended string // why none is in force nevertheless; "" when they are
	Count     int
	Newest    []Ban // at most 100; Server.Bans has all
}

// newestBans is how many bans a Status shows.
const newestBans = 100

// The offences that [ban] can name.
const (
	unmatchedHost = "unmatched_host"
	authFailed    = "auth_failed"
	badRequest    = "bad_request"
)

// bans is a [ban] table made ready; nil: nobody is banned.
type bans struct {
	ban.Terms
	on    []string
	never *network.Set
}

// bans compiles who may be banned and for what. Those who speak for others are
// never banned, nor is the home itself.
func (c *compiler) bans() (*bans, error) {
	b := c.config.Ban
	if b == nil || len(b.On) == 0 {
		return nil, nil
	}
	home := []config.Network{{Name: network.LAN}, {Name: network.Home}}
	never, err := c.networks(slices.Concat(home, c.config.Server.TrustedProxies, c.config.Server.ProxyProtocol, b.Never))
	if err != nil {
		return nil, err
	}
	return &bans{ban.Terms{After: b.After, Within: b.Within, For: b.For}, b.On, never}, nil
}

// spares tells whether an address is never banned. Gateways are not of the lan,
// but whoever comes by their address is not told from others.
func (b *bans) spares(s *Server, a netip.Addr) bool {
	_, never := b.never.Contains(a)
	return never || s.builtins.IsGateway(a)
}

const banRule = "ban"

// banned answers a client that is shut out, before anything else is looked at.
func (v *visit) banned() bool {
	b := v.snap.bans
	if b == nil || v.server.banBook.Empty() {
		return false
	}
	word := b.judge(v.server, &question{client: v.row.Client, now: v.began})
	if !word.refused {
		return false
	}
	if v.row.Client == v.conn.peer { // a proxy's connection carries others too
		v.front.CloseAfter()
		if s := v.conn.multiplexed(); s != nil {
			s.http.Drain()
		}
	}
	v.refusedBy(&word)
	return true
}

// judge tells whether a client is shut out.
func (b *bans) judge(s *Server, q *question) verdict {
	if q.alone && !b.spares(s, q.client) {
		return unknown(banRule)
	}
	v := verdict{guard: banRule, status: 403}
	until, is := s.banBook.Banned(clientOf(q.client), q.now)
	switch {
	case !is && !q.alone:
		v.why = clientWords(q.client) + " is not banned"
	case b.spares(s, q.client):
		v.why = q.client.String() + " is never banned"
	case s.router.hides(q.now):
		v.why = "bans are suspended: " + HidesVisitors
	default:
		v.refused, v.why = true, "banned until "+until.Format(time.DateTime)
	}
	return v
}

// offends counts something against the client, where [ban] names it.
func (v *visit) offends(kind, what string) {
	b, s := v.snap.bans, v.server
	if b == nil || !slices.Contains(b.on, kind) || b.spares(s, v.row.Client) || s.router.hides(v.began) {
		return
	}
	client := clientOf(v.row.Client)
	o := ban.Offence{At: v.began, What: fmt.Sprintf("%s: %.120s", kind, what)}
	if s.banBook.Offend(client, o, b.Terms) {
		s.log.Warn("a client is banned", "client", client, "for", b.For, "last", o.What)
	}
}

// authenticated notes that the client is somebody.
func (v *visit) authenticated() {
	if v.snap.bans != nil {
		v.server.banBook.Trust(clientOf(v.row.Client), v.began)
	}
}

// Bans lists who is shut out, the newest first.
func (s *Server) Bans() []Ban { return s.banBook.Bans(time.Now(), int(^uint(0)>>1)) }

// Ban shuts a client out as [ban] does, because a person says so; for IPv6 its
// /64. The error says why that one is never banned, or that bans are not in force.
func (s *Server) Ban(a netip.Addr) (until time.Time, err error) {
	snap, now := s.snapshot.Load(), time.Now()
	switch {
	case snap == nil || snap.bans == nil:
		return until, errors.New("bans are not in force: there is no [ban] table with `on`")
	case snap.bans.spares(s, a):
		return until, fmt.Errorf("%s is never banned: it is of this home, a gateway, a trusted proxy or in ban.never", a)
	case s.router.hides(now):
		return until, errors.New("bans are suspended: " + HidesVisitors)
	}
	until = now.Add(snap.bans.For)
	s.banBook.Ban(ban.Ban{Client: clientOf(a), Since: now, Until: until, Evidence: []ban.Offence{{At: now, What: "shut out by hand"}}})
	s.log.Warn("a client is banned by hand", "client", clientOf(a), "for", snap.bans.For)
	return until, nil
}

// Lift ends the ban of an address, for IPv6 that of its /64; false where it has
// none.
func (s *Server) Lift(a netip.Addr) bool { return s.banBook.Lift(clientOf(a)) }

func (s *Server) banStatus(snap *snapshot, now time.Time) BanStatus {
	out := BanStatus{On: snap.bans != nil, Count: s.banBook.Count(now), Newest: s.banBook.Bans(now, newestBans)}
	if out.On && s.router.hides(now) {
		out.Suspended = HidesVisitors
	}
	return out
}
