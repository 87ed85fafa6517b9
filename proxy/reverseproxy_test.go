package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// What other reverse proxies learnt the hard way, beside what the other files of
// tests show.

// TestConnectionNominates: what Connection names is for one hop only, in both
// directions, however Connection is spelled and repeated.
func TestConnectionNominates(t *testing.T) {
	var seen http.Header
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		seen = req.Header
		io.WriteString(c, ok+"Connection: \r\nconnection: X-Hop-A, close\r\nCONNECTION:x-hop-b\r\nX-Hop-A: 1\r\nX-Hop-B: 2\r\n"+
			"Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nX-Stays: 3\r\nContent-Length: 2\r\n\r\nok")
	})
	s := newSite(t, routeTo("site", addr))
	c := s.client()
	c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: \r\nConnection: X-Hop-A\r\nconnection: ,x-hop-b, keep-alive ,\r\n" +
		"X-Hop-A: 1\r\nX-Hop-B: 2\r\nX-Stays: 3\r\nKeep-Alive: timeout=5\r\n\r\n")
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]http.Header{"request": seen, "answer": resp.Header} {
		if h.Get("X-Stays") != "3" {
			t.Errorf("%s: X-Stays is gone", name)
		}
		for _, hop := range []string{"X-Hop-A", "X-Hop-B", "Keep-Alive", "Proxy-Connection", "Connection"} {
			if h.Values(hop) != nil {
				t.Errorf("%s: %s: %q", name, hop, h.Values(hop))
			}
		}
	}
}

// TestConnectionCannotNameOurs: a client must not have those fields taken off
// that the upstream relies on.
func TestConnectionCannotNameOurs(t *testing.T) {
	s := newSite(t, "[route.site]\nhost = \"*\"\nto = \"http://"+mirror(t)+"\"\nrequest_headers = { set = { X-Ours = \"yes\" } }\n")
	f := s.received("GET / HTTP/1.1\r\nHost: a\r\nConnection: Host, X-Forwarded-For, X-Real-IP, X-Forwarded-Proto, X-Ours, X-Request-ID\r\n\r\n")
	s.wantField(f, "host", "a")
	s.wantField(f, "x-forwarded-for", "127.0.0.1")
	s.wantField(f, "x-real-ip", "127.0.0.1")
	s.wantField(f, "x-forwarded-proto", "http")
	s.wantField(f, "x-ours", "yes")
	if f["x-request-id"] == nil {
		t.Error("no request ID")
	}
}

