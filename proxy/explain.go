package proxy

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/certs"
	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/match"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/network"
)

// Request is a request that Explain judges without sending anything.
type Request struct {
	URL    string // scheme, host and path with query, spelled as they would be sent
	Method string // as given: methods are told apart by case; GET when empty
	From   netip.Addr
}

// Explanation says what would happen to a request, and why.
type Explanation struct {
	Route       *string   `json:"route"` // nil without one
	Reasons     []Reason  `json:"reasons"`
	Guards      []Verdict `json:"guards"`
	Client      string    `json:"client"`
	URL         string    `json:"url"`                // as it would be sent to the upstream
	Upstream    string    `json:"upstream"`           // the one that would be chosen
	Fallback    string    `json:"fallback,omitempty"` // the route that answers where memcached does not
	Certificate string    `json:"certificate"`
	Status      int       `json:"status"` // portico's own answer; 0 when the upstream answers

	// Advice says what to do where a guard refuses or no route fits. It is for
	// people: scripts know the members above.
	Advice []string `json:"-"`

	// From says of each key that the route does not say itself where it is said:
	// "preset NAME" or "defaults".
	From map[string]string `json:"from,omitempty"`
}

// Reason is one candidate route and why it won or lost.
type Reason struct {
	Route   string `json:"route"`
	Matched bool   `json:"matched"`
	Why     string `json:"why"`
}

// Verdict is one guard's word.
type Verdict struct {
	Guard   string `json:"guard"`
	Verdict string `json:"verdict"` // pass, refuse, ask: it depends on what the client or another server says
	Why     string `json:"why"`
}

// URLError says why no client could ask for the URL of a Request.
type URLError struct{ reason string }

// Error gives the reason.
func (e *URLError) Error() string { return e.reason }

func badURL(format string, args ...any) error { return &URLError{fmt.Sprintf(format, args...)} }

// Explain judges a request with the code that traffic uses and sends nothing. A
// URLError says that no client could send it.
func (s *Server) Explain(r Request) (Explanation, error) {
	return s.explain(s.snapshot.Load(), r, false)
}

// ExplainWith is Explain under a configuration that does not run: of what a
// running portico counts, as bans and rate limits, it says that it is not known.
func ExplainWith(c *config.Config, r Request) (Explanation, error) {
	s := &Server{builtins: network.NewBuiltins(), journal: &journal{}, certs: certs.New(certs.Options{Log: slog.New(slog.DiscardHandler)})}
	snap, err := s.compiler(c).compile()
	if err != nil {
		return Explanation{}, err
	}
	s.certs.Prepare(snap.certificates).Commit()
	return s.explain(snap, r, true)
}

