package http1_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

// noise is a body in which every place looks different.
func noise(n int) string {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%x,", i)
	}
	return b.String()[:n]
}

// TestLarge sends answers that fit no buffer.
func TestLarge(t *testing.T) {
	body := noise(100_000)
	long := "X: " + noise(30<<10) + "\r\n"
	chunks := func(size int) string {
		var b strings.Builder
		for rest := body; rest != ""; {
			n := min(size, len(rest))
			fmt.Fprintf(&b, "%x\r\n%s\r\n", n, rest[:n])
			rest = rest[n:]
		}
		return b.String() + "0\r\nT: u\r\n\r\n"
	}
	for _, c := range []struct{ name, upstream string }{
		{"a length", "Content-Length: 100000\r\n\r\n" + body},
		{"the close", "\r\n" + body},
		{"one chunk", "Transfer-Encoding: chunked\r\n\r\n" + chunks(100_000)},
		{"small chunks", "Transfer-Encoding: chunked\r\n\r\n" + chunks(100)},
		{"a head and a length", long + "Content-Length: 100000\r\n\r\n" + body},
		{"a head and chunks", long + "Transfer-Encoding: chunked\r\n\r\n" + chunks(1000)},
		{"a head and nothing", long + "Content-Length: 0\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			stream := "HTTP/1.1 200 OK\r\n" + c.upstream
			want := naiveResponse(stream, asked{}, limits)
			for _, request := range []string{get11, get10} {
				for _, upstream := range []*script{whole(stream), cut(stream, 20_000)} {
					got, _, e := forward(whole(request), upstream)
					if e.respondErr != nil {
						t.Fatal(e.respondErr)
					}
					r := naiveResponse(got, asked{}, limits)
					same(t, "head", []any{r.head, r.end, r.fields}, []any{isWhole, isWhole, want.fields})
					if r.body != want.body {
						t.Errorf("another body: %d bytes, want %d", len(r.body), len(want.body))
					}
				}
			}
		})
	}
}

// TestSplice moves a body that the kernel may move, with a head in front and
// another answer behind.
func TestSplice(t *testing.T) {
	noneLeft(t)
	client, ours := tcpPair(t)
	upstream, toUpstream := tcpPair(t)
	body := noise(3 << 20)
	go func() {
		io.WriteString(upstream, answer("X: y", fmt.Sprintf("Content-Length: %d", len(body)))+body)
	}()
	say(t, client, get11)
	e := newExchange(ours, toUpstream)
	done := make(chan *exchange, 1)
	go func() { done <- e.run() }()
	r := naiveResponse(hearHead(t, client)+hearN(t, client, len(body)), asked{}, limits)
	if r.body != body || !r.reusable {
		t.Errorf("%d bytes, want %d; %s", len(r.body), len(body), r.end)
	}
	waitFor(t, "the end of the exchange", done)
	if e.respondErr != nil || !e.again || !e.reusable {
		t.Errorf("error %v, another request %v, reusable %v", e.respondErr, e.again, e.reusable)
	}
	go io.WriteString(upstream, answer("Content-Length: 1")+"z")
	say(t, client, get11)
	go func() { done <- e.run() }()
	hear(t, client, answer("Content-Length: 1")+"z")
	waitFor(t, "the end of the next", done)
}

func hearN(t testing.TB, c io.Reader, n int) string {
	t.Helper()
	b := make([]byte, n)
	if n, err := io.ReadFull(c, b); err != nil {
		t.Fatalf("after %d bytes of %d: %v", n, len(b), err)
	}
	return string(b)
}

