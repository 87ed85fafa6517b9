package tui

import (
	"fmt"
	"strings"

	"forge.home.arpa/portico/proxy"
)

// and adds what moves to what an edit comes to, where that is known.
func (t text) and(m *proxy.Moves) text {
	if m == nil {
		return t
	}
	return append(append(t, say("; ")...), movesSummary(m)...)
}

// movesSummary says how many of the recent requests an edit moves or refuses.
func movesSummary(m *proxy.Moves) text {
	last := "the last " + thousands(m.Looked) + " requests"
	switch {
	case m.Looked == 0:
		return say("no recent request shows what moves")
	case m.Moved+m.Refused == 0 && len(m.Unjudged) > 0:
		return say("none of "+last+" moves; ", warn, "not judged: "+strings.Join(m.Unjudged, ", "))
	case m.Moved == 0 && m.Refused == 0 && len(m.Kinds) == 0:
		return say("none of " + last + " moves")
	}
	s := thousands(m.Moved) + " of " + last + " " + answers(m.Moved, "moves", "move")
	if m.Refused == 0 {
		return say(warn, s)
	}
	return say(warn, s+", ", bad, thousands(m.Refused)+" "+answers(m.Refused, "is", "are")+" refused")
}

// addMoves tells each kind of change with its newest example.
func (p *paper) addMoves(m *proxy.Moves) {
	if m == nil || len(m.Kinds)+len(m.Unjudged) == 0 {
		return
	}
	p.heading("requests that move")
	for _, guard := range m.Unjudged {
		p.add(say(guard+" is not judged here: it may refuse more"), 8)
	}
	for _, k := range m.Kinds {
		t := say(fmt.Sprintf("%6s  ", thousands(k.Count)))
		p.add(append(t, moveText(p.look, k)...), 8)
		p.add(say("        "+k.Method+" "+k.Host+maskQuery(k.Path)+" from "+k.Client), 10)
	}
}

// moveText says where requests went and where they would go.
func moveText(l *look, k proxy.Move) text {
	route := func(name string) string {
		if name == "" {
			return "no route"
		}
		return name
	}
	t := say(route(k.From))
	if k.From != k.To {
		t = append(t, say(" "+l.signs.into+" "+route(k.To))...)
	}
	switch {
	case k.Rule != "":
		t = append(t, say(", ", bad, "refused by "+k.Rule)...)
	case k.To == "":
		t = append(t, say(bad, ", not served")...)
	}
	return t
}

// thousands is a count in groups of three digits: 2,000.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
