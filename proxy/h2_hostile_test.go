package proxy_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"forge.home.arpa/portico/proxy/record"
)

const answersHere = "[route.a]\nhost = \"*\"\nrespond = { status = 200, body = \"here\" }\n"

// What no request may be, and how it ends. What passes is recorded like any
// other; so is what the protocol itself refuses.
func TestHTTP2BadRequests(t *testing.T) {
	s := newSite(t, answersHere)
	with := func(list ...string) []string { return append(append([]string(nil), get...), list...) }
	set := func(name, value string) []string {
		list := with()
		for i := 0; i < len(list); i += 2 {
			if list[i] == name {
				list[i+1] = value
			}
		}
		return list
	}
	without := func(name string) (list []string) {
		for i := 0; i < len(get); i += 2 {
			if get[i] != name {
				list = append(list, get[i], get[i+1])
			}
		}
		return list
	}
	const malformed = "reset PROTOCOL_ERROR"
	for name, c := range map[string]struct {
		fields []string
		want   string
	}{
		"a good one":                 {get, "200"},
		"host without :authority":    {append(without(":authority"), "host", "a.lan"), "200"},
		"host equal to :authority":   {with("host", "a.lan"), "200"},
		"trailers wanted":            {with("te", "trailers"), "200"},
		"the server as a whole":      {append([]string{":method", "OPTIONS"}, set(":path", "*")[2:]...), "200"},
		"no host":                    {without(":authority"), "400"},
		"host other than :authority": {with("host", "b.lan"), malformed},
		"two hosts":                  {append(without(":authority"), "host", "a.lan", "host", "a.lan"), malformed},
		"a user in :authority":       {set(":authority", "me@a.lan"), malformed},
		"a bad :authority":           {set(":authority", "a lan"), malformed},
		"no :path":                   {without(":path"), malformed},
		"an empty :path":             {set(":path", ""), malformed},
		"a relative :path":           {set(":path", "x"), malformed},
		"a whole URL as :path":       {set(":path", "http://a.lan/"), malformed},
		"a blank in :path":           {set(":path", "/a b"), "400"},
		"a fragment in :path":        {set(":path", "/a#b"), "400"},
		"a * for GET":                {set(":path", "*"), "400"},
		"a climbing :path":           {set(":path", "/../../x"), "400"},
		"a long :path":               {set(":path", "/"+strings.Repeat("x", 17<<10)), "414"},
		"no :method":                 {without(":method"), malformed},
		"a bad :method":              {set(":method", "GE T"), "400"},
		"a long :method":             {set(":method", strings.Repeat("G", 33)), "400"},
		"TRACE":                      {set(":method", "TRACE"), "405"},
		"CONNECT":                    {[]string{":method", "CONNECT", ":authority", "a.lan:80"}, "405"},
		"CONNECT with a protocol":    {append([]string{":protocol", "websocket"}, set(":method", "CONNECT")...), malformed},
		"no :scheme":                 {without(":scheme"), malformed},
		"another :scheme":            {set(":scheme", "ftp"), malformed},
		":method twice":              {append([]string{":method", "POST"}, get...), malformed},
		"an unknown pseudo-field":    {append([]string{":user", "x"}, get...), malformed},
		"a status in a request":      {append([]string{":status", "200"}, get...), malformed},
		"a pseudo-field at the end":  {append(append([]string{"a", "b"}, get...), "c", "d"), malformed},
		"a capital letter":           {with("X-Field", "1"), malformed},
		"a blank in a name":          {with("x field", "1"), malformed},
		"a line end in a value":      {with("x", "1\r\ny: 2"), malformed},
		"a zero byte in a value":     {with("x", "1\x00"), malformed},
		"a blank before a value":     {with("x", " 1"), "400"},
		"a tab after a value":        {with("x", "1\t"), "400"},
		"a value of a blank":         {with("x", " "), "400"},
		"a blank within a value":     {with("x", "1 \t2"), "200"},
		"no value":                   {with("x", ""), "200"},
		"a blank around a host":      {append(without(":authority"), "host", "a.lan "), malformed},
		"Connection":                 {with("connection", "close"), "400"},
		"Transfer-Encoding":          {with("transfer-encoding", "chunked"), "400"},
		"Upgrade":                    {with("upgrade", "websocket"), "400"},
		"Keep-Alive":                 {with("keep-alive", "5"), "400"},
		"TE beside trailers":         {with("te", "gzip"), "400"},
		"two lengths":                {with("content-length", "0", "content-length", "0"), "400"},
		"a signed length":            {with("content-length", "+0"), "400"},
		"a length and no body":       {with("content-length", "5"), "400"},
		"another expectation":        {with("expect", "cake"), "417"},
		"many fields":                {with(many("x", 201)...), "431"},
		"large fields":               {with("x", strings.Repeat("x", 30<<10), "y", strings.Repeat("x", 30<<10)), "431"},
		"huge fields":                {with(many(strings.Repeat("x", 1000), 90)...), "431"},
	} {
		t.Run(name, func(t *testing.T) {
			f := s.frames()
			f.t = t
			if got := f.outcome(f.ask(c.fields...)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func many(name string, n int) (list []string) {
	for range n {
		list = append(list, name, "v")
	}
	return list
}

// Faults that end the connection.
func TestHTTP2BrokenConnections(t *testing.T) {
	for name, c := range map[string]struct {
		send func(f *frames) error
		want string
	}{
		"DATA on no stream":           {func(f *frames) error { return f.WriteData(1, true, []byte("x")) }, "PROTOCOL_ERROR"},
		"an even stream":              {func(f *frames) error { f.next = 2; f.ask(get...); return nil }, "PROTOCOL_ERROR"},
		"a stream that goes back":     {func(f *frames) error { f.next = 9; f.ask(get...); f.next = 3; f.ask(get...); return nil }, "PROTOCOL_ERROR"},
		"a block that is no HPACK":    {func(f *frames) error { f.open(true, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}); return nil }, "COMPRESSION_ERROR"},
		"a frame too large":           {func(f *frames) error { return f.WriteRawFrame(http2.FramePing, 0, 0, make([]byte, 1<<20)) }, "FRAME_SIZE_ERROR"},
		"a window that overflows":     {func(f *frames) error { return f.WriteWindowUpdate(0, 1<<31-1) }, "FLOW_CONTROL_ERROR"},
		"CONTINUATION without a head": {func(f *frames) error { return f.WriteContinuation(1, true, nil) }, "PROTOCOL_ERROR"},
		"a ping on a stream":          {func(f *frames) error { return f.WriteRawFrame(http2.FramePing, 0, 1, make([]byte, 8)) }, "PROTOCOL_ERROR"},
		"a promise": {func(f *frames) error {
			return f.WriteRawFrame(http2.FramePushPromise, http2.FlagPushPromiseEndHeaders, 1, make([]byte, 4))
		}, "PROTOCOL_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits for its client to read the last word
			s := newSite(t, answersHere)
			f := s.frames()
			_ = c.send(f)
			if got := f.expectClosed(); got != c.want {
				t.Errorf("said %q, want %q", got, c.want)
			}
			s.lastRow(1)
			var rows [1]record.Row
			if s.server.Records().Before(0, rows[:], func(r *record.Row) bool { return r.Rule == "bad request" }) == 0 {
				t.Error("the fault is not recorded")
			}
		})
	}
}

// Each flood ends its connection, and nobody else notices.
func TestHTTP2Floods(t *testing.T) {
	for name, flood := range map[string]func(f *frames) error{
		"PING": func(f *frames) error { return f.WritePing(false, [8]byte{1}) },
		"SETTINGS": func(f *frames) error {
			return f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 65535})
		},
		"PRIORITY": func(f *frames) error { return f.WritePriority(1, http2.PriorityParam{StreamDep: 3}) },
		"unknown":  func(f *frames) error { return f.WriteRawFrame(0xbe, 0, 0, nil) },
		"RST_STREAM": func(f *frames) error {
			id := f.ask(get...)
			return f.WriteRSTStream(id, http2.ErrCodeCancel)
		},
		"empty DATA": func(f *frames) error {
			if f.next == 1 {
				f.open(false, f.fields(get...))
			}
			return f.WriteData(1, false, nil)
		},
		"padding": func(f *frames) error {
			if f.next == 1 {
				f.open(false, f.fields(get...))
			}
			return f.WriteDataPadded(1, false, nil, make([]byte, 255))
		},
		"WINDOW_UPDATE": func(f *frames) error { return f.WriteWindowUpdate(0, 1) },
		"WINDOW_UPDATE of a stream": func(f *frames) error {
			if f.next == 1 {
				f.open(false, f.fields(get...))
			}
			return f.WriteWindowUpdate(1, 1)
		},
		"CONTINUATION": func(f *frames) error {
			if f.next == 1 {
				f.next += 2
				return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.fields(get...)})
			}
			return f.WriteContinuation(1, false, nil)
		},
		"long CONTINUATION": func(f *frames) error {
			if f.next == 1 {
				f.next += 2
				return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.fields(get...)})
			}
			return f.WriteContinuation(1, false, f.fields("x", strings.Repeat("y", 8000)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			slow := handler(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/fast" {
					<-r.Context().Done()
				}
			})
			s := newSite(t, routeTo("a", slow))
			f := s.frames()
			f.t = t
			go func() { // for ever, as far as the client is concerned
				for flood(f) == nil {
				}
			}()
			f.expectClosed()
			resp, err := overHTTP2(t).Get("http://" + s.addr + "/fast")
			if err != nil || resp.StatusCode != 200 {
				t.Fatalf("another client: %v, %v", resp, err)
			}
			resp.Body.Close()
		})
	}
}

