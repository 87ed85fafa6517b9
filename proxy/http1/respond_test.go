package http1_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

const (
	get11  = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	get10  = "GET / HTTP/1.0\r\n\r\n"
	keep10 = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
	head11 = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
	head10 = "HEAD / HTTP/1.0\r\n\r\n"

	chunkedABC = "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: u\r\n\r\n"
)

// TestFraming has every framing of an upstream meet every kind of client.
func TestFraming(t *testing.T) {
	const (
		stays  = "Connection: keep-alive\r\n"
		closes = "Connection: close\r\n"
		chunks = "Transfer-Encoding: chunked\r\n\r\n0003\r\nabc\r\n0\r\nT: u\r\n\r\n"
	)
	for _, c := range []struct {
		name, request, status, upstream string
		want                            string // behind the status line
		again                           bool
	}{
		{"length to 1.1", get11, "200 OK", "Content-Length: 3\r\n\r\nabc", "Content-Length: 3\r\n\r\nabc", true},
		{"length to 1.0", get10, "200 OK", "Content-Length: 3\r\n\r\nabc", "Content-Length: 3\r\n" + closes + "\r\nabc", false},
		{"length to 1.0 that stays", keep10, "200 OK", "Content-Length: 3\r\n\r\nabc", "Content-Length: 3\r\n" + stays + "\r\nabc", true},
		{"length 0 to 1.1", get11, "200 OK", "Content-Length: 0\r\n\r\n", "Content-Length: 0\r\n\r\n", true},
		{"length 0 to 1.0", get10, "200 OK", "Content-Length: 0\r\n\r\n", "Content-Length: 0\r\n" + closes + "\r\n", false},
		{"chunks to 1.1", get11, "200 OK", chunkedABC, chunks, true},
		{"chunks to 1.0", get10, "200 OK", chunkedABC, closes + "\r\nabc", false},
		{"chunks to 1.0 that stays", keep10, "200 OK", chunkedABC, closes + "\r\nabc", false},
		{"no chunk to 1.1", get11, "200 OK", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true},
		{"close to 1.1", get11, "200 OK", "\r\nabc", "Transfer-Encoding: chunked\r\n\r\n0003\r\nabc\r\n0\r\n\r\n", true},
		{"close to 1.0", get10, "200 OK", "\r\nabc", closes + "\r\nabc", false},
		{"close to 1.0 that stays", keep10, "200 OK", "\r\nabc", closes + "\r\nabc", false},
		{"HEAD, length to 1.1", head11, "200 OK", "Content-Length: 3\r\n\r\n", "Content-Length: 3\r\n\r\n", true},
		{"HEAD, length to 1.0", head10, "200 OK", "Content-Length: 3\r\n\r\n", "Content-Length: 3\r\n" + closes + "\r\n", false},
		{"HEAD, chunks to 1.1", head11, "200 OK", "Transfer-Encoding: chunked\r\n\r\n", "\r\n", true},
		{"HEAD, chunks to 1.0", head10, "200 OK", "Transfer-Encoding: chunked\r\n\r\n", closes + "\r\n", false},
		{"HEAD, close to 1.1", head11, "200 OK", "\r\n", "\r\n", true},
		{"204 to 1.1", get11, "204 No Content", "\r\n", "\r\n", true},
		{"204 to 1.0 that stays", keep10, "204 No Content", "\r\n", stays + "\r\n", true},
		{"204 with a length", get11, "204 No Content", "Content-Length: 3\r\n\r\n", "\r\n", true},
		{"204 of chunks", get11, "204 No Content", "Transfer-Encoding: chunked\r\n\r\n", "\r\n", true},
		{"304 to 1.1", get11, "304 Not Modified", "\r\n", "\r\n", true},
		{"304 with a length", get11, "304 Not Modified", "Content-Length: 3\r\n\r\n", "Content-Length: 3\r\n\r\n", true},
		{"304 of chunks", get11, "304 Not Modified", "Transfer-Encoding: chunked\r\n\r\n", "\r\n", true},
		{"304 to 1.0", get10, "304 Not Modified", "Content-Length: 3\r\n\r\n", "Content-Length: 3\r\n" + closes + "\r\n", false},
		{"close asked for", head("Connection: close"), "200 OK", "Content-Length: 3\r\n\r\nabc", "Content-Length: 3\r\n" + closes + "\r\nabc", false},
		{"no words", get11, "404", "Content-Length: 0\r\n\r\n", "Content-Length: 0\r\n\r\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, e := forward(whole(c.request), whole("HTTP/1.1 "+c.status+"\r\nX: y\r\n"+c.upstream))
			words := c.status
			if c.status == "404" {
				words = "404 Not Found"
			}
			same(t, "answer", got, "HTTP/1.1 "+words+"\r\nX: y\r\n"+c.want)
			same(t, "takes another request", e.again, c.again)
			if e.respondErr != nil {
				t.Error(e.respondErr)
			}
			agrees(t, c.request, got)
		})
	}
}

