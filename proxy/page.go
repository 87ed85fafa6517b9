package proxy

import (
	"net/url"
	"path"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/memcached"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// page answers with the values of a memcached, by key. Where there is none,
// another route answers.
type page struct {
	forward
	key   config.Template
	other *route // nil without one
}

func newPage(r *route) *page { return &page{forward: forward{r}, key: r.Memcached.Key} }

// linkPages gives each page the route it falls back on. One that is switched
// off is as if it were not there.
func linkPages(routes []*route) {
	byName := map[string]*route{}
	for _, r := range routes {
		if r.Enabled {
			byName[r.Name] = r
		}
	}
	for _, r := range routes {
		if p, ok := r.action.(*page); ok {
			p.other = byName[r.Memcached.Fallback]
		}
	}
}

func (p *page) words() string {
	if p.other == nil {
		return p.forward.words()
	}
	return p.forward.words() + ", else route " + p.other.Name
}

func (p *page) serve(v *visit) {
	r := &v.x.Request
	if !isGet(r.Method) {
		if p.other == nil {
			v.notAllowed("GET, HEAD")
			return
		}
		p.instead(v, "not asked for "+v.row.Method.String())
		return
	}
	key, ext := p.keyOf(v.x, v.sent(), v.vars)
	if !memcached.ValidKey(key) {
		p.miss(v, "the key has more than 250 bytes")
		return
	}
	// The wire's key is the request's path. A body that nobody asked for stays
	// with the client, or for who answers instead.
	asked := *r
	r.Path, r.Query, r.Body, r.Length = key, nil, nil, 0
	v.page = &pageVisit{page: p, key: string(key), ext: ext}
	p.exchange(v)
	turn := v.page
	v.page = nil
	r.Path, r.Query, r.Body, r.Length, r.Authority = asked.Path, asked.Query, asked.Body, asked.Length, asked.Authority
	if turn.missed {
		p.miss(v, turn.why)
	}
}

// pageVisit is a visit while memcached is asked.
type pageVisit struct {
	page     *page
	key, ext string
	missed   bool // nothing was answered yet
	why      string
}

// keyOf makes the key, with blanks and controls escaped, and the extension of
// its path.
func (p *page) keyOf(x *message.Exchange, sent []byte, vars variables) (key []byte, ext string) {
	vars.path, vars.query = p.route.rewritten(x, sent, vars.query)
	key = escapeKey(expand(nil, p.key, vars))
	if name, err := url.PathUnescape(string(vars.path)); err == nil {
		ext = path.Ext(name)
	}
	return key, ext
}

// escapeKey writes what would end a key, or a command, as %XX.
func escapeKey(key []byte) []byte {
	const hex = "0123456789ABCDEF"
	out := make([]byte, 0, len(key))
	for _, c := range key {
		if c <= ' ' || c == 0x7f {
			out = append(out, '%', hex[c>>4], hex[c&15])
			continue
		}
		out = append(out, c)
	}
	return out
}

// take makes a page of what memcached answered; false where it has none.
func (t *pageVisit) take(v *visit, u *upstream.Upstream) bool {
	r := &v.x.Response
	if r.Status != 200 {
		t.missed, t.why = true, "miss "+t.key
		return false
	}
	if r.Fields.Find("Content-Encoding") != nil {
		addVary(&r.Fields)
		if acceptedCodings(v.x.Request.Fields).gzip == 0 {
			if err := inflate(r, v.x.Request.IsHEAD()); err != nil {
				v.noted(u.ExchangeFailure(upstream.Reading, err))
				t.missed, t.why = true, v.row.Detail
				return false
			}
		}
	}
	r.Fields.AddKnown(message.ContentType, []byte(pageType(t.ext, "text/html")))
	r.Fields = append(r.Fields, nosniff)
	v.front.Settle()
	return true
}

// instead says that memcached gave no answer; false where nobody else does
// either.
func (t *pageVisit) instead(v *visit) bool {
	if t == nil || t.page.other == nil {
		return false
	}
	t.missed, t.why = true, v.row.Detail
	return true
}

// miss answers where memcached has no page.
func (p *page) miss(v *visit, why string) {
	if p.other != nil {
		p.instead(v, why)
		return
	}
	v.row.Detail = why
	v.x.Response.Fields = v.x.Response.Fields[:0]
	if v.row.Cause != record.CauseNone {
		v.bad()
		return
	}
	v.fail(404)
}

// instead has the other route answer, after its own guards. The record keeps
// why, and the route that was matched.
func (p *page) instead(v *visit, why string) {
	own, entered := v.route, v.entered
	v.route, v.entered = p.other, nil
	if r := &v.x.Request; r.Body == &v.body { // the other's guards may bound it too
		bounded := v.body
		r.Body = &bounded
	}
	v.x.Response = message.Response{Fields: v.x.Response.Fields[:0]}
	v.row.Cause, v.row.Detail, v.stick, v.answered = record.CauseNone, "", "", time.Time{}
	v.front.SetIdle(p.other.Timeout.Idle)
	if v.guard() {
		v.route.action.serve(v)
	}
	v.passage.leave()
	v.route, v.entered = own, entered
	why += ", answered by route " + p.other.Name
	if v.row.Detail != "" {
		why += ": " + v.row.Detail
	}
	v.row.Detail = why
}

func (p *page) explain(e *explainer, rt *route) {
	if isGet(e.x.Request.Method) {
		u := e.next(rt)
		path := []byte(e.target.path)
		if e.match.Judged {
			path = e.match.Path
		}
		key, _ := p.keyOf(e.x, path, variables{path: path, query: []byte(e.target.query), host: e.host, client: e.client, scheme: e.target.scheme})
		e.out.Upstream, e.out.URL = u.URL, "get "+string(key)
		if memcached.ValidKey(key) {
			if p.other != nil {
				e.out.Fallback = p.other.Name
			}
			return
		}
	}
	switch {
	case p.other != nil:
		e.out.Fallback = p.other.Name
		if e.asked(p.other) { // it is the only one that acts
			p.other.action.explain(e, p.other)
		}
	case isGet(e.x.Request.Method):
		e.out.Status = 404
	default:
		e.out.Status = 405
	}
}
