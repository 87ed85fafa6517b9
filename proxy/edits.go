package proxy

import (
	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/message"
)

// edits change the fields of a head: remove, then set, then add.
type edits struct{ config.HeaderEdit }

func (e *edits) empty() bool { return len(e.Remove)+len(e.Set)+len(e.Add) == 0 }

func (e *edits) apply(x *message.Exchange, fields *message.Fields, v variables) {
	if e.empty() {
		return
	}
	for _, name := range e.Remove {
		fields.Remove(name)
	}
	for i := range e.Set {
		fields.Remove(e.Set[i].Name)
	}
	for _, list := range [2][]config.HeaderField{e.Set, e.Add} {
		for i := range list {
			value := x.Make(func(b []byte) []byte { return expand(b, list[i].Value, v) })
			fields.Add(list[i].Name, value)
		}
	}
}
