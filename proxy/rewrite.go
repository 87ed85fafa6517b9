package proxy

import (
	"bytes"

	"forge.home.arpa/portico/proxy/match"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/upstream"
)

// rewrite brings the path into the form the upstream is sent.
func (v *visit) rewrite() {
	r := &v.x.Request
	r.Path, r.Query = v.route.rewritten(v.x, v.sent(), r.Query)
}

// rewritten applies strip_prefix and rewrite to a judged path.
func (rt *route) rewritten(x *message.Exchange, path, query []byte) (newPath, newQuery []byte) {
	if string(path) == "*" { // OPTIONS for the server as a whole
		return path, query
	}
	if rt.StripPrefix != "" {
		judged := path
		path = x.Make(func(b []byte) []byte { return match.StripPrefix(b, judged, rt.StripPrefix) })
	}
	if rw := rt.Rewrite; rw != nil && rw.Match.Match(path) {
		path, query = joinQuery(x, rw.Match.ReplaceAll(path, []byte(rw.To)), query)
	}
	return path, query
}

// joinQuery cuts the query off a rewritten path and puts the client's after it.
func joinQuery(x *message.Exchange, target, query []byte) (path, joined []byte) {
	path, added, found := bytes.Cut(target, []byte("?"))
	path = x.Make(func(b []byte) []byte { return append(append(b, '/'), bytes.TrimLeft(path, "/")...) })
	if !found {
		return path, query
	}
	return path, x.Make(func(b []byte) []byte {
		b = append(append(b, '?'), added...)
		if len(query) > 1 {
			b = append(append(b, '&'), query[1:]...)
		}
		return b
	})
}

// sendHost sets the authority the upstream is sent.
func (v *visit) sendHost(u *upstream.Upstream) {
	r := &v.x.Request
	switch v.route.HostHeader {
	case "upstream":
		r.Authority = u.Authority
	case "client", "":
		if r.Authority = v.authority; len(r.Authority) == 0 { // HTTP/1.0 without Host
			r.Authority = u.Authority
		}
	default:
		r.Authority = []byte(v.route.HostHeader)
	}
}

// moveDestination rewrites a WebDAV Destination (RFC 4918 section 10.3) as the
// request's own path is: a copy or move that would leave the route is refused.
func (v *visit) moveDestination() bool {
	f, several := v.destination()
	if f == nil {
		return true
	}
	if several {
		return v.refuseDestination("more than one place")
	}
	u, ok := readReference(f.Value)
	if !ok || len(u.authority) > 0 && !v.isOurs(u) {
		return v.refuseDestination("another host")
	}
	target, _, _ := bytes.Cut(u.target, []byte("#"))
	path, query, _ := bytes.Cut(target, []byte("?"))
	if len(query) > 0 {
		query = target[len(path):]
	}
	var scratch []byte
	m := v.snap.table.Match(v.x.Request.Host, path, v.x.Request.Method, &scratch, nil)
	if m.Verdict != match.Found || v.snap.routeOf(m) != v.route {
		return v.refuseDestination("another route")
	}
	if m.Judged {
		path = m.Path
	}
	if v.x.Request.Script == nil {
		path, query = v.route.rewritten(v.x, path, query)
	}
	v.destPath, v.destQuery = path, query
	return true
}

func (v *visit) destination() (f *message.Field, several bool) {
	fields := v.x.Request.Fields
	for i := range fields {
		if fields[i].Known == message.Destination {
			several = f != nil
			f = &fields[i]
		}
	}
	return f, several
}

func (v *visit) refuseDestination(why string) bool {
	v.row.Rule = "destination"
	v.row.Detail = "Destination names " + why
	v.fail(403)
	return false
}

// sendDestination writes the Destination for the upstream that was chosen.
func (v *visit) sendDestination(u *upstream.Upstream) {
	f, _ := v.destination()
	if f == nil || v.destPath == nil {
		return
	}
	scheme := speakers[u.Scheme].url
	if v.x.Request.Script != nil { // compared with the URL the client used
		scheme = v.x.Request.Scheme
	}
	f.Value = v.x.Make(func(b []byte) []byte {
		b = append(append(append(b, scheme...), "://"...), v.x.Request.Authority...)
		return append(append(b, v.destPath...), v.destQuery...)
	})
}