func (s *Server) explain(snap *snapshot, r Request, alone bool) (Explanation, error) {
	scheme, authority, uri, err := splitURL(r.URL)
	if err != nil {
		return Explanation{}, err
	}
	name := authority[strings.LastIndexByte(authority, '@')+1:]
	host, ok := match.NormalHost(nil, []byte(name))
	if !ok {
		return Explanation{}, badURL("%q is not a host", name)
	}
	client := r.From
	if !client.IsValid() {
		client = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	out := Explanation{Client: client.String(), Reasons: []Reason{}, Guards: []Verdict{}, Certificate: "none"}
	x := message.New()
	defer x.Release()
	var bad *http1.BadRequest
	switch err := snap.read(x, r.Method, scheme, authority, uri); {
	case errors.As(err, &bad):
		out.refuse(bad.Status, bad.Why)
		return out, nil
	case err != nil:
		return Explanation{}, err
	}
	e := explainer{server: s, snap: snap, x: x, host: host, out: &out,
		question: question{client: client, now: time.Now(), alone: alone},
		target:   target{scheme, authority, string(x.Request.Path), string(x.Request.Query)}}
	e.find()
	e.certificate()
	e.explain()
	return out, nil
}

// refuse is visit.refuse: no route has a say.
func (out *Explanation) refuse(status int, why string) {
	out.Route, out.URL, out.Status, out.From = nil, "", status, nil
	out.Guards = append(out.Guards, Verdict{"request", "refuse", why})
}

// read has the parser of traffic read the request into x. The error is a
// *http1.BadRequest where the request is no good.
func (snap *snapshot) read(x *message.Exchange, method, scheme, authority, uri string) error {
	if method == "" {
		method = "GET"
	}
	if _, host, found := strings.Cut(authority, "@"); found { // only the absolute form can carry a user name
		authority, uri = host, scheme+"://"+authority+uri
	}
	head := delimiters.Replace(method) + " " + delimiters.Replace(uri) + " HTTP/1.1\r\nHost: " + delimiters.Replace(authority) + "\r\n\r\n"
	conn := http1.NewServerConn(typed{strings.NewReader(head)}, snap.limits)
	defer conn.Release()
	if err := conn.Await(0); err != nil {
		return err
	}
	return conn.ReadRequest(x, snap.header)
}

// delimiters keeps what would end a part of the request line within its part,
// as a byte that the parser refuses there.
var delimiters = strings.NewReplacer(" ", "\x00", "\r", "\x00", "\n", "\x00")

// typed is a connection whose client said everything beforehand.
type typed struct{ io.Reader }

func (typed) Write(b []byte) (int, error)      { return len(b), nil }
func (typed) Close() error                     { return nil }
func (typed) LocalAddr() net.Addr              { return nil }
func (typed) RemoteAddr() net.Addr             { return nil }
func (typed) SetDeadline(time.Time) error      { return nil }
func (typed) SetReadDeadline(time.Time) error  { return nil }
func (typed) SetWriteDeadline(time.Time) error { return nil }

// disabled are routes that lose because they are switched off.
func (snap *snapshot) disabled() (out []Reason) {
	for _, r := range snap.routes {
		if !r.Enabled {
			out = append(out, Reason{r.Name, false, "switched off"})
		}
	}
	return out
}

// target is a URL as the parser read it; query begins with its "?".
type target struct{ scheme, authority, path, query string }

// splitURL cuts a URL as a client does before it asks. Whether the rest is any
// good is not judged here: uri keeps its spelling, its fragment is left out.
func splitURL(s string) (scheme, authority, uri string, err error) {
	scheme, rest, found := strings.Cut(s, "://")
	if !found || strings.ContainsAny(scheme, "/?#") {
		scheme, rest = "http", s
	}
	scheme = strings.ToLower(scheme)
	if scheme != "http" && scheme != "https" {
		return "", "", "", badURL("%q: only http and https reach a listener", s)
	}
	rest, _, _ = strings.Cut(rest, "#")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	if authority, uri = rest[:end], rest[end:]; authority == "" {
		return "", "", "", badURL("%q names no host", s)
	}
	if !strings.HasPrefix(uri, "/") {
		uri = "/" + uri
	}
	return scheme, authority, uri, nil
}

// explainer fills an Explanation from a match.
type explainer struct {
	server *Server
	snap   *snapshot
	x      *message.Exchange
	match  match.Result
	target target
	host   []byte
	out    *Explanation
	question
}

// find matches the request, with a reason for every route.
func (e *explainer) find() {
	var scratch []byte
	var reasons []match.Reason
	r := &e.x.Request
	e.match = e.snap.table.Match(e.host, r.Path, r.Method, &scratch, &reasons)
	for _, why := range reasons {
		e.out.Reasons = append(e.out.Reasons, Reason{e.snap.active[why.Route].Name, why.Matched, why.Why})
	}
	e.out.Reasons = append(e.out.Reasons, e.snap.disabled()...)
}

func (e *explainer) explain() {
	if e.banned() {
		return
	}
	rt := e.snap.routeOf(e.match)
	switch e.match.Verdict {
	case match.BadPath:
		e.out.Status = 400
		e.out.Guards = append(e.out.Guards, Verdict{"path", "refuse", e.match.Bad})
		return
	case match.MethodMissed:
		e.out.Status = 405
		e.advise(nil, "")
		return
	case match.NoRoute:
		e.out.Status = 404
		e.advise(nil, "")
		return
	}
	e.out.Route = &rt.Name
	e.inherited(rt)
	if e.plainHTTP(rt) || !e.asked(rt) {
		return
	}
	if e.match.Verdict == match.AddSlash {
		e.out.Status, e.out.URL = 308, string(appendPath(nil, e.match.Path))+"/"+e.target.query
		return
	}
	rt.action.explain(e, rt)
	if _, ok := rt.action.(redirect); ok && namesHost([]byte(e.out.URL)) {
		e.out.refuse(400, "the redirect's target would name another host")
	}
}

// inherited tells where the keys come from that the route has from elsewhere. A
// guard has the name of its key.
func (e *explainer) inherited(rt *route) {
	for key, origin := range rt.Origins {
		if origin == "route" {
			continue
		}
		if e.out.From == nil {
			e.out.From = map[string]string{}
		}
		e.out.From[key] = origin
	}
}

// Facts are the parts that are one thing each, by name and in the order they are
// told; what does not apply is left out. The command line and the console say
// the same words by it.
func (out *Explanation) Facts() (facts [][2]string) {
	route, answer := "none", ""
	if out.Route != nil {
		route = *out.Route
	}
	if out.Status != 0 {
		answer = fmt.Sprintf("%d from portico itself", out.Status)
	}
	for _, f := range [][2]string{{"route", route}, {"client", out.Client}, {"url", out.URL}, {"upstream", out.Upstream},
		{"fallback", out.Fallback}, {"certificate", out.Certificate}, {"answer", answer}} {
		if f[1] != "" {
			facts = append(facts, f)
		}
	}
	return facts
}

// Inherited lists what From tells, a line for each origin with its keys:
// "preset family: allow, auth".
func (out *Explanation) Inherited() (lines []string) {
	keys := map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(out.From)) {
		keys[out.From[key]] = append(keys[out.From[key]], key)
	}
	for _, origin := range slices.Sorted(maps.Keys(keys)) {
		lines = append(lines, origin+": "+strings.Join(keys[origin], ", "))
	}
	return lines
}

