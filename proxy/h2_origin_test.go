package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"forge.home.arpa/portico/proxy/record"
)

// framesOrigin is an upstream that answers requests with whatever frames it
// likes: serve is called with the stream of each.
func framesOrigin(t testing.TB, serve func(f *frames, id uint32)) string {
	return origin(t, func(c net.Conn, r *bufio.Reader) {
		if _, err := io.CopyN(io.Discard, r, int64(len(http2.ClientPreface))); err != nil {
			return
		}
		f := &frames{t: t, Conn: c, Framer: http2.NewFramer(c, r)}
		f.Framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		f.table = hpack.NewEncoder(&f.block)
		if f.WriteSettings() != nil {
			return
		}
		for {
			frame, err := f.ReadFrame()
			if err != nil {
				return
			}
			if h, ok := frame.(*http2.MetaHeadersFrame); ok {
				serve(f, h.StreamID)
			}
		}
	})
}

func (f *frames) head(id uint32, end bool, fields ...string) {
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: f.fields(fields...), EndHeaders: true, EndStream: end})
}

func h2cRoute(addr, more string) string {
	return fmt.Sprintf("[route.a]\nhost = \"*\"\nto = \"h2c://%s\"\n%s\n", addr, more)
}

// TestH2COrigins: what an upstream must not do never looks like a whole answer,
// and the record says what it was.
func TestH2COrigins(t *testing.T) {
	ok := []string{":status", "200"}
	for name, c := range map[string]struct {
		serve func(f *frames, id uint32)
		more  string
		want  string // the status, and "cut" where the answer is not whole
		cause record.Cause
	}{
		"a whole answer": {serve: func(f *frames, id uint32) {
			f.head(id, false, ok...)
			_ = f.WriteData(id, true, []byte("x"))
		}, want: "200"},
		"a reset":   {serve: func(f *frames, id uint32) { _ = f.WriteRSTStream(id, http2.ErrCodeInternal) }, want: "502", cause: record.CauseReset},
		"an end":    {serve: func(f *frames, _ uint32) { f.Close() }, want: "502", cause: record.CauseReset},
		"silence":   {serve: func(*frames, uint32) {}, more: `timeout = { response_header = "100ms" }`, want: "504", cause: record.CauseHeaderTimeout},
		"refused":   {serve: func(f *frames, id uint32) { _ = f.WriteRSTStream(id, http2.ErrCodeRefusedStream) }, want: "502", cause: record.CauseReset},
		"a goodbye": {serve: func(f *frames, _ uint32) { _ = f.WriteGoAway(0, http2.ErrCodeNo, nil) }, want: "502", cause: record.CauseReset},
		"a reset within the answer": {serve: func(f *frames, id uint32) {
			f.head(id, false, ok...)
			_ = f.WriteData(id, false, []byte("x"))
			_ = f.WriteRSTStream(id, http2.ErrCodeInternal)
		}, want: "200 cut", cause: record.CauseReset},
		"an end within the answer": {serve: func(f *frames, id uint32) {
			f.head(id, false, ok...)
			_ = f.WriteData(id, false, []byte("x"))
			f.Close()
		}, want: "200 cut", cause: record.CauseReset},
		"silence within the answer": {serve: func(f *frames, id uint32) {
			f.head(id, false, ok...)
			_ = f.WriteData(id, false, []byte("x"))
		}, more: `timeout = { idle = "100ms" }`, want: "200 cut", cause: record.CauseBodyTimeout},
		"less than its length": {serve: func(f *frames, id uint32) {
			f.head(id, false, append(ok, "content-length", "5")...)
			_ = f.WriteData(id, true, []byte("x"))
		}, want: "200 cut", cause: record.CauseReset},
		"more than its length": {serve: func(f *frames, id uint32) {
			f.head(id, false, append(ok, "content-length", "5")...)
			_ = f.WriteData(id, true, []byte("0123456789"))
		}, want: "200", cause: record.CauseReset},
		"a length and no body": {serve: func(f *frames, id uint32) { f.head(id, true, append(ok, "content-length", "5")...) },
			want: "200 cut", cause: record.CauseReset},
		"no status":             {serve: func(f *frames, id uint32) { f.head(id, true, "a", "b") }, want: "502", cause: record.CauseProtocol},
		"a status of words":     {serve: func(f *frames, id uint32) { f.head(id, true, ":status", "fine") }, want: "502", cause: record.CauseProtocol},
		"a status of 99":        {serve: func(f *frames, id uint32) { f.head(id, true, ":status", "099") }, want: "502", cause: record.CauseProtocol},
		"a status of 600":       {serve: func(f *frames, id uint32) { f.head(id, true, ":status", "600") }, want: "502", cause: record.CauseProtocol},
		"an unasked switch":     {serve: func(f *frames, id uint32) { f.head(id, false, ":status", "101") }, want: "502", cause: record.CauseProtocol},
		"a line end in a value": {serve: func(f *frames, id uint32) { f.head(id, true, append(ok, "x", "a\r\nb: c")...) }, want: "502", cause: record.CauseProtocol},
		"a capital letter":      {serve: func(f *frames, id uint32) { f.head(id, true, append(ok, "X-A", "b")...) }, want: "502", cause: record.CauseProtocol},
		"many fields":           {serve: func(f *frames, id uint32) { f.head(id, true, append(ok, many("x", 201)...)...) }, want: "502", cause: record.CauseProtocol},
		"a huge head": {serve: func(f *frames, id uint32) {
			f.head(id, true, append(ok, "x", strings.Repeat("x", 16000), "y", strings.Repeat("y", 60000))...)
		}, want: "502", cause: record.CauseProtocol},
		"1xx for ever": {serve: func(f *frames, id uint32) {
			for f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: f.fields(":status", "103"), EndHeaders: true}) == nil {
			}
		}, want: "502", cause: record.CauseProtocol},
		"a promise": {serve: func(f *frames, id uint32) {
			_ = f.WritePushPromise(http2.PushPromiseParam{StreamID: id, PromiseID: 2, EndHeaders: true})
		}, want: "502", cause: record.CauseProtocol},
		"no HPACK": {serve: func(f *frames, id uint32) {
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, EndHeaders: true})
		}, want: "502", cause: record.CauseProtocol},
		"DATA before HEAD": {serve: func(f *frames, id uint32) { _ = f.WriteData(id, true, []byte("x")) }, want: "502", cause: record.CauseProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, h2cRoute(framesOrigin(t, c.serve), c.more))
			resp, err := clientOf(t, "http1").Get("http://" + s.addr + "/")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			got := fmt.Sprint(resp.StatusCode)
			if _, err := io.ReadAll(resp.Body); err != nil {
				got += " cut"
			}
			if row := s.lastRow(1); got != c.want || row.Cause != c.cause {
				t.Errorf("%s, cause %q: %s; want %s, %q", got, row.Cause, row.Detail, c.want, c.cause)
			}
			s.idle()
		})
	}
}

