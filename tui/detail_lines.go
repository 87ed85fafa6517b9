package tui

import (
	"fmt"
	"strings"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// paper gathers lines of text for a width.
type paper struct {
	look  *look
	w     int
	lines []text
}

// add wraps a line; what does not fit continues under the text, not the label.
func (p *paper) add(t text, indent int) {
	p.lines = append(p.lines, t.wrap(p.look, p.w, indent)...)
}

// labelled adds "label  text".
func (p *paper) labelled(label string, t text) {
	const n = 9
	p.add(append(say(calm, fill(label, n)), t...), n)
}

// heading begins a part.
func (p *paper) heading(s string) {
	rule := p.look.signs.rule
	p.lines = append(p.lines, say(rule+" ", calm, s, " "+strings.Repeat(rule, max(p.w-3-width(s), 0))))
}

// lines is all that is known of the request.
func (d *detail) lines(m *model, w int) []text {
	p := &paper{look: m.look, w: w}
	d.addSummary(m, p)
	d.addMends(p)
	p.heading("time")
	p.lines = append(p.lines, m.look.waterfall(d.Row.Phases, w)...)
	d.addReasons(p)
	d.addHeads(p)
	return p.lines
}

func (d *detail) addSummary(m *model, p *paper) {
	r := &d.Row
	path := r.Path.String()
	if !d.revealed {
		path = maskQuery(path)
	}
	status := statusCell(r)
	p.add(say(r.Method.String()+" "+r.Host.String()+path), 2)
	p.labelled("status", append(text{status}, say(" "+outcome(r)+", "+unitDuration(r.Total))...))
	d.addFailure(p)
	p.labelled("route", say(dash(r.Route)))
	if r.Upstream != "" {
		p.labelled("upstream", say(r.Upstream+retries(r)))
	}
	p.labelled("client", say(clientWords(r)))
	now := m.o.Now()
	at := started(r, now)
	p.labelled("when", say(at.Format("2006-01-02 15:04:05.000")+", "+longDuration(max(now.Sub(at), 0))+" ago"))
	p.labelled("bytes", say(fmt.Sprintf("%s in, %s out", shortBytes(r.BytesIn), shortBytes(r.BytesOut))))
	p.labelled("spoke", say(r.Proto.String()+overTLS(r)))
	if id := r.ReqID.String(); id != "" {
		p.labelled("id", say(id))
	}
}

// addFailure says what went wrong: the cause in words, as it was reported, and
// the guard that refused.
func (d *detail) addFailure(p *paper) {
	r := &d.Row
	if r.Cause != record.CauseNone {
		p.labelled("cause", say(bad, r.Cause.String(), ": "+causeWords[r.Cause]))
	}
	if r.Detail != "" {
		p.labelled("", say(r.Detail))
	}
	switch {
	case r.Rule != "":
		p.labelled("refused", say("by ", warn, r.Rule, ", for "+clientAddress(r)))
	case r.Route == "":
		p.labelled("refused", say(warn, "no route", " has this host and path"))
	case r.Status >= 500 && r.Cause == record.CauseNone:
		p.labelled("cause", say("the upstream itself answered so"))
	}
}

func retries(r *record.Row) string {
	if r.Retries == 0 {
		return ""
	}
	return fmt.Sprintf(", try %d", r.Retries+1)
}

// clientWords says which address was judged and where it was read.
func clientWords(r *record.Row) string {
	s := clientAddress(r)
	if r.Source == record.FromPeer {
		return s + ", the peer itself"
	}
	return s + ", from " + r.Source.String() + " of " + r.Peer.Unmap().String()
}

func overTLS(r *record.Row) string {
	if r.TLS {
		return " over TLS"
	}
	return ", not encrypted"
}

// addReasons tells why the route won and others lost, as the routes stand now.
func (d *detail) addReasons(p *paper) {
	p.heading("why this route")
	switch {
	case d.whyNot != nil:
		p.add(say(d.whyNot.Error()), 0)
		return
	case d.why == nil:
		p.add(say("..."), 0)
		return
	}
	if d.why.Route != nil && *d.why.Route != d.Row.Route || d.why.Route == nil && d.Row.Route != "" {
		p.add(say(warn, "the routes have changed since; now:"), 0)
	}
	p.addReasons(d.why.Reasons)
}

func (p *paper) addReasons(reasons []proxy.Reason) {
	n := 0
	for _, r := range reasons {
		n = max(n, min(width(p.look.clean(r.Route)), 20))
	}
	for _, r := range reasons {
		sign := say(p.look.signs.wrong + " ")
		if r.Matched {
			sign = say(calm, p.look.signs.right, " ")
		}
		name := p.look.clean(r.Route)
		p.add(append(sign, say(name+blanks(n-width(name))+"  "+r.Why)...), n+4)
	}
	if len(reasons) == 0 {
		p.add(say("no route has this host"), 0)
	}
}

// addHeads shows what is kept of both heads. Only the newest requests have
// them, and what portico answers itself has none.
func (d *detail) addHeads(p *paper) {
	if d.Request == nil && d.Response == nil {
		p.heading("heads: no longer kept")
		return
	}
	d.addHead(p, "request", d.Request, d.RequestCut)
	if len(d.Response) == 0 {
		p.heading("answer: by portico itself")
		return
	}
	d.addHead(p, "answer", d.Response, d.ResponseCut)
}

// addHead shows a head line by line, its secrets hidden unless revealed.
func (d *detail) addHead(p *paper, what string, head []byte, cutOff bool) {
	p.heading(what)
	for i, h := range headLines(head) {
		value := h.shown(i == 0, d.revealed)
		if h.name == "" {
			p.add(say(value), 2)
			continue
		}
		p.add(say(calm, h.name+":", " "+value), 2)
	}
	if cutOff {
		p.add(say(warn, "cut", fmt.Sprintf(" after %d bytes", record.HeadSize)), 0)
	}
}
