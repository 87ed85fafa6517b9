package proxy

import (
	"fmt"
	"time"

	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

const forwardAuthGuard = "forward_auth"

// forwardAuth asks another server whether a request may pass.
type forwardAuth struct {
	upstream    *upstream.Upstream
	path, query []byte
	copy        []string
}

func (g *forwardAuth) judge(q *question) verdict {
	if q.visit == nil {
		return verdict{guard: forwardAuthGuard, asks: true, why: g.words()}
	}
	v, x := q.visit, message.New()
	defer x.Release()
	if _, several := v.authorization(); several && !v.withheld {
		return verdict{guard: forwardAuthGuard, refused: true, status: 400, why: "Authorization stands there twice"}
	}
	g.describe(v, x)
	for _, fields := range []*message.Fields{&v.x.Request.Fields, &v.identity} {
		fields.RemoveFunc(func(f *message.Field) bool { return g.copies(f.Name) })
	}
	body, err := g.ask(v, x)
	switch status := x.Response.Status; {
	case err != nil:
		return g.silent(v, err)
	case status >= 200 && status < 300:
		g.take(v, x)
		return verdict{guard: forwardAuthGuard}
	case status >= 300 && status < 500:
		return g.passBack(v, x, body)
	default:
		return g.refusal(503, fmt.Sprintf("%s answered %d", g.upstream.URL, status))
	}
}

func (g *forwardAuth) words() string {
	words := "asks " + g.upstream.URL
	if h := g.upstream.Health(time.Now()); h.Failures > 0 {
		words += ", which failed last: " + h.Reason
	}
	return words
}

func (g *forwardAuth) refusal(status int, why string) verdict {
	return verdict{guard: forwardAuthGuard, refused: true, status: status, why: why}
}

// told are the fields of the client that go to the other server beside its
// Cookie and Authorization: by them it tells a browser, which it sends to its
// login page, from a program, which it answers 401.
var told = [...]string{"Accept", "X-Requested-With", "User-Agent"}

// describe makes the request about v's: a GET without a body.
func (g *forwardAuth) describe(v *visit, x *message.Exchange) {
	from, r := &v.x.Request, &x.Request
	r.Method, r.Authority, r.Path, r.Query = methodGET, g.upstream.Authority, g.path, g.query
	for i := range from.Fields {
		if f := &from.Fields[i]; f.Known == message.Cookie || f.Known == message.Authorization && !v.withheld {
			r.Fields = append(r.Fields, *f)
		}
	}
	for _, name := range told {
		if value := from.Fields.Find(name); value != nil {
			r.Fields.Add(name, value)
		}
	}
	r.Fields.Add("X-Forwarded-Method", from.Method)
	r.Fields.AddKnown(message.XForwardedProto, []byte(from.Scheme))
	// The host that was matched, and the path that the upstream will get: what
	// a proxy before us claims of them could be another's.
	r.Fields.AddKnown(message.XForwardedHost, v.authority)
	r.Fields.Add("X-Forwarded-Uri", x.Make(func(b []byte) []byte { return append(append(b, v.sent()...), from.Query...) }))
	r.Fields.AddKnown(message.XForwardedFor, x.Make(v.row.Client.AppendTo))
}

var methodGET = []byte("GET")

// copies tells whether a field of the client would be taken for one that the
// other server set: servers of the CGI family cannot tell '_' from '-'.
func (g *forwardAuth) copies(name []byte) bool {
	for _, c := range g.copy {
		if message.EqualName(name, c) {
			return true
		}
	}
	return false
}

// take keeps what the other server says of who asks; toUpstream adds it.
func (g *forwardAuth) take(v *visit, x *message.Exchange) {
	known := false
	for i := range x.Response.Fields {
		f := &x.Response.Fields[i]
		for _, name := range g.copy {
			if message.EqualFold(f.Name, name) {
				v.identity.Add(name, v.x.Copy(f.Value))
				known = known || len(f.Value) > 0
			}
		}
	}
	if known {
		v.authenticated()
	}
}

// passBack gives the client the other server's answer: a login page, or 401.
func (g *forwardAuth) passBack(v *visit, x *message.Exchange, body []byte) verdict {
	if authorization, _ := v.authorization(); x.Response.Status == 401 && authorization != nil && !v.withheld {
		v.offends(authFailed, "refused by "+g.upstream.URL)
	}
	word := g.refusal(x.Response.Status, fmt.Sprintf("%s answered %d", g.upstream.URL, x.Response.Status))
	if v.isGRPC() { // which follows nobody to a login page
		if word.status < 400 {
			word.status = 401
		}
		return word
	}
	r := &v.x.Response
	for i := range x.Response.Fields {
		f := &x.Response.Fields[i]
		r.Fields = append(r.Fields, message.Field{Known: f.Known, Name: v.x.Copy(f.Name), Value: v.x.Copy(f.Value)})
	}
	word.answer = func(v *visit) {
		r.Status = word.status
		v.front.Settle()
		v.out.Set(body)
		r.Body, r.Length = &v.out, int64(len(body))
		v.respond()
	}
	return word
}

// silent is what becomes of a request that nobody judged.
func (g *forwardAuth) silent(v *visit, err error) verdict {
	word := g.refusal(503, err.Error())
	if v.client.gone() {
		word.answer = (*visit).abandoned
		return word
	}
	g.upstream.Failed(time.Now(), err.Error())
	v.noted(err)
	if v.row.Cause == record.CauseNone {
		v.row.Cause = record.CauseProtocol
	}
	return word
}

// dropTrailer tells which trailers must not go on: those that the route takes
// away, and those that would say who asks.
func dropTrailer(r *route) func(*message.Field) bool {
	edited := r.requestEdits.drop
	if r.ForwardAuth == nil || len(r.ForwardAuth.Copy) == 0 {
		return edited
	}
	g := forwardAuth{copy: r.ForwardAuth.Copy}
	return func(f *message.Field) bool { return edited != nil && edited(f) || g.copies(f.Name) }
}
