package proxy

import (
	"bytes"
	"reflect"

	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/record"
)

// recall judges a request that was by what its record tells: the address, the
// bytes of its body, and whether its head named a user.
func (j *judge) recall(rt *route, r *record.Row) (rule string) {
	if word := rt.judgeAddress(&question{client: r.Client}); word.refused {
		return word.ruleName()
	}
	if rt.MaxBody > 0 && r.BytesIn > int64(rt.MaxBody) {
		return maxBodyRule
	}
	if rt.Auth != nil && j.anonymous(r.ID) {
		return authGuard
	}
	return ""
}

// anonymous tells that a request named no user. What is not kept, or only in
// part, is not known.
func (j *judge) anonymous(id uint64) bool {
	d, kept := j.records.Get(id)
	return kept && len(d.Request) > 0 && !d.RequestCut && !namesUser(d.Request)
}

func namesUser(head []byte) bool {
	for line := range bytes.Lines(head) {
		if name, _, ok := bytes.Cut(line, []byte(":")); ok && message.EqualFold(name, "Authorization") {
			return true
		}
	}
	return false
}

// unjudged are the guards of a route that no record can answer for: a limit
// counts, and the others depend on what a client or another server says. What
// the route before asked just so is no news.
func unjudged(before, after *route) (guards []string) {
	for _, g := range []struct {
		name string
		on   bool
		of   func(*route) any
	}{
		{"rate_limit", after.RateLimit != nil, func(r *route) any { return r.RateLimit }},
		{"max_conns", after.MaxConns > 0, func(r *route) any { return r.MaxConns }},
		{authGuard, after.Auth != nil, func(r *route) any { return r.Auth }},
		{forwardAuthGuard, after.ForwardAuth != nil, func(r *route) any { return r.ForwardAuth }},
	} {
		if g.on && (before == nil || !reflect.DeepEqual(g.of(before), g.of(after))) {
			guards = append(guards, g.name+" of route "+after.Name)
		}
	}
	return guards
}
