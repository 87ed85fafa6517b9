package proxy

import (
	"bytes"
	"strings"
)

// challengePath begins the path of an authority that validates a name over HTTP
// (RFC 8555 section 8.3).
const challengePath = "/.well-known/acme-challenge/"

// challenged answers an authority that asks for a token of ours, and a beacon.
// Any other goes its way: a server behind us may renew its own certificate.
func (v *visit) challenged() bool {
	r := &v.x.Request
	if !bytes.HasPrefix(r.Path, []byte(challengePath)) {
		return false
	}
	why := "an authority validates this name"
	token, ours := v.server.certs.Challenge(string(r.Host), string(r.Path))
	if !ours {
		why = "portico looks whether an address leads here"
		token, ours = v.server.beacons.answer(r.Path)
	}
	if ours {
		v.row.Detail = why
		v.reply(200, []byte("text/plain; charset=utf-8"), token)
	}
	return ours
}

// overPlain is what becomes of a request over plain HTTP: by default it is
// redirected where the host has a certificate that browsers believe.
func (rt *route) overPlain(snap *snapshot, s *Server, host []byte) string {
	switch {
	case snap.https == "":
		return "serve"
	case rt.PlainHTTP != "":
		return rt.PlainHTTP
	case rt.Cert != "none" && s.certs.Valid(string(host)):
		return "redirect"
	}
	return "serve"
}

// sentToTLS treats a request over plain HTTP as its route says.
func (v *visit) sentToTLS() bool {
	r := &v.x.Request
	if r.Scheme == "https" || v.snap.https == "" {
		return false
	}
	switch v.route.overPlain(v.snap, v.server, r.Host) {
	case "redirect":
		v.row.Rule = "plain_http"
		v.redirect(308, v.x.Make(func(b []byte) []byte { return appendTLS(b, v.snap.https, r.Host, r.Path, r.Query) }))
		return true
	case "refuse":
		v.row.Rule = "plain_http"
		v.fail(403)
		return true
	}
	return false
}

// appendTLS appends the same place over TLS.
func appendTLS(b []byte, port string, host, path, query []byte) []byte {
	b = append(b, "https://"...)
	b = append(b, host...)
	if port != "443" {
		b = append(append(b, ':'), port...)
	}
	if len(path) == 0 || path[0] != '/' {
		path = []byte("/")
	}
	return append(append(b, path...), query...)
}

// plainHTTP is sentToTLS without sending anything.
func (e *explainer) plainHTTP(rt *route) bool {
	if e.target.scheme == "https" {
		return false
	}
	switch rt.overPlain(e.snap, e.server, e.host) {
	case "redirect":
		e.out.Status = 308
		e.out.URL = string(appendTLS(nil, e.snap.https, e.host, []byte(e.target.path), []byte(e.target.query)))
	case "refuse":
		e.out.Status = 403
		e.out.Guards = append(e.out.Guards, Verdict{"plain_http", "refuse", "the route is served over HTTPS only"})
	default:
		return false
	}
	return true
}

// certificate says which one a URL's host would be served.
func (e *explainer) certificate() {
	if e.target.scheme != "https" {
		return
	}
	e.out.Certificate = "none: the handshake is refused"
	if e.snap.https == "" {
		e.out.Certificate = "none: there is no https listener"
		return
	}
	if w, ok := e.server.certs.Chosen(string(e.host)); ok {
		e.out.Certificate = strings.TrimSpace(w.Kind.String() + " " + w.Pair)
	}
}