// What speaks HTTP/1 alone is told from what breaks HTTP/2.
func TestH2CToHTTP1(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		r.ReadByte()
		io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
	})
	s := newSite(t, h2cRoute(addr, ""))
	if resp, _ := s.get("a", "/"); resp.StatusCode != 502 {
		t.Errorf("status %d", resp.StatusCode)
	}
	if row := s.lastRow(1); row.Cause != record.CauseProtocol || !strings.Contains(row.Detail, "speaks HTTP/1, not HTTP/2") {
		t.Errorf("cause %q: %s", row.Cause, row.Detail)
	}
}

// A kept connection that says goodbye as the request is on its way has not begun
// it: a POST is sent anew, once.
func TestH2CGoodbyeIsNoFailure(t *testing.T) {
	for name, goodbye := range map[string]func(f *frames, id uint32){
		"GOAWAY":         func(f *frames, id uint32) { _ = f.WriteGoAway(id-2, http2.ErrCodeNo, nil) },
		"REFUSED_STREAM": func(f *frames, id uint32) { _ = f.WriteRSTStream(id, http2.ErrCodeRefusedStream) },
	} {
		t.Run(name, func(t *testing.T) {
			var done atomic.Int32
			s := newSite(t, h2cRoute(framesOrigin(t, func(f *frames, id uint32) {
				if id > 1 { // the second on a connection
					goodbye(f, id)
					return
				}
				done.Add(1)
				f.head(id, true, ":status", "200")
			}), ""))
			client := clientOf(t, "http1")
			for i := range 3 {
				resp, err := client.Post("http://"+s.addr+"/", "", nil)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != 200 || done.Load() != int32(i+1) {
					t.Fatalf("%s, done %d times, want %d: %+v", resp.Status, done.Load(), i+1, s.lastRow(uint64(i+1)).Detail)
				}
			}
		})
	}
}

// The connection is kept, after an exchange that was cancelled too.
func TestH2CKeepsItsConnection(t *testing.T) {
	var conns atomic.Int32
	asked := make(chan struct{}, 10)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	server := &http.Server{Protocols: p, ConnState: func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			asked <- struct{}{}
			<-r.Context().Done()
		}
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	s := newSite(t, h2cRoute(l.Addr().String(), ""))
	f := s.frames()
	for i := range 5 {
		if got := f.outcome(f.ask(get...)); got != "200" {
			t.Fatal(got)
		}
		id := f.ask(set(get, ":path", "/wait")...)
		<-asked
		f.do(f.WriteRSTStream(id, http2.ErrCodeCancel))
		s.lastRow(uint64(2*i + 2))
		s.idle()
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}
