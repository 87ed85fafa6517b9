package http1_test

import (
	"fmt"
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

// responseCase is what an upstream sends to a request, and what must be read.
type responseCase struct {
	name   string
	to     asked
	stream string
	want   response
}

// badAnswer is one that no client may see.
func badAnswer(name, stream string) responseCase {
	return responseCase{name: name, stream: stream, want: response{head: "bad"}}
}

// answer is a 200 with those field lines.
func answer(lines ...string) string {
	return "HTTP/1.1 200 OK\r\n" + strings.Join(append(lines, ""), "\r\n") + "\r\n"
}

// ok is what a 200 with that body says, with whatever change makes of it.
func ok(body string, length int64, change func(*response)) response {
	r := response{head: isWhole, status: 200, reason: "OK", body: body, length: length, end: isWhole, reusable: true}
	if change != nil {
		change(&r)
	}
	return r
}

func responseCases() []responseCase {
	var all []responseCase
	for _, some := range [][]responseCase{badHeads(), badFraming(), interims(), oddResponses(), endings()} {
		all = append(all, some...)
	}
	return all
}

func badHeads() []responseCase {
	return []responseCase{
		badAnswer("another protocol", "SSH-2.0-OpenSSH_9.6\r\n"),
		badAnswer("another protocol that waits", "220 mail"),
		badAnswer("HTTP/0.9", "<html></html>"),
		badAnswer("an empty line before", "\r\nHTTP/1.1 200 OK\r\n\r\n"),
		badAnswer("HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"),
		badAnswer("small letters", "http/1.1 200 OK\r\n\r\n"),
		badAnswer("no status", "HTTP/1.1\r\n\r\n"),
		badAnswer("a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"),
		badAnswer("a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"),
		badAnswer("a signed status", "HTTP/1.1 +20 OK\r\n\r\n"),
		badAnswer("status 0", "HTTP/1.1 000 OK\r\n\r\n"),
		badAnswer("status 99", "HTTP/1.1 099 OK\r\n\r\n"),
		badAnswer("status 600", "HTTP/1.1 600 OK\r\n\r\n"),
		badAnswer("two blanks before the status", "HTTP/1.1  200 OK\r\n\r\n"),
		badAnswer("a control byte in the reason", "HTTP/1.1 200 O\x00K\r\n\r\n"),
		badAnswer("a bare CR in the reason", "HTTP/1.1 200 O\rK\r\n\r\n"),
		badAnswer("a bare LF after the line", "HTTP/1.1 200 OK\nX: y\r\n\r\n"),
		badAnswer("a bare LF in the head", answer("X: y\nZ: w")),
		badAnswer("a folded line", answer("X: y", " z")),
		badAnswer("a space before the colon", answer("X : y")),
		badAnswer("no colon", answer("X")),
		badAnswer("a control byte in a value", answer("X: \x01")),
		badAnswer("201 fields", answer(strings.Repeat("X: y\r\n", 200)+"X: y")),
		badAnswer("a head too long", answer("X: "+strings.Repeat("y", 32<<10))),
		badAnswer("a head too long without an end", answer("X: " + strings.Repeat("y", 33<<10))[:33<<10]),
		badAnswer("a line too long", "HTTP/1.1 200 "+strings.Repeat("O", 16<<10)),
	}
}

func badFraming() []responseCase {
	const chunked = "Transfer-Encoding: chunked"
	return []responseCase{
		badAnswer("length and coding", answer("Content-Length: 5", chunked)+"0\r\n\r\n"),
		badAnswer("coding and length", answer(chunked, "Content-Length: 5")+"0\r\n\r\n"),
		badAnswer("two lengths", answer("Content-Length: 1", "Content-Length: 2")+"ab"),
		badAnswer("twice the same length", answer("Content-Length: 2", "Content-Length: 2")+"ab"),
		badAnswer("a list of lengths", answer("Content-Length: 2, 2")+"ab"),
		badAnswer("a negative length", answer("Content-Length: -1")),
		badAnswer("another coding", answer("Transfer-Encoding: gzip")),
		badAnswer("another coding before chunked", answer("Transfer-Encoding: gzip, chunked")),
		badAnswer("chunked twice", answer(chunked, chunked)+"0\r\n\r\n"),
		badAnswer("chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\n"+chunked+"\r\n\r\n0\r\n\r\n"),
		{"two lengths to HEAD", asked{head: true}, answer("Content-Length: 1", "Content-Length: 2"), response{head: "bad"}},
	}
}

func interims() []responseCase {
	const hundred = "HTTP/1.1 100 Continue\r\n\r\n"
	upgrade := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n"
	hints := interim{103, []field{{"Link", "</a>"}}}
	switched := response{head: isWhole, status: 101, reason: "Switching Protocols", length: -1, upgrade: "WebSocket", end: isWhole}
	flood := response{head: "bad"}
	for range 65 {
		flood.interim = append(flood.interim, interim{status: 100})
	}
	most := ok("", 0, func(r *response) { r.interim = flood.interim[:64] })
	bad := response{head: "bad"}
	return []responseCase{
		{"interim answers", asked{}, hundred + "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X\r\nX: y\r\n\r\n" + answer("Content-Length: 0"),
			ok("", 0, func(r *response) { r.interim = []interim{{100, nil}, hints} })},
		{"as many interim answers as may be", asked{}, strings.Repeat(hundred, 64) + answer("Content-Length: 0"), most},
		{"a flood of interim answers", asked{}, strings.Repeat(hundred, 100), flood},
		{"a bad one after an interim one", asked{}, hundred + "HTTP/1.1 20\r\n\r\n",
			response{head: "bad", interim: []interim{{status: 100}}}},
		{"an upgrade", asked{upgrade: "websocket"}, fmt.Sprintf(upgrade, "WebSocket") + "\x81\x00", switched},
		{"an upgrade of several offered", asked{upgrade: "a/2, websocket"}, fmt.Sprintf(upgrade, "WebSocket"), switched},
		{"an upgrade nobody asked for", asked{}, fmt.Sprintf(upgrade, "websocket"), bad},
		{"an upgrade to another protocol", asked{upgrade: "websocket"}, fmt.Sprintf(upgrade, "h2c"), bad},
		{"an upgrade to one more protocol", asked{upgrade: "websocket"}, fmt.Sprintf(upgrade, "websocket, h2c"), bad},
		{"an upgrade to nothing", asked{upgrade: "websocket"}, fmt.Sprintf(upgrade, ","), bad},
		{"an upgrade without a name", asked{upgrade: "websocket"}, "HTTP/1.1 101 Switching Protocols\r\n\r\n", bad},
		{"an interim answer and the end", asked{}, hundred, response{head: isCut, interim: []interim{{status: 100}}}},
	}
}

func oddResponses() []responseCase {
	one := func(name, stream string, change func(*response)) responseCase {
		return responseCase{name, asked{}, stream, ok("", 0, change)}
	}
	const empty = "\r\nContent-Length: 0\r\n\r\n"
	return []responseCase{
		one("plain", "HTTP/1.1 200 OK"+empty, nil),
		one("no reason", "HTTP/1.1 200 "+empty, func(r *response) { r.reason = "" }),
		one("no blank after the status", "HTTP/1.1 200"+empty, func(r *response) { r.reason = "" }),
		one("a reason of several words", "HTTP/1.1 404 nothing\there \xe9"+empty, func(r *response) { r.status, r.reason = 404, "nothing\there \xe9" }),
		one("status 599", "HTTP/1.1 599 x"+empty, func(r *response) { r.status, r.reason = 599, "x" }),
		one("a later minor version", "HTTP/1.7 200 OK"+empty, nil),
		one("HTTP/1.0", "HTTP/1.0 200 OK"+empty, func(r *response) { r.reusable = false }),
		one("HTTP/1.0 that stays", "HTTP/1.0 200 OK\r\nConnection: keep-alive"+empty, nil),
		one("close", answer("Connection: Close", "Content-Length: 0"), func(r *response) { r.reusable = false }),
		one("fields of this hop", answer("Connection: X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5", "Proxy-Connection: x", "Y: 2", "Content-Length: 0"),
			func(r *response) { r.fields = []field{{"Y", "2"}} }),
		one("several fields of one name", answer("Set-Cookie: a", "set-cookie: b", "Content-Length: 0"),
			func(r *response) { r.fields = []field{{"Set-Cookie", "a"}, {"set-cookie", "b"}} }),
		one("an upgrade offered", answer("Upgrade: h2", "Connection: upgrade", "Content-Length: 0"), func(r *response) { r.upgrade = "h2" }),
	}
}

func endings() []responseCase {
	short := func(r *response) { r.end, r.reusable = isCut, false }
	closed := func(r *response) { r.reusable = false }
	bad := func(r *response) { r.end, r.reusable = "bad", false }
	status := func(n int, reason string, length int64, reusable bool) response {
		return ok("", length, func(r *response) { r.status, r.reason, r.reusable = n, reason, reusable })
	}
	const chunked = "Transfer-Encoding: chunked"
	long := strings.Repeat("0123456789", 5000)
	return []responseCase{
		{"a length", asked{}, answer("Content-Length: 2") + "ab", ok("ab", 2, nil)},
		{"a long body", asked{}, answer("Content-Length: 50000") + long, ok(long, 50000, nil)},
		{"bytes after the end", asked{}, answer("Content-Length: 2") + "abc", ok("ab", 2, closed)},
		{"bytes after an empty answer", asked{}, answer("Content-Length: 0") + "HTTP/1.1 200 OK\r\n\r\n", ok("", 0, closed)},
		{"cut short of its length", asked{}, answer("Content-Length: 2") + "a", ok("a", 2, short)},
		{"nothing of its length", asked{}, answer("Content-Length: 2"), ok("", 2, short)},
		{"chunks", asked{}, answer(chunked) + "2\r\nab\r\n0\r\nX: y\r\n\r\n", ok("ab", -1, func(r *response) { r.trailers = []field{{"X", "y"}} })},
		{"bytes after the chunks", asked{}, answer(chunked) + "2\r\nab\r\n0\r\n\r\nx", ok("ab", -1, closed)},
		{"cut between chunks", asked{}, answer(chunked) + "2\r\nab\r\n", ok("ab", -1, short)},
		{"cut before the end of the trailers", asked{}, answer(chunked) + "2\r\nab\r\n0\r\n", ok("ab", -1, short)},
		{"a bad chunk", asked{}, answer(chunked) + "2\r\nab\r\nx\r\n", ok("ab", -1, bad)},
		{"a chunk longer than it said", asked{}, answer(chunked) + "2\r\nabc\r\n0\r\n\r\n", ok("ab", -1, bad)},
		{"ended by the close", asked{}, answer() + "abc", ok("abc", -1, closed)},
		{"nothing and the close", asked{}, answer(), ok("", -1, closed)},
		{"HTTP/1.0 ended by the close", asked{}, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nabc", ok("abc", -1, closed)},
		{"HEAD with a length", asked{head: true}, answer("Content-Length: 2"), ok("", 2, nil)},
		{"HEAD of chunks", asked{head: true}, answer(chunked), ok("", -1, nil)},
		{"HEAD without either", asked{head: true}, answer(), ok("", -1, nil)},
		{"HEAD with a body", asked{head: true}, answer("Content-Length: 2") + "ab", ok("", 2, closed)},
		{"204", asked{}, "HTTP/1.1 204 No Content\r\n\r\n", status(204, "No Content", -1, true)},
		{"204 of length 0", asked{}, "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", status(204, "No Content", 0, true)},
		{"204 with a length", asked{}, "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", status(204, "No Content", 2, false)},
		{"204 of chunks", asked{}, "HTTP/1.1 204 No Content\r\n" + chunked + "\r\n\r\n", status(204, "No Content", -1, false)},
		{"304 with a length", asked{}, "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", status(304, "Not Modified", 2, true)},
		{"304 without one", asked{}, "HTTP/1.1 304 Not Modified\r\n\r\n", status(304, "Not Modified", -1, true)},
		{"cut within the line", asked{}, "HTTP/1.", response{head: isCut}},
		{"cut within the head", asked{}, "HTTP/1.1 200 OK\r\nX: y\r\n", response{head: isCut}},
		{"no answer", asked{}, "", response{head: isCut}},
	}
}

func TestResponses(t *testing.T) {
	for _, c := range responseCases() {
		t.Run(c.name, func(t *testing.T) {
			same(t, "the naive reader", naiveResponse(c.stream, c.to, limits), c.want)
			same(t, "in one piece", readResponse(t, whole(c.stream), c.to, limits), c.want)
			// What follows an answer in a later piece is found by Quiet.
			follows := func(r response, want response) response {
				r.reusable = want.reusable
				return r
			}
			same(t, "byte by byte", follows(readResponse(t, bytewise(c.stream), c.to, limits), c.want), c.want)
			for at := range splits(c.stream) {
				same(t, "in two pieces", follows(readResponse(t, cut(c.stream, at), c.to, limits), c.want), c.want)
				if t.Failed() {
					t.Fatalf("cut at %d of %d", at, len(c.stream))
				}
			}
		})
	}
}

// TestAnotherAnswer reads one answer after the other from one connection.
func TestAnotherAnswer(t *testing.T) {
	stream := &script{pieces: [][]byte{
		[]byte(answer("Content-Length: 2") + "ab"),
		[]byte(answer("Transfer-Encoding: chunked") + "1\r\nc\r\n0\r\n\r\n"),
		[]byte("HTTP/1.1 304 Not Modified\r\n\r\n"),
		[]byte(answer() + "d"),
	}}
	c := http1.NewClientConn(stream, limits)
	var got []string
	for range 4 {
		x := message.New()
		x.Request.Method, x.Request.Path = []byte("GET"), []byte("/")
		if err := c.WriteRequest(x, nil); err != nil {
			t.Fatal(err)
		}
		if c.Answered() || c.Reusable() {
			t.Errorf("before an answer: answered %v, reusable %v", c.Answered(), c.Reusable())
		}
		if err := c.ReadResponse(x, 0, nil); err != nil {
			t.Fatal(err)
		}
		if x.Response.Body != nil && c.Reusable() {
			t.Error("reusable before the body was read")
		}
		body, _ := readBody(t, x.Response.Body)
		got = append(got, fmt.Sprintf("%d %s %v", x.Response.Status, body, c.Reusable()))
		x.Release()
	}
	same(t, "answers", got, []string{"200 ab true", "200 c true", "304  true", "200 d false"})
}
