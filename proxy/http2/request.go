package http2

import (
	"bytes"
	"io"
	"net/http"
	"reflect"
	"strings"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

// ReadRequest reads the request into x; its body streams from there. The error
// is a *http1.BadRequest.
func (s *Stream) ReadRequest(x *message.Exchange) error {
	expects := expectsContinue(s.r.Body)
	head := x.Make(func(b []byte) []byte { return appendHead(b, s.r, expects) })
	err := http1.JudgeHead(head, x, s.limits)
	copy(head[versionAt(head):], "HTTP/2.0") // for people: nobody parses it again
	x.RequestHead = head
	if err != nil {
		return err
	}
	if name := padded(s.r.Header); name != "" {
		return &http1.BadRequest{Status: 400, Why: "blanks around the value of " + name}
	}
	return s.startBody(&x.Request, expects)
}

// padded names a field whose value begins or ends with a blank. HTTP/1 has them
// taken off; in HTTP/2 they make a request malformed (RFC 9113 section 8.2.1).
func padded(h http.Header) string {
	for name, values := range h {
		for _, v := range values {
			if strings.Trim(v, " \t") != v {
				return name
			}
		}
	}
	return ""
}

// startBody finds out how long the body is. The head and the server must agree:
// the server takes one length of several, and none for a bad one.
func (s *Stream) startBody(q *message.Request, expects bool) error {
	_, said := s.r.Header["Content-Length"]
	switch {
	case !said && s.r.ContentLength < 0, said && q.Length == s.r.ContentLength && len(s.r.Trailer) > 0 && q.Length > 0:
		q.Length = message.Unknown // trailers follow no body whose length was said in HTTP/1
	case said && q.Length != s.r.ContentLength:
		return &http1.BadRequest{Status: 400, Why: "a body of another length than Content-Length"}
	}
	if q.Length == 0 {
		return nil
	}
	if q.Expect = expects; expects {
		s.body.expects()
	}
	s.body.trailers = &q.Trailers
	q.Body = &s.body
	return nil
}

// appendHead writes the request down as a head of HTTP/1.1.
func appendHead(b []byte, r *http.Request, expects bool) []byte {
	b = append(inLine(b, r.Method), ' ')
	b = append(inLine(b, r.RequestURI), " HTTP/1.1\r\n"...)
	if r.Host != "" {
		b = appendField(b, "Host", r.Host)
	}
	for _, name := range sortedNames(r.Header) {
		for _, value := range r.Header[name] {
			b = appendField(b, name, value)
		}
	}
	if len(r.Trailer) > 0 { // the server took it off
		b = appendField(b, "Trailer", strings.Join(sortedNames(r.Trailer), ", "))
	}
	if expects { // that too
		b = appendField(b, "Expect", "100-continue")
	}
	return append(b, "\r\n"...)
}

func appendField(b []byte, name, value string) []byte {
	b = append(append(b, name...), ": "...)
	return append(append(b, noLineEnds.Replace(value)...), "\r\n"...)
}

// inLine keeps what would end a part of the request line within it, as a byte
// that the judge refuses there.
func inLine(b []byte, part string) []byte { return append(b, delimiters.Replace(part)...) }

var (
	delimiters = strings.NewReplacer(" ", "\x00", "\r", "\x00", "\n", "\x00")
	noLineEnds = strings.NewReplacer("\r", "\x00", "\n", "\x00")
)

// versionAt is where the version stands in a head of appendHead's.
func versionAt(head []byte) int {
	return bytes.IndexByte(head, '\r') - len("HTTP/1.1")
}

// expectsContinue tells whether the client waits for a 100. The server takes
// the field off and keeps that to itself: it would answer 100 as soon as the
// body is read, whatever the upstream wants. Where it cannot be asked, it does.
func expectsContinue(body io.Reader) bool {
	v := reflect.Indirect(reflect.ValueOf(body))
	if v.Kind() != reflect.Struct {
		return false
	}
	f := v.FieldByName("needsContinue")
	return f.IsValid() && f.Kind() == reflect.Bool && f.Bool()
}
