package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// hostileOrigin does as it likes with a request for /bad, and serves all others
// as it should.
func hostileOrigin(t testing.TB, bad func(c net.Conn, r *bufio.Reader)) string {
	return origin(t, func(c net.Conn, r *bufio.Reader) {
		for {
			head, err := readHead(r)
			if err != nil {
				return
			}
			if strings.Contains(head, " /bad ") {
				bad(c, r)
				return
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine")
		}
	})
}

// says ends the connection with a proper end behind text, resets with a reset.
func says(text string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, _ *bufio.Reader) { io.WriteString(c, text) }
}

func resets(text string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, _ *bufio.Reader) {
		io.WriteString(c, text)
		time.Sleep(20 * time.Millisecond) // a reset overtakes what was not read
		vanish(c, "reset")
	}
}

// thenWaits keeps the connection open until the proxy closes it.
func thenWaits(text string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		io.WriteString(c, text)
		r.ReadByte()
	}
}

// endless repeats text until nobody listens, slowly where there is a pause.
func endless(start, text string, pause time.Duration) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, _ *bufio.Reader) {
		_, err := io.WriteString(c, start)
		for err == nil {
			_, err = io.WriteString(c, text)
			time.Sleep(pause)
		}
	}
}

const (
	ok     = "HTTP/1.1 200 OK\r\n"
	length = ok + "Content-Length: 10\r\n\r\n"
	chunks = ok + "Transfer-Encoding: chunked\r\n\r\n"
)

