package proxy

import (
	"bytes"

	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/upstream"
)

// fromUpstream gives what comes back the prefix that strip_prefix took off, so
// that links, redirects and cookies of the upstream stay under it.
func (v *visit) fromUpstream(u *upstream.Upstream) {
	if len(v.route.StripPrefix) > 0 && v.x.Request.Script == nil { // who knows its mount point speaks of it
		v.prefixFields(u)
	}
	if v.stick != "" {
		v.x.Response.Fields.AddKnown(message.SetCookie, v.x.Make(v.appendStick))
	}
}

// appendStick is the cookie that keeps a client with its upstream, as long as
// its browser is open.
func (v *visit) appendStick(b []byte) []byte {
	b = append(append(append(b, v.route.group.CookieName...), '='), v.stick...)
	b = append(b, "; Path="...)
	b = append(append(b, v.route.StripPrefix...), "/; HttpOnly; SameSite=Lax"...)
	if v.x.Request.Scheme == "https" {
		b = append(b, "; Secure"...)
	}
	return b
}

func (v *visit) prefixFields(u *upstream.Upstream) {
	fields := v.x.Response.Fields
	for i := range fields {
		f := &fields[i]
		switch f.Known {
		case message.Location, message.ContentLocation:
			f.Value = v.prefixURL(f.Value, u)
		case message.SetCookie:
			f.Value = v.prefixCookie(f.Value)
		}
	}
}

// prefixURL adds the prefix to "/path", and to an absolute URL only if its
// authority is the client's Host or the upstream's; the latter becomes the
// client's, who cannot reach the upstream by its own name.
func (v *visit) prefixURL(value []byte, to *upstream.Upstream) []byte {
	u, ok := readReference(value)
	switch {
	case !ok:
		return value
	case len(u.authority) == 0:
		return v.prefixed(nil, u.target)
	case v.isOurs(u):
		if v.namesItself(u, to) {
			return v.prefixed(v.origin(u.authority), u.target)
		}
		return v.prefixed(u.start, u.target)
	case u.names(to):
		return v.prefixed(v.origin(v.authority), u.target)
	}
	return value
}

// namesItself tells whether an absolute URL has its scheme from how the upstream
// was asked, not from how the client came. One to the very place that was asked
// means its scheme: it sends the client over to TLS.
func (v *visit) namesItself(u reference, to *upstream.Upstream) bool {
	r := &v.x.Request
	asked, cut := bytes.CutPrefix(u.target, r.Path)
	return u.scheme == speakers[to.Scheme].url && u.scheme != r.Scheme && !(cut && bytes.Equal(asked, r.Query))
}

// origin is where the client's own URLs begin.
func (v *visit) origin(authority []byte) []byte {
	return v.x.Make(func(b []byte) []byte {
		return append(append(append(b, v.x.Request.Scheme...), "://"...), authority...)
	})
}

// prefixed puts the prefix between start and path unless path is under it.
func (v *visit) prefixed(start, path []byte) []byte {
	prefix := v.route.StripPrefix
	return v.x.Make(func(b []byte) []byte {
		b = append(b, start...)
		if !under(path, prefix) {
			b = append(b, prefix...)
		}
		return append(b, path...)
	})
}

func under(path []byte, prefix string) bool {
	if !bytes.HasPrefix(path, []byte(prefix)) {
		return false
	}
	rest := path[len(prefix):]
	return len(rest) == 0 || rest[0] == '/' || rest[0] == '?' || rest[0] == '#' || rest[0] == ';'
}

// prefixCookie adds the prefix to each Path of a cookie: the last one counts
// (RFC 6265 section 5.2).
func (v *visit) prefixCookie(value []byte) []byte {
	for at := bytes.IndexByte(value, ';'); at >= 0; {
		rest := value[at+1:]
		attribute, _, _ := bytes.Cut(rest, []byte(";"))
		end := at + 1 + len(attribute)
		name, path, found := bytes.Cut(attribute, []byte("="))
		path = bytes.TrimSpace(path)
		if found && message.EqualFold(bytes.TrimSpace(name), "path") && len(path) > 0 && path[0] == '/' {
			after := value[end:]
			with := v.prefixed(value[:at+1+len(name)+1], path)
			value = v.x.Make(func(b []byte) []byte { return append(append(b, with...), after...) })
			end = len(with)
		}
		next := bytes.IndexByte(value[end:], ';')
		if next < 0 {
			return value
		}
		at = end + next
	}
	return value
}