// TestClientLeaves: the client's failure is told from the upstream's.
func TestClientLeaves(t *testing.T) {
	noneLeft(t)
	for _, c := range []struct{ name, head string }{
		{"a length", answer("Content-Length: 1000000000")},
		{"chunks", answer("Transfer-Encoding: chunked") + "3b9aca00\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, ours := tcpPair(t)
			upstream, toUpstream := tcpPair(t)
			done := respondLater(t, ours, toUpstream)
			say(t, client, get11)
			flood := make(chan error, 1)
			go func() {
				_, err := io.WriteString(upstream, c.head)
				for b := make([]byte, 64<<10); err == nil; {
					_, err = upstream.Write(b)
				}
				flood <- err
			}()
			hearHead(t, client)
			reset(client)
			e := waitFor(t, "the end of the exchange", done)
			var gone *http1.ClientError
			if !errors.As(e.respondErr, &gone) || e.again || e.reusable {
				t.Errorf("error %v, another request %v, reusable %v", e.respondErr, e.again, e.reusable)
			}
			waitFor(t, "the end of the upstream", flood)
		})
	}
}

// TestCoalesced: small chunks that came together go on together.
func TestCoalesced(t *testing.T) {
	client := whole(get11)
	got, _, _ := forward(client, whole(answer("Transfer-Encoding: chunked")+strings.Repeat("1\r\na\r\n", 1000)+"0\r\n\r\n"))
	same(t, "answer", got, answer("Transfer-Encoding: chunked")+"03e8\r\n"+strings.Repeat("a", 1000)+"\r\n0\r\n\r\n")
	same(t, "writes", client.writes, 1)

	upload := "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	upstream := whole(answer("Content-Length: 0"))
	_, got, _ = forward(whole(upload+strings.Repeat("1\r\na\r\n", 1000)+"0\r\n\r\n"), upstream)
	same(t, "upload", got, upload+"03e8\r\n"+strings.Repeat("a", 1000)+"\r\n0\r\n\r\n")
	same(t, "writes", upstream.writes, 2)
}

// TestFlushed: what the upstream said reaches the client before it says more.
func TestFlushed(t *testing.T) {
	noneLeft(t)
	for _, c := range []struct{ name, head, said, heard string }{
		{"a length", answer("Content-Length: 20"), "a", "a"},
		{"a large length", answer("Content-Length: 1000000"), "a", "a"},
		{"chunks", answer("Transfer-Encoding: chunked"), "1\r\na\r\n", "0001\r\na\r\n"},
		{"half a chunk line more", answer("Transfer-Encoding: chunked"), "1\r\na\r\n1", "0001\r\na\r\n"},
		{"the close", answer(), "a", "0001\r\na\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, ours := tcpPair(t)
			upstream, toUpstream := tcpPair(t)
			done := respondLater(t, ours, toUpstream)
			say(t, client, get11)
			say(t, upstream, c.head)
			hearHead(t, client)
			say(t, upstream, c.said)
			hear(t, client, c.heard)
			if !strings.HasSuffix(c.said, "1") {
				say(t, upstream, c.said)
				hear(t, client, c.heard)
			}
			upstream.Close()
			waitFor(t, "the end of the exchange", done)
		})
	}
}

// TestUpload sends bodies on in every framing.
func TestUpload(t *testing.T) {
	body := noise(50_000)
	const post = "POST /x?y HTTP/1.1\r\nHost: a\r\nX: y\r\n"
	for _, c := range []struct{ name, request, want string }{
		{"no body", post + "\r\n", post + "Content-Length: 0\r\n\r\n"},
		{"a length", post + "Content-Length: 3\r\n\r\nabc", post + "Content-Length: 3\r\n\r\nabc"},
		{"a large length", post + "Content-Length: 50000\r\n\r\n" + body, post + "Content-Length: 50000\r\n\r\n" + body},
		{"chunks", post + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\nT: u\r\n\r\n",
			post + "Transfer-Encoding: chunked\r\n\r\n0003\r\nabc\r\n0\r\nT: u\r\n\r\n"},
		{"an expectation", post + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc", post + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"},
		{"a method that needs no length", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"absolute form", "GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x HTTP/1.1\r\nHost: b\r\n\r\n"},
		{"trailers taken", head("TE: trailers"), "GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: trailers\r\n\r\n"},
		{"an upgrade", head("Connection: Upgrade", "Upgrade: websocket"), "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, client := range []*script{whole(c.request), cut(c.request, len(c.request)-2), bytewise(c.request)} {
				_, got, e := forward(client, whole(answer("Content-Length: 0")))
				if e.askErr != nil {
					t.Fatal(e.askErr)
				}
				if client.writes == 0 {
					t.Error("no answer was written")
				}
				if strings.HasPrefix(c.name, "chunks") { // coalesced as they come
					same(t, "request", naiveRequests(got, limits), naiveRequests(c.want, limits))
					continue
				}
				same(t, "request", got, c.want)
			}
		})
	}
}

