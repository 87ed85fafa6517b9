package http1_test

import (
	"testing"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

var (
	// small are limits that short inputs can reach.
	small = http1.Limits{Line: 64, Head: 256, Fields: 6}
	// wide lets through what a head gains on its way.
	wide = http1.Limits{Line: 1 << 20, Head: 1 << 20, Fields: 1000}
)

// longest input: larger ones reach nothing else and cost time.
const longest = 12 << 10

// FuzzRequest compares the parser with the naive reader, however the bytes
// arrive, and then what is sent to an upstream with what was read.
func FuzzRequest(f *testing.F) {
	for _, c := range requestCases() {
		f.Add([]byte(c.stream), 3, false)
		f.Add([]byte(c.stream), 40, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, at int, tight bool) {
		if len(data) > longest {
			return
		}
		checkRequests(t, string(data), at, tight)
	})
}

// FuzzChunks is FuzzRequest behind a head that announces chunks, and before
// another request.
func FuzzChunks(f *testing.F) {
	for _, c := range chunkedBodies() {
		f.Add([]byte(c.stream[len(chunkedHead):]), 3, false)
		f.Add([]byte(c.stream[len(chunkedHead):]), 40, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, at int, tight bool) {
		if len(data) > longest {
			return
		}
		checkRequests(t, chunkedHead+string(data)+get11, at, tight)
	})
}

func checkRequests(t *testing.T, stream string, at int, tight bool) {
	l := limits
	if tight {
		l = small
	}
	want := naiveRequests(stream, l)
	same(t, "whole", readRequests(t, whole(stream), l), want)
	same(t, "in two pieces", readRequests(t, cut(stream, place(at, stream)), l), want)
	same(t, "byte by byte", readRequests(t, bytewise(stream), l), want)
	if len(want) > 0 && want[0].head == isWhole {
		sentOn(t, cut(stream, place(at, stream)), l, want[0])
	}
}

func place(at int, stream string) int { return int(uint(at) % uint(len(stream)+1)) }

// sentOn passes a request on: nothing reaches an upstream in another shape than
// it was read.
func sentOn(t *testing.T, client *script, l http1.Limits, want request) {
	x := message.New()
	defer x.Release()
	c := http1.NewServerConn(client, l)
	if err := c.Await(0); err != nil {
		t.Fatal(err)
	}
	if err := c.ReadRequest(x, patience); err != nil {
		t.Fatal(err)
	}
	upstream := whole("")
	e := exchange{upstream: http1.NewClientConn(upstream, l)}
	e.ask(x)
	got := naiveRequests(upstream.out.String(), wide)
	if len(got) != 1 {
		t.Fatalf("%q reads as %d requests", upstream.out.String(), len(got))
	}
	if want.end != isWhole {
		if e.askErr == nil || got[0].end != isCut {
			t.Errorf("a broken body is sent on, %v, as %q", e.askErr, upstream.out.String())
		}
		return
	}
	want.minor, want.more = 1, !want.expect
	want.te = want.te && want.upgrade == ""
	same(t, "sent on", got[0], want)
}

// FuzzResponse compares the parser with the naive reader, and then what a client
// is sent with what was read.
func FuzzResponse(f *testing.F) {
	for _, c := range responseCases() {
		f.Add([]byte(c.stream), 3, c.to.head, c.to.upgrade, false)
		f.Add([]byte(c.stream), 40, c.to.head, c.to.upgrade, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, at int, head bool, upgrade string, tight bool) {
		if len(data) > longest {
			return
		}
		stream, a, l := string(data), asked{head, upgrade}, limits
		if tight {
			l = small
		}
		want := naiveResponse(stream, a, l)
		same(t, "whole", readResponse(t, whole(stream), a, l), want)
		for _, arriving := range []*script{cut(stream, place(at, stream)), bytewise(stream)} {
			got := readResponse(t, arriving, a, l)
			got.reusable = want.reusable // what comes later is found by Quiet
			same(t, "in pieces", got, want)
		}
		if tight {
			return
		}
		request := get11
		if head {
			request = head11
		}
		answeredOn(t, request, a, stream, want)
		if want.status != 101 && !head {
			answeredOn(t, get10, a, stream, want)
		}
	})
}

// answeredOn passes an answer on: a good one whole, a broken one never so.
func answeredOn(t *testing.T, request string, a asked, stream string, want response) {
	x := message.New()
	defer x.Release()
	client := whole(request)
	e := newExchange(client, whole(stream))
	if err := e.client.Await(0); err != nil {
		t.Fatal(err)
	}
	if err := e.client.ReadRequest(x, patience); err != nil {
		t.Fatal(err)
	}
	x.Request.Upgrade = []byte(a.upgrade)
	if e.upstream.ReadResponse(x, 0, e.client) != nil {
		return
	}
	err := e.client.Respond(x)
	got := naiveResponse(client.out.String(), a, wide)
	old := x.Request.Minor == 0
	byClose := old && want.length < 0
	if want.end != isWhole {
		if err == nil || !byClose && got.end != isCut {
			t.Errorf("a broken answer is passed on, %v, as %q", err, client.out.String())
		}
		return
	}
	if want.reason == "" {
		want.reason = http1.StatusText(want.status)
	}
	if want.status != 101 {
		want.upgrade = ""
	}
	if old {
		want.interim, want.trailers = nil, nil
	}
	got.length, got.reusable = want.length, want.reusable // of the upstream's framing
	same(t, "passed on", got, want)
	if err != nil {
		t.Error(err)
	}
}
