package proxy

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/match"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/network"
)

// Request is a request that Explain judges without sending anything.
type Request struct {
	URL    string // scheme, host and path with query
	Method string // GET unless said
	From   netip.Addr
}

// Explanation says what would happen to a request, and why.
type Explanation struct {
	Route       *string   `json:"route"` // nil without one
	Reasons     []Reason  `json:"reasons"`
	Guards      []Verdict `json:"guards"`
	Client      string    `json:"client"`
	URL         string    `json:"url"`      // as it would be sent to the upstream
	Upstream    string    `json:"upstream"` // the one that would be chosen
	Certificate string    `json:"certificate"`
	Status      int       `json:"status"` // portico's own answer; 0 when the upstream answers
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
	Verdict string `json:"verdict"` // pass, refuse
	Why     string `json:"why"`
}

// Explain judges a request with the code that traffic uses and sends nothing.
func (s *Server) Explain(r Request) (Explanation, error) {
	return s.snapshot.Load().explain(r)
}

// ExplainWith is Explain under a configuration that does not run: what an edit
// would move, and `portico explain` where no portico answers.
func ExplainWith(c *config.Config, r Request) (Explanation, error) {
	comp := (&Server{builtins: network.NewBuiltins()}).compiler(c)
	snap, err := comp.compile()
	if err != nil {
		return Explanation{}, err
	}
	return snap.explain(r)
}

func (snap *snapshot) explain(r Request) (Explanation, error) {
	target, err := readURL(r.URL)
	if err != nil {
		return Explanation{}, err
	}
	x := message.New()
	defer x.Release()
	host, ok := match.NormalHost(nil, []byte(target.authority))
	if !ok {
		return Explanation{}, fmt.Errorf("%q is not a host", target.authority)
	}
	method := r.Method
	if method == "" {
		method = "GET"
	}
	client := r.From
	if !client.IsValid() {
		client = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	out := Explanation{Client: client.String(), Reasons: []Reason{}, Guards: []Verdict{}, Certificate: "none"}
	var scratch []byte
	var reasons []match.Reason
	m := snap.table.Match(host, []byte(target.path), []byte(strings.ToUpper(method)), &scratch, &reasons)
	for _, why := range reasons {
		out.Reasons = append(out.Reasons, Reason{snap.active[why.Route].Name, why.Matched, why.Why})
	}
	out.Reasons = append(out.Reasons, snap.disabled()...)
	e := explainer{snap: snap, x: x, match: m, target: target, host: host, client: client, out: &out}
	e.explain()
	return out, nil
}

// disabled are routes that lose because they are switched off.
func (snap *snapshot) disabled() (out []Reason) {
	for _, r := range snap.routes {
		if !r.Enabled {
			out = append(out, Reason{r.Name, false, "switched off"})
		}
	}
	return out
}

// target is a URL as a request would carry it.
type target struct{ scheme, authority, path, query string }

func readURL(s string) (target, error) {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return target{}, fmt.Errorf("%q is not a URL: %w", s, err)
	case u.Scheme != "http" && u.Scheme != "https":
		return target{}, fmt.Errorf("%q: only http and https reach a listener", s)
	case u.Host == "":
		return target{}, fmt.Errorf("%q names no host", s)
	}
	t := target{scheme: u.Scheme, authority: u.Host}
	_, rest, _ := strings.Cut(s, "://")
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest, _, _ = strings.Cut(rest[i:], "#")
		t.path, t.query, _ = strings.Cut(rest, "?")
	}
	if t.query != "" {
		t.query = "?" + t.query
	}
	if t.path == "" {
		t.path = "/"
	}
	return t, nil
}

// explainer fills an Explanation from a match.
type explainer struct {
	snap   *snapshot
	x      *message.Exchange
	match  match.Result
	target target
	host   []byte
	client netip.Addr
	out    *Explanation
}

func (e *explainer) explain() {
	rt := e.snap.routeOf(e.match)
	switch e.match.Verdict {
	case match.BadPath:
		e.out.Status = 400
		e.out.Guards = append(e.out.Guards, Verdict{"path", "refuse", e.match.Bad})
		return
	case match.MethodMissed:
		e.out.Status = 405
		return
	case match.NoRoute:
		e.out.Status = 404
		return
	}
	e.out.Route = &rt.Name
	var asked []verdict
	rt.judge(e.client, &asked)
	for _, v := range asked {
		word := "pass"
		if v.refused && e.out.Status == 0 {
			word, e.out.Status = "refuse", v.status
		}
		e.out.Guards = append(e.out.Guards, Verdict{v.guard, word, v.why})
	}
	if e.out.Status != 0 {
		return
	}
	if e.match.Verdict == match.AddSlash {
		e.out.Status, e.out.URL = 308, e.target.path+"/"+e.target.query
		return
	}
	rt.action.explain(e, rt)
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
