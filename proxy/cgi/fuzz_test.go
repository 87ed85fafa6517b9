package cgi_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/cgi"
	"forge.home.arpa/portico/proxy/cgi/cgitest"
	"forge.home.arpa/portico/proxy/message"
)

// script is a connection whose other side says what it says, in pieces of the
// sizes given, over and over.
type script struct {
	net.Conn
	say    string
	pieces []byte
	at     int
	heard  bytes.Buffer
}

func (s *script) Read(b []byte) (int, error) {
	if len(s.say) == 0 {
		return 0, io.EOF
	}
	n := len(b)
	if len(s.pieces) > 0 {
		n = int(s.pieces[s.at%len(s.pieces)])%64 + 1
		s.at++
	}
	n = copy(b, s.say[:min(n, len(s.say))])
	s.say = s.say[n:]
	return n, nil
}

func (s *script) Write(b []byte) (int, error)      { return s.heard.Write(b) }
func (s *script) Close() error                     { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

var speakers = map[string]func(net.Conn) *cgi.Conn{"fastcgi": cgi.NewFastCGI, "scgi": cgi.NewSCGI, "uwsgi": cgi.NewUWSGI}

func request(x *message.Exchange) *message.Request {
	r := &x.Request
	r.Method, r.Scheme, r.Authority, r.Path = []byte("GET"), "http", []byte("home.test"), []byte("/")
	r.Script = &message.Script{URI: []byte("/"), Client: netip.MustParseAddrPort("192.0.2.1:5"), Protocol: "HTTP/1.1"}
	return r
}

// answer is what came of an exchange.
type answer struct {
	status int
	fields []string
	body   string
	end    string // well, cut, bad
}

// ask has a speaker read what the other side says.
func ask(scheme, say string, pieces []byte) (a answer) {
	x := message.New()
	defer x.Release()
	request(x)
	c := speakers[scheme](&script{say: say, pieces: pieces})
	defer c.Release()
	if err := c.Ask(x, nil, 0, nil); err != nil {
		return answer{end: endOf(err)}
	}
	r := &x.Response
	a.status = r.Status
	for i := range r.Fields {
		a.fields = append(a.fields, latin(string(r.Fields[i].Name))+": "+latin(string(r.Fields[i].Value)))
	}
	if r.Body == nil {
		a.end = "well"
		return a
	}
	for {
		ready := r.Body.Ready()
		data, err := r.Body.Next()
		if a.body += string(data); err != nil {
			a.end = endOf(err)
			return a
		}
		if !ready && len(data) == 0 {
			a.end = "nothing"
			return a
		}
	}
}

func endOf(err error) string {
	var bad *message.BadResponse
	switch {
	case errors.As(err, &bad):
		return "bad"
	case err == io.EOF:
		return "well"
	}
	return "cut"
}

// want is what the naive reader makes of the output of an application that ended
// as said.
func want(out, end string) answer {
	n, ok := readNaively(out)
	if !ok {
		return answer{end: "no answer"}
	}
	a := answer{status: n.status, fields: n.fields, body: n.body, end: end}
	switch {
	case a.status == 204 || a.status == 304 || n.length == 0:
		a.body, a.end = "", "well"
	case n.length >= 0 && int64(len(n.body)) == n.length && end != "bad":
		a.end = "well"
	case n.length >= 0 && int64(len(n.body)) > n.length:
		a.end = "bad"
	case n.length >= 0 && int64(len(n.body)) < n.length && end == "well":
		a.end = "cut"
	}
	return a
}

// compare accepts less of a body that is broken, never more, and never a broken
// one that ends well; one whose promise was kept may have ended by then.
func compare(t *testing.T, scheme, wire, out string, got, want answer) {
	t.Helper()
	if want.end == "no answer" {
		if got.status != 0 || got.end == "well" && len(wire) > 0 {
			t.Fatalf("%s: %q was taken for %+v", scheme, wire, got)
		}
		return
	}
	if got.status == 0 && want.end == "bad" {
		return // seen before the head was whole
	}
	same := got.status == want.status && strings.Join(got.fields, "\n") == strings.Join(want.fields, "\n")
	whole := got.body == want.body && got.end == want.end
	if want.end != "well" {
		whole = strings.HasPrefix(want.body, got.body) && (got.end == want.end || got.end == "bad")
	}
	if n, _ := readNaively(out); n.length > 0 && int64(len(got.body)) == n.length && strings.HasPrefix(want.body, got.body) && got.end == "well" {
		whole = true // as much as was promised: what came later was not waited for
	}
	if !same || !whole {
		t.Fatalf("%s: %q gave\n%+v, want\n%+v", scheme, wire, got, want)
	}
}

var outputs = []string{
	"Content-Type: text/plain\n\nhello", "Status: 404 No\r\nX-A: b\r\n\r\n", "Location: /x\n\n", "HTTP/1.1 200 OK\r\n\r\nx",
	"Content-Length: 3\n\nabc", "Content-Length: 3\n\nabcd", "Content-Length: 3\n\nab", "Status: 204\n\nx", "\n\n", "X-A: b\n c\n\n",
	"Set-Cookie: a\nSet-Cookie: b\nConnection: x\n\n\n", "Status: 1\n\n", "Status: 103\n\n", "X-A: \xff\x00\n\n", "X\r\n\r\n", "Content-Length: 0\n\nx", "",
}

// FuzzOutput reads an application's output over all three, whole and in pieces.
func FuzzOutput(f *testing.F) {
	for _, out := range outputs {
		f.Add(out, []byte{0})
		f.Add(out, []byte{1, 7})
		f.Add(out, []byte{})
	}
	f.Fuzz(func(t *testing.T, out string, pieces []byte) {
		for _, p := range cgitest.Family {
			wire := p.Answer(out)
			compare(t, p.Scheme, wire, out, ask(p.Scheme, wire, pieces), want(out, "well"))
		}
	})
}

// FuzzRecords reads a FastCGI answer that may be anything.
func FuzzRecords(f *testing.F) {
	for _, out := range outputs {
		wire := cgitest.Family[0].Answer(out)
		f.Add(wire, []byte{5})
		f.Add(cgitest.Record(7, "oh no\n")+wire, []byte{})
		f.Add(wire[:len(wire)/2], []byte{1, 50})
		f.Add(cgitest.Record(6, out)+cgitest.End(1, 2), []byte{})
		f.Add(cgitest.Record(6, "")+wire, []byte{})
		f.Add(strings.Replace(wire, "\x00\x01", "\x01\x01", 1), []byte{})
	}
	f.Fuzz(func(t *testing.T, wire string, pieces []byte) {
		out, end := naiveRecords(wire)
		compare(t, "fastcgi", wire, out, ask("fastcgi", wire, pieces), want(out, end))
	})
}

// TestMoreThanPromised: what follows at once is seen although the promised part
// stood in a record of its own.
func TestMoreThanPromised(t *testing.T) {
	wire := cgitest.Record(6, "Content-Length: 5\n\nhello") + cgitest.Record(6, "!") + cgitest.End(0, 0)
	if got := ask("fastcgi", wire, nil); got.end != "bad" {
		t.Errorf("%+v", got)
	}
}

// TestPing knows who speaks FastCGI.
func TestPing(t *testing.T) {
	uwsgi := "\x01\x06\x00\x00\x00\x00\x00\x00\x01\x03\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	for name, c := range map[string]struct {
		other net.Conn
		ok    bool
	}{
		"values":          {&script{say: "\x01\x0a\x00\x00\x00\x00\x00\x00"}, true},
		"unknown":         {&script{say: "\x01\x0b\x00\x00\x00\x08\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00"}, true},
		"uWSGI":           {&script{say: uwsgi}, true},
		"an answer":       {&script{say: cgitest.Record(6, "x")}, true},
		"closes":          {&script{}, true},
		"resets":          {failing{read: syscall.ECONNRESET}, true},
		"reset the write": {failing{write: syscall.EPIPE}, true},
		"silent":          {failing{read: os.ErrDeadlineExceeded}, false},
		"half":            {&script{say: "\x01\x0a"}, false},
		"another version": {&script{say: "\x02\x0a\x00\x00\x00\x00\x00\x00"}, false},
		"an echo":         {&script{say: "\x01\x09\x00\x00\x00\x10\x00\x00"}, false},
		"HTTP":            {&script{say: "HTTP/1.1 400 Bad Request\r\n\r\n"}, false},
	} {
		if err := cgi.PingFastCGI(c.other); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// failing is a connection that comes to nothing.
type failing struct {
	net.Conn
	read, write error
}

func (f failing) Read([]byte) (int, error) { return 0, &net.OpError{Op: "read", Err: f.read} }
func (f failing) Write(b []byte) (int, error) {
	if f.write != nil {
		return 0, &net.OpError{Op: "write", Err: f.write}
	}
	return len(b), nil
}

// FuzzRequest has the other side read what was sent.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "x=1", "/forum", "/a b", "X-Name", "value", "body")
	f.Add("POST", "", "", "", "X-Empty", "", "")
	f.Add("GET", "", "", "", "X-Name", strings.Repeat("v", 100), "")
	f.Add("POST", "", "", "", "Cookie", strings.Repeat("long", 100), "")
	f.Add("GET", "", "/index.php", "/\x00SCGI\x001", "Proxy", "http://evil", "b")
	f.Add("PUT", strings.Repeat("q", 70000), "", "/", "X_Under", "v", strings.Repeat("b", 70000))
	f.Fuzz(func(t *testing.T, method, query, name, info, field, value, body string) {
		for _, p := range cgitest.Family {
			x := message.New()
			r := request(x)
			r.Method, r.Query, r.Length = []byte(method), []byte("?"+query), int64(len(body))
			r.Script.Name, r.Script.Info = []byte(name), []byte(info)
			r.Fields.Add(field, []byte(value))
			r.Fields.Add(field, []byte(value))
			other := &script{}
			c := speakers[p.Scheme](other)
			err := c.WriteRequest(x, []byte(body))
			c.Release()
			x.Release()
			var unsendable *message.Unsendable
			if errors.As(err, &unsendable) && p.Scheme == "uwsgi" && len(method+query+name+info+field+value+value) > 60000 {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			checkSent(t, p, other.heard.Bytes(), method, query, name, info, field, value, body)
		}
	})
}

func checkSent(t *testing.T, p cgitest.Protocol, wire []byte, method, query, name, info, field, value, body string) {
	t.Helper()
	env, err := p.Read(bufio.NewReader(bytes.NewReader(wire)))
	if err != nil {
		t.Fatalf("%s: %v in %q", p.Scheme, err, wire)
	}
	want := map[string]string{"REQUEST_METHOD": method, "QUERY_STRING": query, "SCRIPT_NAME": name, "PATH_INFO": info, "REMOTE_PORT": "5"}
	variable, passed := "HTTP_"+strings.ToUpper(strings.ReplaceAll(field, "-", "_")), strings.Trim(field, "-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
	own := message.Lookup([]byte(field)) != message.Other || strings.EqualFold(field, "proxy") || variable == "HTTP_HOST"
	if !own && passed {
		want[variable] = value + ", " + value
	}
	for name, value := range want {
		if p.Scheme == "scgi" && strings.Contains(value, "\x00") {
			value = "" // nothing rather than another variable
		}
		if env[name] != value {
			t.Fatalf("%s: %s is %q, want %q", p.Scheme, name, env[name], value)
		}
	}
	if _, ok := env[variable]; ok && !passed && !own {
		t.Fatalf("%s: %s was passed", p.Scheme, variable)
	}
	if _, ok := env["HTTP_PROXY"]; ok {
		t.Fatalf("%s: HTTP_PROXY", p.Scheme)
	}
	if got := env["(body)"]; got != strconv.Itoa(len(body)) {
		t.Fatalf("%s: a body of %s, want %d", p.Scheme, got, len(body))
	}
}