// agrees has net/http read an answer: it must end where we say.
func agrees(t *testing.T, request, answer string) {
	t.Helper()
	const next = "\x00" // a body that only the close ends takes it in
	r := bufio.NewReader(strings.NewReader(answer + next))
	method, _, _ := strings.Cut(request, " ")
	got, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(r)
	if string(rest) != next && (len(rest) > 0 || !strings.HasSuffix(string(body), next)) {
		t.Errorf("net/http reads %q and leaves %q", body, rest)
	}
}

// TestInterims: a client of HTTP/1.0 understands none.
func TestInterims(t *testing.T) {
	const upstream = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	got, _, _ := forward(whole(get11), whole(upstream))
	same(t, "to 1.1", got, upstream)
	got, _, _ = forward(whole(get10), whole(upstream))
	same(t, "to 1.0", got, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

// TestExpectation: a client that was not told to go on may send its body or not,
// so the answer is the last.
func TestExpectation(t *testing.T) {
	for _, told := range []bool{false, true} {
		client := cut(upload[:len(upload)-2]+"Expect: 100-continue\r\n\r\nabcd", len(upload)+len("Expect: 100-continue\r\n"))
		c := http1.NewServerConn(client, limits)
		x := message.New()
		if err := c.Await(0); err != nil {
			t.Fatal(err)
		}
		if err := c.ReadRequest(x, patience); err != nil {
			t.Fatal(err)
		}
		want := "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
		if told {
			if err := c.Interim(100, nil); err != nil {
				t.Fatal(err)
			}
			if body, _ := readBody(t, x.Request.Body); string(body) != "abcd" {
				t.Errorf("the body is %q", body)
			}
			want = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
		}
		x.Response.Status = 403
		if err := c.Respond(x); err != nil || c.Done() != told {
			t.Errorf("told %v: error %v, or the connection is of other use", told, err)
		}
		same(t, "answer", client.out.String(), want)
		x.Release()
	}
}

// TestHugeHead: a head that has outgrown every buffer spoils no chunk behind it,
// however much room its growth has left.
func TestHugeHead(t *testing.T) {
	body := noise(100_000)
	for fields := 64; fields < 96; fields += 4 {
		client := whole(get11)
		c := http1.NewServerConn(client, limits)
		x := message.New()
		if err := c.Await(0); err != nil {
			t.Fatal(err)
		}
		readRequest(t, c, x)
		var b message.Bytes
		b.Set([]byte(body))
		x.Response.Status, x.Response.Length, x.Response.Body = 200, message.Unknown, &b
		for range fields {
			x.Response.Fields.Add("X", make([]byte, 4<<10))
		}
		if err := c.Respond(x); err != nil {
			t.Fatal(err)
		}
		_, chunks, _ := strings.Cut(client.out.String(), "\r\n\r\n")
		if got, _, _, end := naiveChunks(chunks, limits); end != isWhole || got != body {
			t.Errorf("%d bytes behind %d fields: %s", len(got), fields, end)
		}
		x.Release()
	}
}

// TestBroken: an answer that breaks must never look complete.
func TestBroken(t *testing.T) {
	for _, c := range []struct {
		name, upstream string
		malformed      bool // rather than cut short
	}{
		{"a length", "Content-Length: 4\r\n\r\nabc", false},
		{"nothing of a length", "Content-Length: 4\r\n\r\n", false},
		{"chunks", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false},
		{"within a chunk", "Transfer-Encoding: chunked\r\n\r\n4\r\nabc", false},
		{"a bad chunk", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n", true},
		{"the trailers", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: u\r\n", false},
		{"bad trailers", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT : u\r\n\r\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			stream := "HTTP/1.1 200 OK\r\n" + c.upstream
			for _, upstream := range []*script{whole(stream), bytewise(stream)} {
				got, _, e := forward(whole(get11), upstream)
				var gone *http1.ClientError
				if e.respondErr == nil || errors.As(e.respondErr, &gone) || e.again || e.reusable {
					t.Errorf("error %v, another request %v, reusable %v", e.respondErr, e.again, e.reusable)
				}
				if http1.IsMalformed(e.respondErr) != c.malformed {
					t.Errorf("%v counts as malformed: %v", e.respondErr, !c.malformed)
				}
				r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(got)), nil)
				if err != nil {
					t.Fatal(err)
				}
				if body, err := io.ReadAll(r.Body); err == nil || !strings.HasPrefix("abc", string(body)) {
					t.Errorf("net/http reads %q and %v from %q", body, err, got)
				}
			}
		})
	}
}
