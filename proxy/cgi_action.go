package proxy

import (
	"bytes"
	"cmp"
	"net"
	"net/netip"
	"strings"

	"forge.home.arpa/portico/proxy/match"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/record"
)

// gateway forwards to servers of the CGI family.
type gateway struct {
	forward
	php    *php // the files below a root; nil for an application that has none
	stderr *stderr
}

func newGateway(r *route) *gateway {
	g := &gateway{forward: forward{r}, stderr: newStderr()}
	if r.FastCGI != nil && (r.FastCGI.Root != "" || r.FastCGI.Static != "") {
		g.php = newPHP(r.FastCGI)
	}
	return g
}

// ofCGI tells whether a scheme is of the family. Its servers are told the prefix
// that is taken off, as their mount point, and speak of it themselves.
func ofCGI(scheme string) bool { return scheme == "fastcgi" || scheme == "scgi" || scheme == "uwsgi" }

func (g *gateway) serve(v *visit) {
	r := &v.x.Request
	mount, p := g.place(v.x, v.sent(), v.match.Path, v.vars)
	switch {
	case p.status != 0:
		v.row.Detail = p.why
		v.fail(p.status)
		return
	case p.slash:
		v.redirect(308, v.withSlash())
		return
	case p.file != nil:
		g.sendStatic(v, p.file)
		return
	}
	said := ""
	r.Script = g.script(v, mount, p, &said)
	if !v.moveDestination() {
		return
	}
	r.Path, r.Query, r.Upgrade = p.path, p.query, nil
	v.toUpstream()
	if !v.takeBody() {
		return
	}
	g.exchange(v)
	if body, ok := r.Body.(*gathered); ok {
		body.release()
	}
	if v.row.Status >= 400 && v.row.Detail == "" {
		v.row.Detail = cmp.Or(said, g.php.leadsOut(p.looked))
	}
}

// script is what the application is told of the request; said becomes the first
// line of its complaints.
func (g *gateway) script(v *visit, mount []byte, p place, said *string) *message.Script {
	return &message.Script{
		URI:      v.x.Make(func(b []byte) []byte { return append(append(b, v.sent()...), v.x.Request.Query...) }),
		Name:     append(mount, p.script...),
		Info:     p.info,
		Filename: p.filename,
		Root:     g.root(),
		Client:   netip.AddrPortFrom(v.row.Client, v.clientPort()),
		Protocol: protocolOf(v.row.Proto),
		Stderr: func(line []byte) {
			text := printable(line)
			*said = cmp.Or(*said, text)
			g.stderr.say(v, text)
		},
	}
}

// place finds where the request leads, under which mount point. Files are looked
// for by the judged path; an application is told the one that would be sent,
// unless it goes up and down.
func (g *gateway) place(x *message.Exchange, path, judged []byte, vars variables) (mount []byte, p place) {
	if g.php != nil || hasDotSegment(path) {
		path = judged
	}
	if g.route.StripPrefix != "" && string(path) != "*" {
		mount = decoded(mountOf(path, g.route.StripPrefix))
	}
	path, vars.query = g.route.rewritten(x, path, vars.query)
	vars.path = path
	plain := decoded(path)
	switch {
	case bytes.IndexByte(plain, 0) >= 0:
		return nil, place{status: 400, why: "a zero byte in the path"}
	case hasDotSegment(plain):
		return nil, place{status: 400, why: "a dot segment in the path, once it is decoded"}
	case g.php != nil:
		p = g.php.find(vars)
		p.looked = path
		return mount, p
	case string(path) == "*":
		plain = nil
	}
	return mount, place{path: path, query: vars.query, info: plain}
}

// mountOf is what strip_prefix takes off a judged path.
func mountOf(path []byte, prefix string) []byte {
	rest := match.StripPrefix(nil, path, prefix)
	if n := len(path) - len(rest); n > 0 && bytes.HasSuffix(path, rest) {
		return path[:n]
	}
	if len(rest) == 1 && len(path) > 1 { // the prefix itself
		return path
	}
	return nil
}

func (g *gateway) root() []byte {
	if g.php == nil {
		return nil
	}
	return []byte(g.php.root)
}

func (g *gateway) sendStatic(v *visit, path []byte) {
	if !isGet(v.x.Request.Method) {
		v.notAllowed("GET, HEAD")
		return
	}
	f, err := g.php.static.find(path)
	if err != nil {
		v.x.Request.Path = path
		g.php.static.noFile(v, err)
		return
	}
	defer f.Close()
	v.sendFile(f)
}

// clientPort is the port that the client spoke from, 0 where only its address
// was passed on.
func (v *visit) clientPort() uint16 {
	a, ok := v.conn.net.RemoteAddr().(*net.TCPAddr)
	if !ok || a.AddrPort().Addr().Unmap().WithZone("") != v.row.Client {
		return 0
	}
	return uint16(a.Port)
}

func protocolOf(p record.Proto) string {
	if p == record.HTTP2 {
		return "HTTP/2.0"
	}
	return p.String()
}

// takeBody sees to it that the length of the body is known.
func (v *visit) takeBody() bool {
	r := &v.x.Request
	if r.Body == nil {
		r.Length = 0
		return true
	}
	if r.Expect { // there is nobody behind us who would say so
		r.Expect = false
		if err := v.front.Interim(100, nil); err != nil {
			v.cutBody(err)
			return false
		}
	}
	return r.Length != message.Unknown || v.gather()
}

func (g *gateway) explain(e *explainer, rt *route) {
	path := []byte(e.target.path)
	if e.match.Judged {
		path = e.match.Path
	}
	vars := variables{query: []byte(e.target.query), host: e.host, client: e.client, scheme: e.target.scheme}
	mount, p := g.place(e.x, path, e.match.Path, vars)
	switch {
	case p.status != 0:
		e.out.Status = p.status
		e.out.Reasons = append(e.out.Reasons, Reason{rt.Name, true, p.why})
	case p.slash:
		e.out.Status, e.out.URL = 308, string(withSlash(nil, e.match.Path))+e.target.query
	case p.file != nil:
		e.out.Status, e.out.URL = 200, "file://"+strings.TrimRight(g.php.static.dir, "/")+string(decoded(p.file))
	default:
		u := e.next(rt)
		e.out.Upstream = u.URL
		if e.out.URL = u.URL + string(p.filename); len(p.filename) == 0 {
			e.out.URL = u.URL + string(mount) + string(p.path) + string(p.query)
		}
	}
}