// A client that has room for a large answer and takes it in small pieces when it
// is all there floods nobody.
func TestHTTP2Acknowledges(t *testing.T) {
	const size, piece = 16 << 20, 4 << 10
	s := newSite(t, routeTo("a", handler(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, size)) })))
	f := s.frames()
	f.do(f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: size}))
	f.do(f.WriteWindowUpdate(0, size))
	id := f.ask(get...)
	for ended := false; !ended; {
		frame, err := f.ReadFrame()
		f.do(err)
		data, ok := frame.(*http2.DataFrame)
		ended = ok && data.StreamEnded()
	}
	for range size / piece {
		f.do(f.WriteWindowUpdate(id, piece))
		f.do(f.WriteWindowUpdate(0, piece))
	}
	if got := f.outcome(f.ask(get...)); got != "200" {
		t.Errorf("the next request: %s", got)
	}
}

// Requests taken back cost the upstream no more than their budget.
func TestHTTP2RapidResetSparesTheUpstream(t *testing.T) {
	var asked atomic.Int64
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-r.Context().Done()
	})
	s := newSite(t, routeTo("a", addr))
	f := s.frames()
	go func() {
		for f.WriteRSTStream(f.ask(get...), http2.ErrCodeCancel) == nil {
		}
	}()
	f.expectClosed()
	if n := asked.Load(); n > 2000 {
		t.Errorf("the upstream was asked %d times", n)
	}
	s.idle()
}

