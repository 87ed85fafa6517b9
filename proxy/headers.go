package proxy

import (
	"bytes"
	"net/netip"
	"strconv"

	"forge.home.arpa/portico/proxy/match"
	"forge.home.arpa/portico/proxy/message"
)

// toUpstream gives the request the fields that tell an upstream who asked, and
// takes off what only portico may say.
func (v *visit) toUpstream() {
	x, r := v.x, &v.x.Request
	trusted := v.fromTrusted()
	kept := v.keepTrusted(trusted)
	r.Fields.RemoveFunc(func(f *message.Field) bool {
		return onlyOurs(f, trusted) || v.withheld && f.Known == message.Authorization
	})

	f := &r.Fields
	f.AddKnown(message.XForwardedFor, x.Make(func(b []byte) []byte { return v.appendForwardedFor(b, kept.hops) }))
	f.AddKnown(message.XForwardedProto, x.Make(func(b []byte) []byte { return append(b, r.Scheme...) }))
	if host := orElse(kept.host, v.authority); len(host) > 0 {
		f.AddKnown(message.XForwardedHost, host)
	}
	f.AddKnown(message.XForwardedPort, orElse(kept.port, x.Make(func(b []byte) []byte { return v.appendPort(b) })))
	if len(v.route.prefix) > 0 {
		f.AddKnown(message.XForwardedPrefix, v.route.prefix)
	}
	f.AddKnown(message.XRealIP, x.Make(v.row.Client.AppendTo))
	f.AddKnown(message.XRequestID, v.requestID(kept.id))
	*f = append(*f, v.identity...)
	v.route.requestEdits.apply(x, f, v.vars)
	r.Drop = v.route.dropTrailer
}

// onlyOurs: a client's own word on these would be believed as ours. What a
// trusted proxy says in Forwarded is left to it.
func onlyOurs(f *message.Field, trusted bool) bool {
	switch f.Known {
	case message.XForwardedFor, message.XForwardedHost, message.XForwardedPort, message.XForwardedPrefix,
		message.XForwardedProto, message.XForwardedOther, message.XRealIP, message.XRequestID, message.Disguised:
		return true
	case message.Forwarded:
		return !trusted
	}
	return false
}

// word is what a trusted proxy said and is passed on.
type word struct{ hops, host, port, id []byte }

func (v *visit) keepTrusted(trusted bool) (w word) {
	if !trusted {
		return w
	}
	f := v.x.Request.Fields
	if host := f.Get(message.XForwardedHost); validAuthority(host) {
		w.host = host
	}
	if port := f.Get(message.XForwardedPort); validPort(port) {
		w.port = port
	}
	if id := f.Get(message.XRequestID); validID(id) {
		w.id = id
	}
	w.hops = v.verifiedHops()
	return w
}

// verifiedHops are the entries of X-Forwarded-For from the client on: what
// stands left of it was never verified by anybody we trust.
func (v *visit) verifiedHops() []byte {
	values := v.forwardedFor()
	if len(values) == 0 || v.row.Client == v.conn.peer {
		return nil
	}
	all := v.x.Make(func(b []byte) []byte {
		for i, value := range values {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = append(b, value...)
		}
		return b
	})
	for end := len(all); end > 0; {
		start := bytes.LastIndexByte(all[:end], ',') + 1
		if a, ok := hopAddr(all[start:end]); ok && a == v.row.Client {
			return bytes.TrimLeft(all[start:], " \t")
		}
		end = start - 1
	}
	return nil
}

func hopAddr(b []byte) (netip.Addr, bool) {
	s := string(bytes.TrimSpace(b))
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), true
	}
	a, err := netip.ParseAddr(string(bytes.Trim([]byte(s), "[]")))
	return a.Unmap(), err == nil
}

func (v *visit) appendForwardedFor(b, hops []byte) []byte {
	if len(hops) > 0 {
		b = append(append(b, hops...), ", "...)
	} else if v.row.Client != v.conn.peer {
		b = append(v.row.Client.AppendTo(b), ", "...)
	}
	return v.conn.peer.AppendTo(b)
}

// appendPort is the port the client named, else that of its scheme.
func (v *visit) appendPort(b []byte) []byte {
	authority := v.authority
	if i := bytes.LastIndexByte(authority, ':'); i >= 0 && validPort(authority[i+1:]) {
		return append(b, authority[i+1:]...)
	}
	if v.x.Request.Scheme == "https" {
		return append(b, "443"...)
	}
	return append(b, "80"...)
}

func orElse(a, b []byte) []byte {
	if len(a) > 0 {
		return a
	}
	return b
}

func validAuthority(b []byte) bool {
	_, ok := match.NormalHost(nil, b)
	return ok && len(b) > 0
}

func validScheme(b []byte) bool { return string(b) == "http" || string(b) == "https" }

func validPort(b []byte) bool {
	if len(b) == 0 || len(b) > 5 {
		return false
	}
	n, err := strconv.Atoi(string(b))
	return err == nil && n > 0 && n <= 65535 && b[0] != '+'
}

// validID is what a request ID may be: [A-Za-z0-9._-]{1,64}.
func validID(b []byte) bool {
	if len(b) == 0 || len(b) > 64 {
		return false
	}
	for _, c := range b {
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}
