package proxy

import (
	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/message"
)

// edits change the fields of a head: remove, then set, then add.
type edits struct {
	config.HeaderEdit
	drop func(*message.Field) bool // takes, for trailers; nil where there is none to take
}

func newEdits(h config.HeaderEdit) *edits {
	e := &edits{HeaderEdit: h}
	if !e.empty() {
		e.drop = func(f *message.Field) bool { return e.takes(f.Name) }
	}
	return e
}

func (e *edits) empty() bool { return len(e.Remove)+len(e.Set)+len(e.Add) == 0 }

func (e *edits) apply(x *message.Exchange, fields *message.Fields, v variables) {
	if e.empty() {
		return
	}
	fields.RemoveFunc(e.drop)
	for _, list := range [2][]config.HeaderField{e.Set, e.Add} {
		for i := range list {
			value := x.Make(func(b []byte) []byte { return expand(b, list[i].Value, v) })
			fields.Add(list[i].Name, value)
		}
	}
}

// takes tells whether a field that came is one the route removes or sets, or
// looks like one it sets or adds once '_' is read as '-': servers of the CGI
// family cannot tell them apart.
func (e *edits) takes(name []byte) bool {
	for _, removed := range e.Remove {
		if message.EqualName(name, removed) {
			return true
		}
	}
	for i := range e.Set {
		if message.EqualName(name, e.Set[i].Name) {
			return true
		}
	}
	for i := range e.Add {
		if message.EqualName(name, e.Add[i].Name) && !message.EqualFold(name, e.Add[i].Name) {
			return true
		}
	}
	return false
}
