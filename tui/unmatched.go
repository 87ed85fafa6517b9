package tui

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// unmatchedHost is a host that was asked for and has no route for that.
type unmatchedHost struct {
	name    string
	count   int
	clients []netip.Addr // the newest first, at most mostClients
	paths   []string     // the newest first, at most mostPaths
	last    time.Time
}

const (
	mostClients = 20
	mostPaths   = 6
)

// unmatchedView lists the hosts that found no route: one key makes a route of
// one, another shuts out who asks for it.
type unmatchedView struct {
	roster[unmatchedHost]
	hosts []unmatchedHost
	as    time.Time // of the facts that hosts were gathered with
}

func newUnmatchedView() *unmatchedView {
	v := &unmatchedView{}
	v.roster = roster[unmatchedHost]{
		rows: func(*facts) []unmatchedHost { return v.hosts },
		name: func(h *unmatchedHost) string { return h.name },
	}
	return v
}

func (*unmatchedView) scope() scope { return inUnmatched }

func (*unmatchedView) back(m *model) bool {
	m.pop()
	return true
}

// open shows the requests for the host under the cursor.
func (v *unmatchedView) open(m *model) {
	if h := v.selected(); h != nil {
		m.showFiltered(m.pages[m.page], "route:- "+quoted("host:"+h.name))
	}
}

func (v *unmatchedView) selected() *unmatchedHost {
	if v.cur.at < len(v.hosts) {
		return &v.hosts[v.cur.at]
	}
	return nil
}

// unmatchedOf groups the requests that found no route by their hosts, the one
// that was asked for most first.
func unmatchedOf(log *record.Log) []unmatchedHost {
	if log == nil {
		return nil
	}
	byName := map[string]*unmatchedHost{}
	log.Failures(0, make([]record.Row, 16), func(r *record.Row) bool {
		if foundNoRoute(r) {
			name := r.Host.String()
			h := byName[name]
			if h == nil {
				h = &unmatchedHost{name: name, last: time.Unix(0, r.Start)}
				byName[name] = h
			}
			h.add(r)
		}
		return false
	})
	hosts := make([]unmatchedHost, 0, len(byName))
	for _, h := range byName {
		hosts = append(hosts, *h)
	}
	slices.SortFunc(hosts, func(a, b unmatchedHost) int {
		return cmp.Or(b.count-a.count, cmp.Compare(a.name, b.name))
	})
	return hosts
}

// foundNoRoute leaves out what was refused before a route was looked for.
func foundNoRoute(r *record.Row) bool { return r.Route == "" && r.Rule == "" && r.Host.String() != "" }

// add counts a request, an older one than those before.
func (h *unmatchedHost) add(r *record.Row) {
	h.count++
	if c := r.Client.Unmap(); !slices.Contains(h.clients, c) && len(h.clients) < mostClients {
		h.clients = append(h.clients, c)
	}
	path := r.Method.String() + " " + maskQuery(r.Path.String())
	if !slices.Contains(h.paths, path) && len(h.paths) < mostPaths {
		h.paths = append(h.paths, path)
	}
}

func (v *unmatchedView) draw(m *model, a area) {
	if v.as != m.gathered || v.hosts == nil {
		v.as, v.hosts = m.gathered, unmatchedOf(m.src.Proxy.Records())
	}
	v.settle(m)
	a.line(0).put(calm, "unmatched").put(plain, "  "+count(len(v.hosts), "host")+" asked for and without a route")
	_, rest := a.top(1)
	if len(v.hosts) == 0 {
		rest.line(0).to(gutter).put(plain, "every request found a route lately")
		return
	}
	foot := v.drawIn(m, rest, unmatchedColumns(m, v.hosts))
	if h := v.selected(); foot.h > 0 {
		drawFoot(foot, h.name, h.story())
	}
}

// story is who asked for what.
func (h *unmatchedHost) story() []text {
	from := "from " + h.clients[0].String()
	if more := len(h.clients) - 1; more > 0 {
		from += fmt.Sprintf(" and %d more", more)
	}
	lines := []text{say(from)}
	for _, path := range h.paths {
		lines = append(lines, say(path))
	}
	return lines
}

func unmatchedColumns(m *model, hosts []unmatchedHost) []column[unmatchedHost] {
	type col = column[unmatchedHost]
	host := col{title: "HOST", width: 14, grow: 2, most: 48, rank: 0, cell: func(h *unmatchedHost) span { return span{plain, h.name} }}
	return []col{
		host.fit(m.look, hosts),
		{title: "COUNT", width: 5, right: true, rank: 1, cell: func(h *unmatchedHost) span { return span{plain, group(h.count)} }},
		{title: "LAST", width: 11, rank: 3, cell: func(h *unmatchedHost) span { return span{plain, timeOfDay(h.last, m.o.Now())} }},
		{title: "CLIENT", width: 15, grow: 1, most: 39, rank: 2, cell: func(h *unmatchedHost) span {
			s := h.clients[0].String()
			if len(h.clients) > 1 {
				s += fmt.Sprintf(" +%d", len(h.clients)-1)
			}
			return span{plain, s}
		}},
		{title: "ASKED", width: 10, grow: 3, rank: 4, cell: func(h *unmatchedHost) span { return span{plain, h.paths[0]} }},
	}
}

// routeUnmatched makes a route of the host under the cursor.
func (m *model) routeUnmatched() {
	if v, ok := m.top().(*unmatchedView); ok && v.selected() != nil {
		m.addRouteFor(v.selected().name)
	}
}

// addHere is add as a command where such a host is looked at.
func (m *model) addHere(ws []string) {
	if len(ws) == 0 {
		m.routeUnmatched()
		return
	}
	m.addNamed(ws)
}

// banPointed asks whether who sent the request that is looked at shall be shut
// out.
func (m *model) banPointed() {
	v, unmatched := m.top().(*unmatchedView)
	switch {
	case unmatched && v.selected() != nil:
		m.askBan(v.selected().clients[0])
	case m.pointed() != nil:
		m.askBan(m.pointed().Client.Unmap())
	}
}

// askBan asks before it shuts a client out, and says what an address of a home
// is: somebody in it, or whoever comes by the router.
func (m *model) askBan(client netip.Addr) {
	if !m.facts.status.Bans.On {
		m.say(warn, "bans are not in force: :set ban.on unmatched_host brings them")
		return
	}
	question := "shut " + client.String() + " out?"
	if client.IsPrivate() || client.IsLoopback() || client.IsLinkLocalUnicast() {
		question = client.String() + " is an address of a home network: shut it out all the same?"
	}
	m.ask = &ask{question: question, edits: true, choices: []choice{{[]string{"y"}, "yes", func(m *model) {
		until, err := m.src.Proxy.Ban(client)
		if err != nil {
			m.say(warn, err.Error())
			return
		}
		m.say(calm, client.String()+" is shut out until "+timeOfDay(until, m.o.Now())+": :bans lets it in again")
		m.refresh()
	}}}}
}