// TestUploadBreaks: a body cut short is never sent as a whole one.
func TestUploadBreaks(t *testing.T) {
	const post = "POST / HTTP/1.1\r\nHost: a\r\n"
	for _, c := range []struct {
		name, request string
		fault         bool // of the client, which is answered
	}{
		{"a length", post + "Content-Length: 4\r\n\r\nabc", false},
		{"chunks", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false},
		{"a bad chunk", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n", true},
		{"bad trailers", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT\r\n\r\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, got, e := forward(whole(c.request), whole(""))
			if !errors.Is(e.askErr, message.ErrBodyCut) {
				t.Errorf("error %v", e.askErr)
			}
			if bad := http1.BodyFault(e.askErr); (bad != nil) != c.fault {
				t.Errorf("fault %v", bad)
			}
			if r := naiveRequests(got, limits); r[0].end != isCut {
				t.Errorf("the upstream takes %q for %s", got, r[0].end)
			}
		})
	}
}

// TestNoBody: an answer that was given a length and no body has none: the next
// answer would be taken for it.
func TestNoBody(t *testing.T) {
	client := whole(get11)
	c := http1.NewServerConn(client, limits)
	x := message.New()
	defer x.Release()
	if err := c.Await(0); err != nil {
		t.Fatal(err)
	}
	readRequest(t, c, x)
	x.Response.Status, x.Response.Length = 200, 5
	if err := c.Respond(x); err != nil {
		t.Fatal(err)
	}
	same(t, "answer", client.out.String(), answer("Content-Length: 0"))
}

// TestHeldLarge sends a body that lies in memory and fits no buffer.
func TestHeldLarge(t *testing.T) {
	x := message.New()
	defer x.Release()
	body := noise(100_000)
	x.Request.Method, x.Request.Path, x.Request.Authority = []byte("POST"), []byte("/"), []byte("a")
	x.Request.Length = int64(len(body))
	upstream := whole("")
	if err := http1.NewClientConn(upstream, limits).WriteRequest(x, []byte(body)); err != nil {
		t.Fatal(err)
	}
	if r := naiveRequests(upstream.out.String(), limits); len(r) != 1 || r[0].body != body {
		t.Errorf("the upstream was sent %d bytes", upstream.out.Len())
	}
}

// TestLengthKept: a body of another length than was said is not passed on as if
// it were right, whoever made it: what follows would be taken for another
// message.
func TestLengthKept(t *testing.T) {
	for _, c := range []struct {
		name, body string
	}{{"longer", "abcd"}, {"shorter", "ab"}} {
		t.Run(c.name, func(t *testing.T) {
			x := message.New()
			defer x.Release()
			var request, response message.Bytes
			request.Set([]byte(c.body))
			response.Set([]byte(c.body))
			x.Request.Method, x.Request.Length, x.Request.Body = []byte("POST"), 3, &request
			x.Response.Status, x.Response.Length, x.Response.Body = 200, 3, &response

			upstream := whole("")
			var sent atomic.Int64
			if err := http1.NewClientConn(upstream, limits).SendBody(&x.Request, &sent); !errors.Is(err, message.ErrBodyCut) {
				t.Errorf("SendBody: %v", err)
			}
			if got := upstream.out.String(); len(got) > 3 || got == "abc" {
				t.Errorf("the upstream was sent %q", got)
			}
			client := whole("")
			if err := http1.NewServerConn(client, limits).Respond(x); err == nil {
				t.Error("Respond finds nothing wrong")
			}
			if r := naiveResponse(client.out.String(), asked{}, limits); r.end != isCut {
				t.Errorf("the client takes %q for %s", client.out.String(), r.end)
			}
		})
	}
}
