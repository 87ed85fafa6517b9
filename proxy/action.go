package proxy

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/record"
)

// actionOf chooses what the route does.
func actionOf(r *route) action {
	switch {
	case r.Redirect != nil:
		return redirect{r.Redirect}
	case r.Respond != nil:
		return respond{r.Respond, []byte(r.Respond.Body), []byte(r.Respond.Type)}
	case len(r.To) > 0 && r.To[0].Scheme == "builtin":
		return whoami{}
	case r.Files != nil:
		return &files{fileServer{dir: r.Files.Dir, list: r.Files.List}}
	case r.group != nil && ofCGI(r.To[0].Scheme):
		return newGateway(r)
	case r.group != nil && r.Memcached != nil:
		return newPage(r)
	}
	return &forward{r}
}

// redirect answers with a Location made from a template.
type redirect struct{ *config.Redirect }

func (r redirect) words() string { return "redirect " + templateText(r.To) }
func (r redirect) explain(e *explainer, rt *route) {
	e.out.Status = r.Status
	e.out.URL = string(expand(nil, r.To, variables{path: []byte(e.target.path), query: []byte(e.target.query),
		host: e.host, client: e.client, scheme: e.target.scheme}))
}

func (r redirect) serve(v *visit) {
	to := v.x.Make(func(b []byte) []byte { return expand(b, r.To, v.vars) })
	if namesHost(to) {
		v.row.Detail = "the redirect's target would name another host"
		v.fail(400)
		return
	}
	v.redirect(r.Status, to)
}

func templateText(t config.Template) string {
	var b strings.Builder
	for _, part := range t {
		if part.Placeholder != "" {
			b.WriteString("{" + part.Placeholder + "}")
			continue
		}
		b.WriteString(part.Literal)
	}
	return b.String()
}

// respond answers with a fixed body.
type respond struct {
	*config.Respond
	body, kind []byte
}

func (r respond) words() string                   { return "respond " + strconv.Itoa(r.Status) }
func (r respond) explain(e *explainer, rt *route) { e.out.Status = r.Status }
func (r respond) serve(v *visit)                  { v.reply(r.Status, r.kind, r.body) }

// whoami answers with what an upstream in its place would have received.
type whoami struct{}

func (whoami) words() string { return "builtin://whoami" }
func (whoami) explain(e *explainer, rt *route) {
	e.out.Upstream = "builtin://whoami"
	e.forwarded(rt, "http", e.target.authority)
}

// maxEcho bounds the part of a body that is shown, in bytes.
const maxEcho = 64 << 10

func (whoami) serve(v *visit) {
	if !v.moveDestination() {
		return
	}
	v.rewrite()
	v.row.Upstream = "builtin://whoami"
	v.toUpstream()
	r := &v.x.Request
	text := appendHead(nil, r)
	text, err := v.echoBody(text)
	if err != nil {
		v.cutBody(err)
		return
	}
	v.reply(200, []byte("text/plain; charset=utf-8"), text)
}

func appendHead(b []byte, r *message.Request) []byte {
	b = append(append(b, r.Method...), ' ')
	b = append(append(b, r.Path...), r.Query...)
	b = append(b, " HTTP/1."...)
	b = append(strconv.AppendInt(b, int64(r.Minor), 10), '\n')
	b = append(append(b, "Host: "...), r.Authority...)
	b = append(b, '\n')
	for i := range r.Fields {
		b = append(append(b, r.Fields[i].Name...), ": "...)
		b = append(append(b, r.Fields[i].Value...), '\n')
	}
	return b
}

func (v *visit) echoBody(b []byte) ([]byte, error) {
	r := &v.x.Request
	if r.Body == nil {
		return b, nil
	}
	if r.Expect {
		if err := v.front.Interim(100, nil); err != nil {
			return nil, err
		}
	}
	b = append(b, '\n')
	shown, rest := 0, 0
	for {
		data, err := r.Body.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		v.row.BytesIn += int64(len(data))
		n := min(len(data), maxEcho-shown)
		b = append(b, data[:n]...)
		shown, rest = shown+n, rest+len(data)-n
	}
	if rest > 0 {
		b = append(b, "\n("+strconv.Itoa(rest)+" more bytes)\n"...)
	}
	return b, nil
}

// cutBody answers a request whose body ended early or was no HTTP.
func (v *visit) cutBody(err error) {
	v.front.CloseAfter()
	if errors.Is(err, errBodyTooLarge) {
		v.refuseBody()
		return
	}
	if bad := http1.BodyFault(err); bad != nil {
		v.refuse(bad)
		return
	}
	v.row.Detail = "the client's body was cut short: " + err.Error()
	if v.row.Cause = cutCause(err); v.row.Cause == record.CauseBodyTimeout {
		v.fail(408)
		return
	}
	v.row.Aborted = true
}

// cutCause is why a request's body ended early.
func cutCause(err error) record.Cause {
	switch {
	case errors.Is(err, errBodyTooLarge):
		return record.CauseTooLarge
	case isTimeout(err):
		return record.CauseBodyTimeout
	}
	return record.CauseClientGone
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