// hostileAnswers end in one cause each; broken ones are begun and cannot be
// finished, the others are a page of our own.
var hostileAnswers = []struct {
	name   string
	does   func(net.Conn, *bufio.Reader)
	status int // 0: broken within the answer
	cause  string
}{
	{"resets without a word", resets(""), 502, "reset"},
	{"resets within the status line", resets("HTTP/1.1 2"), 502, "reset"},
	{"resets within the head", resets(ok + "Server: a"), 502, "reset"},
	{"resets behind the head", resets(length), 0, "reset"},
	{"resets within a body", resets(length + "abc"), 0, "reset"},
	{"resets within a chunk", resets(chunks + "a\r\nabc"), 0, "reset"},
	{"resets between chunks", resets(chunks + "3\r\nabc\r\n"), 0, "reset"},
	{"resets within the trailers", resets(chunks + "3\r\nabc\r\n0\r\nA: b"), 0, "reset"},
	{"resets a body that ends by closing", resets(ok + "Connection: close\r\n\r\nabc"), 0, "reset"},
	{"resets events", resets(ok + "Content-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n"), 0, "reset"},
	{"resets behind 1xx", resets("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"), 502, "reset"},

	{"ends without a word", says(""), 502, "reset"},
	{"ends within the head", says(ok + "Server: a\r\n"), 502, "reset"},
	{"ends within a body", says(length + "abc"), 0, "reset"},
	{"ends before the last chunk", says(chunks + "3\r\nabc\r\n"), 0, "reset"},
	{"ends behind 1xx", says("HTTP/1.1 100 Continue\r\n\r\n"), 502, "reset"},

	{"speaks no HTTP", says("220 mail.example.com ESMTP\r\n"), 502, "protocol"},
	{"speaks TLS", says("\x15\x03\x01\x00\x02\x02\x46"), 502, "protocol"},
	{"speaks HTTP/2", says("\x00\x00\x12\x04\x00\x00\x00\x00\x00"), 502, "protocol"},
	{"speaks HTTP/0.9", says("<html>"), 502, "protocol"},
	{"has a long status", says("HTTP/1.1 2000 OK\r\n\r\n"), 502, "protocol"},
	{"has a bad status", says("HTTP/1.1 2x0 OK\r\n\r\n"), 502, "protocol"},
	{"has a folded field", says(ok + "A: b\r\n c\r\n\r\n"), 502, "protocol"},
	{"has a field without a colon", says(ok + "nonsense\r\n\r\n"), 502, "protocol"},
	{"has a control byte in a field", says(ok + "A: b\x00c\r\n\r\n"), 502, "protocol"},
	{"has two lengths", says(ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 502, "protocol"},
	{"has a negative length", says(ok + "Content-Length: -1\r\n\r\n"), 502, "protocol"},
	{"has a length past all numbers", says(ok + "Content-Length: 99999999999999999999\r\n\r\n"), 502, "protocol"},
	{"has a length and chunks", says(ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 502, "protocol"},
	{"has an unknown coding", says(ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 502, "protocol"},
	{"has a chunk of no size", says(chunks + "xyz\r\nabc\r\n0\r\n\r\n"), 0, "protocol"},
	{"has a chunk past all numbers", says(chunks + "ffffffffffffffffff\r\nabc"), 0, "protocol"},
	{"has a chunk longer than it said", says(chunks + "2\r\nabc\r\n0\r\n\r\n"), 0, "protocol"},
	{"has chunks with bare line feeds", says(chunks + "3\nabc\n0\n\n"), 0, "protocol"},
	{"has an endless chunk size", endless(chunks, strings.Repeat("0", 4096), 0), 0, "protocol"},
	{"has an endless chunk extension", endless(chunks+"1;", strings.Repeat("e", 4096), 0), 0, "protocol"},
	{"has endless trailers", endless(chunks+"0\r\n", "A: "+strings.Repeat("b", 4096)+"\r\n", 0), 0, "protocol"},

	{"switches unasked", thenWaits(switching), 502, "protocol"},
	{"switches to what was not offered", thenWaits("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"), 502, "protocol"},
	{"floods with 1xx", endless("", "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", 0), 502, "protocol"},
	{"has a huge field", thenWaits(ok + "A: " + strings.Repeat("a", 40<<10) + "\r\n\r\n"), 502, "too-large"},
	{"has too many fields", thenWaits(ok + strings.Repeat("A: b\r\n", 300) + "\r\n"), 502, "too-large"},
	{"has an endless status line", endless("HTTP/1.1 200 ", strings.Repeat("K", 4096), 0), 502, "protocol"},
	{"has an endless head", endless(ok, "Server: a\r\n", 0), 502, "too-large"},

	{"never answers", thenWaits(""), 504, "header-timeout"},
	{"never ends its head", thenWaits(ok + "Server: a\r\n"), 504, "header-timeout"},
	{"drips its head", endless(ok, "A: b\r\n", 20*time.Millisecond), 504, "header-timeout"},
	{"goes silent within its body", thenWaits(length + "abc"), 0, "body-timeout"},
	{"goes silent between chunks", thenWaits(chunks + "3\r\nabc\r\n"), 0, "body-timeout"},
}

// TestHostileOrigins: no visitor takes what they send for an answer, each ends
// in one cause, and the next request finds the route well.
func TestHostileOrigins(t *testing.T) {
	for _, h := range hostileAnswers {
		t.Run(h.name, func(t *testing.T) {
			s := newSite(t, timed(hostileOrigin(t, h.does)))
			for round, path := range []string{"/bad", "/fine", "/bad", "/fine"} { // on a new connection, and on a kept one
				status, body, err := s.visit(path)
				row := s.lastRow(uint64(round) + 1)
				switch {
				case path == "/fine":
					if status != 200 || body != "fine" || err != nil {
						t.Fatalf("afterwards: %d %q, %v", status, body, err)
					}
				case h.status == 0 && err == nil:
					t.Errorf("the visitor took %d %q for complete", status, body)
				case h.status != 0 && (status != h.status || err != nil):
					t.Errorf("status %d, %v; want %d", status, err, h.status)
				}
				if path == "/bad" && (row.Cause.String() != h.cause || row.Detail == "" || row.Aborted != (h.status == 0)) {
					t.Errorf("cause %q (%s), aborted %v; want %q", row.Cause, row.Detail, row.Aborted, h.cause)
				}
			}
			s.settles()
		})
	}
}

// visit is a GET whose answer may be broken.
func (s *site) visit(path string) (status int, body string, err error) {
	s.t.Helper()
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + s.addr + path)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// TestHostileOriginsDuringUploads: it is not the visitor's fault that the upload
// could not go on, whether it comes or rests at the moment.
func TestHostileOriginsDuringUploads(t *testing.T) {
	for _, h := range []struct {
		name   string
		does   func(net.Conn, *bufio.Reader)
		status int
		cause  string
	}{
		{"resets", resets(""), 502, "reset"},
		{"ends", says(""), 502, "reset"},
		{"speaks no HTTP", thenWaits("220 mail.example.com ESMTP\r\n"), 502, "protocol"},
		{"resets within the head", resets(ok + "Server: a"), 502, "reset"},
		{"resets within a body", resets(length + "abc"), 0, "reset"},
		{"ends within a body", says(length + "abc"), 0, "reset"},
		{"breaks a chunk", thenWaits(chunks + "xyz\r\n"), 0, "protocol"},
	} {
		for _, rests := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, rests %v", h.name, rests), func(t *testing.T) {
				s := newSite(t, routeTo("site", hostileOrigin(t, h.does)))
				c := s.client()
				c.send("POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nabc")
				go func() {
					block := make([]byte, 64<<10)
					for err := error(nil); err == nil && !rests; {
						_, err = c.Write(block)
					}
				}()
				resp, err := http.ReadResponse(c.r, nil)
				if err == nil {
					_, err = io.ReadAll(resp.Body)
				}
				if h.status == 0 && err == nil || h.status != 0 && (err != nil || resp.StatusCode != h.status) {
					t.Errorf("%+v, %v", resp, err)
				}
				if row := s.lastRow(1); row.Cause.String() != h.cause {
					t.Errorf("cause %q, %s; want %q", row.Cause, row.Detail, h.cause)
				}
				if status, body, err := s.visit("/fine"); status != 200 || body != "fine" || err != nil {
					t.Errorf("afterwards: %d %q, %v", status, body, err)
				}
				c.Close()
				s.settles()
			})
		}
	}
}