// TestRequestsStayThemselves: nothing is added that the client did not say, and
// nothing said is cleaned.
func TestRequestsStayThemselves(t *testing.T) {
	s := newSite(t, "[route.site]\nhost = \"*\"\nto = \"http://"+mirror(t)+"\"\n")
	f := s.received("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	for _, none := range []string{"user-agent", "content-length", "transfer-encoding", "accept-encoding", "connection", "content-type"} {
		s.wantField(f, none, "")
	}
	s.wantField(s.received("GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: me/1.0 (x; y)\r\n\r\n"), "user-agent", "me/1.0 (x; y)")
	s.wantField(s.received("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), "content-length", "0")
	s.wantField(s.received("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"), "content-length", "")
	for _, query := range []string{"a=1&a=2;b=3", "a=1&a=%zz&b=3", "a=%zz", "?", "a=b?c=d", strings.Repeat("a=1&", 3000) + "a=1"} {
		f := s.received("GET /?" + query + " HTTP/1.1\r\nHost: a\r\n\r\n")
		s.wantField(f, "", "GET /?"+query+" HTTP/1.1")
	}
}

// TestAnswersStayThemselves: repeated fields in their order, odd statuses with
// their words, lengths of what is not sent.
func TestAnswersStayThemselves(t *testing.T) {
	var answer string
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(c, answer)
	})
	s := newSite(t, routeTo("site", addr))
	answer = "HTTP/1.1 299 So To Speak\r\nSet-Cookie: a=1\r\nLink: <x>\r\nSet-Cookie: b=2; Path=/\r\nset-cookie: c=3\r\nContent-Length: 0\r\n\r\n"
	resp, _ := s.get("a", "/")
	if got := resp.Header.Values("Set-Cookie"); !slices.Equal(got, []string{"a=1", "b=2; Path=/", "c=3"}) || resp.Status != "299 So To Speak" {
		t.Errorf("%q, %q", resp.Status, got)
	}
	for method, answers := range map[string]string{
		"HEAD": ok + "Content-Length: 12345\r\n\r\n",
		"GET":  "HTTP/1.1 304 Not Modified\r\nContent-Length: 12345\r\nETag: \"x\"\r\n\r\n",
	} {
		answer = answers
		got := s.raw(method + " / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		head, body, _ := strings.Cut(got, "\r\n\r\n")
		if !strings.Contains(head+"\r\n", "\r\nContent-Length: 12345\r\n") || body != "" {
			t.Errorf("%s: %q", method, got)
		}
	}
}

// TestHeadAndBytesAtOnce: neither a head nor a byte waits for more, in no kind of
// answer.
func TestHeadAndBytesAtOnce(t *testing.T) {
	for name, framing := range map[string]string{"length": "Content-Length: 3\r\n", "chunks": "Transfer-Encoding: chunked\r\n", "close": "Connection: close\r\n"} {
		t.Run(name, func(t *testing.T) {
			next := make(chan string)
			addr := origin(t, func(c net.Conn, r *bufio.Reader) {
				readHead(r)
				io.WriteString(c, ok+"Content-Type: application/octet-stream\r\n"+framing+"\r\n")
				for b := range next {
					io.WriteString(c, b)
				}
			})
			s := newSite(t, routeTo("site", addr))
			resp, err := http.Get("http://" + s.addr + "/") // returns with the head
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			for _, b := range []string{"a", "b", "c"} {
				if name == "chunks" {
					next <- "1\r\n" + b + "\r\n"
				} else {
					next <- b
				}
				var got [1]byte
				if _, err := io.ReadFull(resp.Body, got[:]); err != nil || string(got[:]) != b {
					t.Fatalf("%q, %v", got, err)
				}
			}
			if name == "chunks" {
				next <- "0\r\n\r\n"
			}
			close(next)
			if rest, err := io.ReadAll(resp.Body); len(rest) > 0 || err != nil {
				t.Errorf("%q, %v", rest, err)
			}
		})
	}
}

// TestTrailers travel both ways, announced or not; what would change how a
// message is read does not.
func TestTrailers(t *testing.T) {
	seen := make(chan http.Header, 1)
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		seen <- r.Trailer
		w.Header().Set("Trailer", "X-Announced")
		io.WriteString(w, "body")
		http.NewResponseController(w).Flush()
		w.Header().Set("X-Announced", "1")
		w.Header().Set(http.TrailerPrefix+"X-Unannounced", "2")
		w.Header().Set(http.TrailerPrefix+"Set-Cookie", "no=1")
	})
	s := newSite(t, routeTo("site", addr))
	req, _ := http.NewRequest("POST", "http://"+s.addr+"/", io.MultiReader(strings.NewReader("abc")))
	req.Header.Set("TE", "trailers")
	req.Trailer = http.Header{"X-Sum": {"abc"}}
	resp, body := s.do(req)
	if body != "body" || resp.Trailer.Get("X-Announced") != "1" || resp.Trailer.Get("X-Unannounced") != "2" || resp.Trailer.Get("Set-Cookie") != "" {
		t.Errorf("%q with %v", body, resp.Trailer)
	}
	if got := within(t, "the request", seen); got.Get("X-Sum") != "abc" {
		t.Errorf("the upstream got %v", got)
	}
}

// TestInterimAnswers: each reaches the client with its own fields, before the
// final one, and none an old client.
func TestInterimAnswers(t *testing.T) {
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Link", "</style.css>; rel=preload")
		w.Header().Add("Link", "</script.js>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		w.WriteHeader(http.StatusProcessing)
		io.WriteString(w, "hello")
	})
	s := newSite(t, routeTo("site", addr))
	var got []string
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		got = append(got, fmt.Sprint(code, len(h["Link"])))
		return nil
	}}
	req, _ := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), trace), "GET", "http://"+s.addr+"/", nil)
	if _, body := s.do(req); body != "hello" || !slices.Equal(got, []string{"103 2", "102 0"}) {
		t.Errorf("%q after %q", body, got)
	}
	if got := s.raw("GET / HTTP/1.0\r\nHost: a\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(got, "\r\n\r\nhello") {
		t.Errorf("HTTP/1.0: %q", got)
	}
}