// asked has the guards of a route judge; false where one of them refuses.
func (e *explainer) asked(rt *route) bool {
	var words []verdict
	refusal := rt.judge(&e.question, &words)
	for i := range words {
		why := words[i].why
		if from := e.out.From[words[i].guard]; from != "" {
			why += " (from " + from + ")"
		}
		e.out.Guards = append(e.out.Guards, Verdict{words[i].guard, words[i].word(), why})
	}
	if refusal.refused {
		e.out.Status = refusal.status
		e.advise(rt.Route, refusal.ruleName())
	}
	return !refusal.refused
}

// advise says what Mends says of a request that ends here.
func (e *explainer) advise(rt *config.Route, rule string) {
	m := matter{server: e.server, snap: e.snap, client: e.client, host: string(e.host), rule: rule, route: rt}
	if rule == "" {
		e.out.Advice = wordsOf(m.unmatched())
		return
	}
	e.out.Advice = wordsOf(m.refusal(0))
}

// banned is the first guard, where there are bans.
func (e *explainer) banned() bool {
	b := e.snap.bans
	if b == nil {
		return false
	}
	v := b.judge(e.server, &e.question)
	e.out.Guards = append(e.out.Guards, Verdict{v.guard, v.word(), v.why})
	if v.refused {
		e.out.Status = v.status
		e.advise(nil, banRule)
	}
	return v.refused
}

// forwarded gives the URL the upstream would be sent.
func (e *explainer) forwarded(rt *route, scheme, authority string) {
	path := []byte(e.target.path)
	if e.match.Judged {
		path = e.match.Path
	}
	path, query := rt.rewritten(e.x, path, []byte(e.target.query))
	e.out.URL = scheme + "://" + authority + string(path) + string(query)
}