// idle waits until nothing is under way.
func (s *site) idle() {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); s.server.Status().Active > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("%d requests are still under way", s.server.Status().Active)
		}
	}
}

// A head that does not come ends its connection in the time of all heads.
func TestHTTP2SlowHead(t *testing.T) {
	s := newSite(t, "")
	s.apply("[server]\nhttp = \"" + s.addr + "\"\nheader_timeout = \"100ms\"\n" + answersHere)
	f := s.frames()
	f.do(f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: f.fields(get...)}))
	f.expectClosed()
	f = s.frames() // and one within a frame
	block := f.fields(get...)
	_, err := f.Conn.Write([]byte{0, 0, byte(len(block)), byte(http2.FrameHeaders), 5, 0, 0, 0, 1, block[0]})
	f.do(err)
	f.expectClosed()
	f = s.frames() // a whole one leaves no deadline behind
	if got := f.outcome(f.ask(get...)); got != "200" {
		t.Fatal(got)
	}
	time.Sleep(200 * time.Millisecond)
	if got := f.outcome(f.ask(get...)); got != "200" {
		t.Errorf("later: %s", got)
	}
}

// A client has so many requests under way and no more.
func TestHTTP2StreamsAreBounded(t *testing.T) {
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s := newSite(t, routeTo("a", addr))
	f := s.frames()
	frame, err := f.ReadFrame()
	f.do(err)
	most, ok := frame.(*http2.SettingsFrame).Value(http2.SettingMaxConcurrentStreams)
	if !ok || most == 0 || most > 200 {
		t.Fatalf("SETTINGS: %d streams", most)
	}
	for range most {
		f.ask(get...)
	}
	over := f.ask(get...)
	if got := f.outcome(over); !strings.HasPrefix(got, "reset ") {
		t.Errorf("one more: %s", got)
	}
	f.Close()
	s.idle()
}
