package http2

import (
	"net/http"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

// FuzzHead: what is written down for the judge reads as what the client said, or
// is refused; nothing it says becomes another part of the request.
func FuzzHead(f *testing.F) {
	f.Add("GET", "/a?b", "a.lan", "X-One", "1", "X-End")
	f.Add("POST", "*", "", "Trailer", "x", "")
	f.Add("GE T", "/ HTTP/1.1\r\nX: y", "a\r\nHost: b", "Content-Length", "5", "x\ry")
	f.Add("GET", "http://b/", "a", "Transfer-Encoding", "chunked", "b, c")
	f.Add("OPTIONS", "/\x00", "a", "Host", "b", "")
	f.Fuzz(func(t *testing.T, method, path, host, name, value, trailer string) {
		if name == "" || strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz-") != "" {
			return // the library lets none through
		}
		r := &http.Request{Method: method, RequestURI: path, Host: host, Header: http.Header{name: {value}}}
		if trailer != "" {
			r.Trailer = http.Header{trailer: nil}
		}
		x := message.New()
		defer x.Release()
		head := appendHead(nil, r, false)
		if http1.JudgeHead(head, x, http1.DefaultLimits) != nil {
			return
		}
		if at := versionAt(head); string(head[at:at+8]) != "HTTP/1.1" {
			t.Errorf("the version of %q stands elsewhere than at %d", head, at)
		}
		q := &x.Request
		if string(q.Method) != method || !strings.HasPrefix(path, "http") && string(q.Path)+string(q.Query) != path {
			t.Errorf("%q %q reads as %q %q %q", method, path, q.Method, q.Path, q.Query)
		}
		if !strings.HasPrefix(path, "http") && !strings.EqualFold(name, "Host") && string(q.Authority) != strings.Trim(host, " \t") {
			t.Errorf("host %q reads as %q", host, q.Authority)
		}
		most := 1
		if trailer != "" {
			most++
		}
		if len(q.Fields) > most {
			t.Errorf("%d fields: %q", len(q.Fields), q.Fields)
		}
		for i := range q.Fields {
			if n := string(q.Fields[i].Name); n != name && n != "Trailer" {
				t.Errorf("a field %q", n)
			}
		}
	})
}
