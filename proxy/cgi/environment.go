package cgi

import (
	"bytes"
	"strconv"

	"forge.home.arpa/portico/proxy/message"
)

// encode appends one variable in the form of a protocol.
type encode func(b []byte, name string, value []byte) []byte

// appendLength appends CONTENT_LENGTH, which is left out where there is no body
// (RFC 3875 section 4.1.2) unless the protocol must have it. The body's length
// is known.
func appendLength(b []byte, r *message.Request, put encode, must bool) []byte {
	if must || r.Length > 0 || string(r.Method) == "POST" {
		b = put(b, "CONTENT_LENGTH", strconv.AppendInt(nil, r.Length, 10))
	}
	return b
}

// appendEnvironment appends all other variables of a request.
func appendEnvironment(b []byte, r *message.Request, put encode) []byte {
	e := environment{b: b, put: put}
	e.some("CONTENT_TYPE", r.Fields.Get(message.ContentType))
	e.request(r)
	e.script(r.Script)
	e.server(r)
	e.fields(r.Fields)
	return e.b
}

type environment struct {
	b   []byte
	put encode
}

func (e *environment) set(name string, value []byte) { e.b = e.put(e.b, name, value) }
func (e *environment) say(name, value string)        { e.set(name, []byte(value)) }

// some sets what may be missing.
func (e *environment) some(name string, value []byte) {
	if len(value) > 0 {
		e.set(name, value)
	}
}

func (e *environment) request(r *message.Request) {
	e.set("REQUEST_METHOD", r.Method)
	e.say("REQUEST_SCHEME", r.Scheme)
	e.set("QUERY_STRING", bytes.TrimPrefix(r.Query, []byte("?")))
	if r.Scheme == "https" {
		e.say("HTTPS", "on")
	}
}

func (e *environment) script(s *message.Script) {
	e.set("REQUEST_URI", s.URI)
	e.set("SCRIPT_NAME", s.Name)
	e.set("PATH_INFO", s.Info)
	e.some("SCRIPT_FILENAME", s.Filename)
	e.some("DOCUMENT_ROOT", s.Root)
	if len(s.Filename) > 0 {
		e.say("REDIRECT_STATUS", "200") // php-cgi runs nothing without it
	}
	e.set("REMOTE_ADDR", s.Client.Addr().AppendTo(nil))
	if port := s.Client.Port(); port > 0 {
		e.set("REMOTE_PORT", strconv.AppendUint(nil, uint64(port), 10))
	}
	e.say("SERVER_PROTOCOL", s.Protocol)
}

func (e *environment) server(r *message.Request) {
	host, port := splitAuthority(r.Authority)
	if len(port) == 0 {
		port = r.Fields.Get(message.XForwardedPort)
	}
	if len(port) == 0 {
		port = []byte(map[string]string{"http": "80", "https": "443"}[r.Scheme])
	}
	e.say("GATEWAY_INTERFACE", "CGI/1.1")
	e.say("SERVER_SOFTWARE", serverSoftware)
	e.set("SERVER_NAME", host)
	e.set("SERVER_PORT", port)
	e.set("HTTP_HOST", r.Authority)
}

// serverSoftware names nginx too: WordPress offers permalinks without index.php
// to the servers alone that it knows to look for files first, as try_files does.
const serverSoftware = "portico (as nginx)"

func splitAuthority(b []byte) (host, port []byte) {
	i := bytes.LastIndexByte(b, ':')
	if i < 0 || bytes.IndexByte(b[i:], ']') >= 0 {
		return b, nil
	}
	return b[:i], b[i+1:]
}

// fields sets HTTP_… for each name, its values joined (RFC 3875 section 4.1.18).
func (e *environment) fields(list message.Fields) {
	var name, joined []byte
	for i := range list {
		f := &list[i]
		if !passes(f) || firstOf(list, f.Name) != i {
			continue
		}
		value := f.Value
		if more := list[i+1:]; firstOf(more, f.Name) >= 0 {
			joined = appendJoined(joined[:0], list[i:], f)
			value = joined
		}
		name = appendVariable(name[:0], f.Name)
		e.set(string(name), value)
	}
}

// passes tells whether a field becomes a variable. A name with anything but
// letters, digits and hyphens does not: servers turn such signs into "_", PHP
// the dot too, so that "X.Real.IP" would speak for X-Real-IP. "Proxy" would set
// HTTP_PROXY, which many programs take for their own proxy (httpoxy).
func passes(f *message.Field) bool {
	switch f.Known {
	case message.Host, message.ContentType, message.ContentLength, message.TransferEncoding, message.Connection,
		message.Expect, message.TE, message.Trailer, message.Upgrade, message.Disguised:
		return false
	}
	for _, c := range f.Name {
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return !message.EqualFold(f.Name, "Proxy")
}

func firstOf(list message.Fields, name []byte) int {
	for i := range list {
		if len(list[i].Name) == len(name) && message.EqualFold(list[i].Name, string(name)) {
			return i
		}
	}
	return -1
}

// appendJoined joins the values of all fields named as f, the first of them. Cookies have a
// separator of their own (RFC 9113 section 8.2.3).
func appendJoined(b []byte, list message.Fields, f *message.Field) []byte {
	separator := ", "
	if f.Known == message.Cookie {
		separator = "; "
	}
	for i := range list {
		if len(list[i].Name) != len(f.Name) || !message.EqualFold(list[i].Name, string(f.Name)) {
			continue
		}
		if &list[i] != f {
			b = append(b, separator...)
		}
		b = append(b, list[i].Value...)
	}
	return b
}

func appendVariable(b, name []byte) []byte {
	b = append(b, "HTTP_"...)
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		case c == '-':
			c = '_'
		}
		b = append(b, c)
	}
	return b
}
