package proxy

import (
	"bytes"
	"reflect"
	"slices"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/match"
	"forge.home.arpa/portico/proxy/record"
)

// Moves says what an edit would do to the requests that came lately.
type Moves struct {
	Looked  int    // recent requests that were judged
	Moved   int    // of them, to another route or to none
	Refused int    // of them, refused by a guard and not refused now
	Kinds   []Move // most requests first, at most 20

	// Unjudged names guards that the edit brings or changes and that these
	// requests would meet, but whose word no record tells: "rate_limit of route git".
	Unjudged []string `json:",omitempty"`
}

// Move is one kind of change with its newest example.
type Move struct {
	From, To string // a route, "" for none
	Rule     string // the guard that would refuse, "" for none
	Count    int
	Method   string // of the example, as Host, Path and Client
	Host     string
	Path     string
	Client   string
}

const (
	movesLooked = 2000
	movesKinds  = 20
)

// Moves judges the recent requests under c, which need not run, and under the
// present configuration. It sends nothing and changes nothing.
func (s *Server) Moves(c *config.Config) (Moves, error) {
	next, err := s.compiler(c).compile()
	if err != nil {
		return Moves{}, err
	}
	rows := make([]record.Row, movesLooked)
	rows = rows[:s.records.Before(0, rows, judgeable)]
	m := moves{
		now: judge{snap: s.snapshot.Load(), records: s.records}, next: judge{snap: next, records: s.records},
		kinds: map[Move]*Move{}, met: map[[2]*route]bool{},
	}
	for i := range rows {
		m.look(&rows[i])
	}
	return m.result(len(rows)), nil
}

// judgeable leaves out what was no request, and paths that were cut.
func judgeable(r *record.Row) bool {
	return r.Rule != badRequestRule && len(r.Path.Bytes()) < r.Path.Cap()
}

// judge finds where a recorded request goes under one configuration.
type judge struct {
	snap    *snapshot
	records *record.Log
	scratch []byte
}

// place gives the route, nil without one, and the rule that refuses, "" for none.
func (j *judge) place(r *record.Row) (rt *route, rule string) {
	path, _, _ := bytes.Cut(r.Path.Bytes(), []byte("?"))
	m := j.snap.table.Match(r.Host.Bytes(), path, r.Method.Bytes(), &j.scratch, nil)
	if m.Verdict == match.BadPath {
		return nil, m.Bad
	}
	if rt = j.snap.routeOf(m); rt == nil {
		return nil, ""
	}
	return rt, j.recall(rt, r)
}

func nameOf(rt *route) string {
	if rt == nil {
		return ""
	}
	return rt.Name
}

type moves struct {
	now, next      judge
	moved, refused int
	kinds          map[Move]*Move
	met            map[[2]*route]bool // where requests that pass went, and would go
}

func (m *moves) look(r *record.Row) {
	before, ruleNow := m.now.place(r)
	after, rule := m.next.place(r)
	if after != nil && rule == "" {
		m.met[[2]*route{before, after}] = true
	}
	from, to := nameOf(before), nameOf(after)
	if m.renamed(before, after) {
		from = to
	}
	if from == to && (ruleNow == rule || rule == "") {
		return
	}
	if from != to {
		m.moved++
	}
	if rule != "" && ruleNow == "" {
		m.refused++
	}
	kind := Move{From: from, To: to, Rule: rule}
	if m.kinds[kind] == nil {
		m.kinds[kind] = &Move{From: from, To: to, Rule: rule, Method: r.Method.String(),
			Host: r.Host.String(), Path: r.Path.String(), Client: r.Client.String()}
	}
	m.kinds[kind].Count++
}

// renamed tells whether a route only has another name: neither configuration has
// a route by the other's, and both answer for the same hosts or upstreams.
func (m *moves) renamed(before, after *route) bool {
	if before == nil || after == nil || before.Name == after.Name {
		return false
	}
	return !m.next.has(before.Name) && !m.now.has(after.Name) &&
		(slices.Equal(before.Hosts, after.Hosts) || len(before.To) > 0 && reflect.DeepEqual(before.To, after.To))
}

func (j *judge) has(name string) bool {
	return slices.ContainsFunc(j.snap.routes, func(r *route) bool { return r.Name == name })
}

func (m *moves) result(looked int) Moves {
	out := Moves{Looked: looked, Moved: m.moved, Refused: m.refused}
	for _, k := range m.kinds {
		out.Kinds = append(out.Kinds, *k)
	}
	slices.SortFunc(out.Kinds, func(a, b Move) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return bytes.Compare([]byte(a.From+"\x00"+a.To), []byte(b.From+"\x00"+b.To))
	})
	out.Kinds = out.Kinds[:min(len(out.Kinds), movesKinds)]
	for pair := range m.met {
		out.Unjudged = append(out.Unjudged, unjudged(pair[0], pair[1])...)
	}
	slices.Sort(out.Unjudged)
	out.Unjudged = slices.Compact(out.Unjudged)
	return out
}
