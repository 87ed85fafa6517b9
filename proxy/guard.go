package proxy

import (
	"forge.home.arpa/portico/proxy/message"
	"net/netip"
	"time"

	"forge.home.arpa/portico/proxy/limit"
)

// guard is one of the things that may refuse a request of a route.
type guard interface {
	judge(q *question) verdict
}

// question is what guards are asked about.
type question struct {
	client netip.Addr
	now    time.Time
	visit  *visit // nil for Explain: then nothing is counted, taken or sent
	alone  bool   // for Explain: nothing runs that would have counted
}

// unknown is what a guard says whose word depends on what was counted, where
// nothing counted.
func unknown(guard string) verdict {
	return verdict{guard: guard, asks: true, why: "not known: only a running portico counts, and none was asked"}
}

// verdict is one guard's word on a request.
type verdict struct {
	guard   string // "deny", "allow", …
	refused bool
	asks    bool          // for Explain: it depends on what the client or another server says
	rule    string        // what a record shows of a refusal: "deny vpn"; the guard's name unless said
	status  int           // the answer of a refusal
	wait    time.Duration // when the client may try again; 0 where nobody knows
	why     string        // for people; made only where it is asked for, and for a refusal

	// answer gives a refusal that is more than its status; nil for the usual page.
	answer func(v *visit)
}

// judge asks the route's guards in their order and stops at the first that
// refuses. With all it keeps every word, for Explain.
func (r *route) judge(q *question, all *[]verdict) verdict {
	return askAll(r.guards, q, all)
}

// judgeAddress asks only those guards that look at nothing but the address.
func (r *route) judgeAddress(q *question) verdict {
	return askAll(r.guards[:r.byAddress], q, nil)
}

func askAll(guards []guard, q *question, all *[]verdict) verdict {
	for _, g := range guards {
		v := g.judge(q)
		if all != nil {
			*all = append(*all, v)
		}
		if v.refused {
			return v
		}
	}
	return verdict{}
}

// passage is what the guards of a visit leave behind.
type passage struct {
	question question
	entered  *limit.Count   // max_conns counts this request until it ends
	withheld bool           // auth keeps Authorization for itself
	identity message.Fields // what forward_auth said of who asks
	body     boundedBody    // what max_body makes of a body without a length
}

// leave takes back what was taken for the time of the visit.
func (p *passage) leave() {
	if p.entered != nil {
		p.entered.Leave(clientOf(p.question.client))
		p.entered = nil
	}
}

// guard lets the request pass or answers it.
func (v *visit) guard() bool {
	if v.route.guards == nil {
		return true
	}
	v.question = question{client: v.row.Client, now: v.began, visit: v}
	word := v.route.judge(&v.question, nil)
	if !word.refused {
		return true
	}
	v.refusedBy(&word)
	return false
}

// refusedBy answers in place of the route and records which rule it was. The
// address it judged stands in the record already, with where that came from.
func (v *visit) refusedBy(word *verdict) {
	v.row.Rule, v.row.Detail = word.ruleName(), word.why
	if word.wait > 0 {
		v.x.Response.Fields.Add("Retry-After", v.x.Make(func(b []byte) []byte { return appendSeconds(b, word.wait) }))
	}
	if word.answer != nil {
		word.answer(v)
		return
	}
	v.fail(word.status)
}

// word is how Explain puts it.
func (v *verdict) word() string {
	switch {
	case v.refused:
		return "refuse"
	case v.asks:
		return "ask"
	}
	return "pass"
}

// ruleName is what a record shows of a refusal.
func (v *verdict) ruleName() string {
	if v.rule != "" {
		return v.rule
	}
	return v.guard
}