// TestSmuggledAnswers: what an origin sends behind an answer, together with it or
// later, is no answer to anybody's next request.
func TestSmuggledAnswers(t *testing.T) {
	const smuggled = ok + "Content-Length: 8\r\n\r\nsmuggled"
	for name, bad := range map[string]string{
		"behind a body":          ok + "Content-Length: 3\r\n\r\nabc" + smuggled,
		"behind chunks":          chunks + "3\r\nabc\r\n0\r\n\r\n" + smuggled,
		"behind 204":             "HTTP/1.1 204 No Content\r\n\r\n" + smuggled,
		"behind 304":             "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n" + smuggled,
		"body of a 204":          "HTTP/1.1 204 No Content\r\nContent-Length: 8\r\n\r\nsmuggled",
		"line ends behind":       ok + "Content-Length: 3\r\n\r\nabc\r\n\r\n" + smuggled,
		"behind a longer length": ok + "Content-Length: 2\r\n\r\nabc",
	} {
		for _, pause := range []time.Duration{0, 30 * time.Millisecond} {
			t.Run(fmt.Sprint(name, ", after ", pause), func(t *testing.T) {
				answer, rest := bad, ""
				if i := strings.Index(bad, smuggled); pause > 0 && i > 0 {
					answer, rest = bad[:i], bad[i:]
				}
				addr := hostileOrigin(t, func(c net.Conn, r *bufio.Reader) {
					io.WriteString(c, answer)
					time.Sleep(pause)
					io.WriteString(c, rest)
					for { // whoever asks here next hears it too
						if _, err := readHead(r); err != nil {
							return
						}
						io.WriteString(c, smuggled)
					}
				})
				s := newSite(t, routeTo("site", addr))
				for range 3 {
					if _, body, err := s.visit("/bad"); strings.Contains(body, "smug") || err != nil {
						t.Fatalf("/bad: %q, %v", body, err)
					}
					time.Sleep(2 * pause)
					if _, body, err := s.visit("/fine"); body != "fine" || err != nil {
						t.Fatalf("/fine: %q, %v", body, err)
					}
				}
			})
		}
	}
}

// TestAnswerBeforeTheRequest: one that lies on a kept connection before anybody
// asks is nobody's.
func TestAnswerBeforeTheRequest(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		if _, err := readHead(r); err != nil {
			return
		}
		io.WriteString(c, ok+"Content-Length: 4\r\n\r\nfine")
		time.Sleep(20 * time.Millisecond)
		io.WriteString(c, ok+"Content-Length: 5\r\n\r\nearly")
		r.ReadByte()
	})
	s := newSite(t, routeTo("site", addr))
	for range 3 {
		if _, body, err := s.visit("/"); body != "fine" || err != nil {
			t.Fatalf("%q, %v", body, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