// TestExpectationOfADeadUpstream: a client that waits for 100 is not left
// waiting where nobody can say it.
func TestExpectationOfADeadUpstream(t *testing.T) {
	s := newSite(t, routeTo("site", freeAddr(t)))
	got := s.raw("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\nExpect: 100-continue\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 502 ") || !strings.Contains(got, "Connection: close\r\n") {
		t.Errorf("%q", got)
	}
}

// TestAnswersThatBreakDuringUploads: an upstream that promises more than it sends
// while the request still comes harms no other request, and nobody hangs.
func TestAnswersThatBreakDuringUploads(t *testing.T) {
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/fine" {
			n, _ := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, n)
			return
		}
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "less")
	})
	s := newSite(t, routeTo("site", addr))
	const size = 3 << 20
	body := bytes.Repeat([]byte("x"), size)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 10 {
				resp, err := client.Post("http://"+s.addr+[]string{"/breaks", "/fine"}[i%2], "text/plain", bytes.NewReader(body))
				if err != nil {
					if i%2 == 1 {
						t.Error(err)
					}
					continue
				}
				got, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if i%2 == 1 && (string(got) != fmt.Sprint(size) || err != nil) || i%2 == 0 && err == nil && resp.StatusCode == 200 {
					t.Errorf("%d: %d %q, %v", i, resp.StatusCode, got, err)
				}
			}
		})
	}
	group.Wait()
	client.CloseIdleConnections()
	s.settles()
}

// TestRecordsKeepWhatWasSent: what is taken off or set for the upstream changes
// nothing of the head that the owner sees.
func TestRecordsKeepWhatWasSent(t *testing.T) {
	s := newSite(t, "[route.site]\nhost = \"*\"\nto = \"http://"+mirror(t)+"\"\nrequest_headers = { set = { X-A = \"ours\" }, remove = [\"X-B\"] }\n")
	const head = "GET /?q HTTP/1.1\r\nHost: a\r\nX-A: theirs\r\nX-B: theirs\r\nConnection: X-C\r\nX-C: 1\r\n\r\n"
	s.received(head)
	entry, found := s.server.Records().Get(s.lastRow(1).ID)
	if !found || string(entry.Request) != head {
		t.Errorf("%v, %q", found, entry.Request)
	}
}

// TestLeaving frees the upstream at once, whatever the exchange is at.
func TestLeaving(t *testing.T) {
	plain := "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, stage := range []struct{ name, request, answer string }{
		{"waiting for a first byte", plain, ""},
		{"within a body", plain, ok + "Content-Length: 1000000\r\n\r\nabc"},
		{"within chunks", plain, chunks + "3\r\nabc\r\n"},
		{"within an upload by length", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc", ""},
		{"within an upload by chunks", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", ""},
		{"within both", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc", chunks + "3\r\nabc\r\n"},
		{"upgraded", "GET / HTTP/1.1\r\n" + handshake, switching},
		{"switching", "GET / HTTP/1.1\r\n" + handshake, ""},
	} {
		for _, how := range []string{"close", "reset"} {
			t.Run(stage.name+": "+how, func(t *testing.T) {
				asked, freed := make(chan struct{}), make(chan struct{})
				addr := origin(t, func(c net.Conn, r *bufio.Reader) {
					readHead(r)
					io.WriteString(c, stage.answer)
					close(asked)
					// In a body by length nobody can be asked whether he is
					// there: what comes next finds out.
					for err := error(nil); err == nil && stage.name == "within a body"; time.Sleep(10 * time.Millisecond) {
						_, err = io.WriteString(c, "more")
					}
					io.Copy(io.Discard, r) // until the proxy closes
					close(freed)
				})
				s := newSite(t, routeTo("site", addr))
				c := s.client()
				c.send(stage.request)
				within(t, "the request", asked)
				if stage.answer != "" {
					c.head()
				}
				vanish(c.Conn, how)
				within(t, "the upstream to be freed", freed)
				s.settles()
				row := s.lastRow(1)
				if cause := row.Cause.String(); cause != "client-gone" && stage.name != "upgraded" {
					t.Errorf("cause %q, %s", cause, row.Detail)
				}
			})
		}
	}
}
