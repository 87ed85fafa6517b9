package proxy_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"forge.home.arpa/portico/proxy/record"
)

// lasting answers and goes on until its client leaves; started and ended tell.
func lasting(t testing.TB, kind string) (addr string, started, ended chan struct{}) {
	started, ended = make(chan struct{}, 10), make(chan struct{}, 10)
	return handler(t, func(w http.ResponseWriter, r *http.Request) {
		if kind != "" {
			w.Header().Set("Content-Type", kind)
			io.WriteString(w, "first")
			http.NewResponseController(w).Flush()
		}
		started <- struct{}{}
		<-r.Context().Done()
		ended <- struct{}{}
	}), started, ended
}

func wait(t testing.TB, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(15 * time.Second):
		t.Fatalf("%s: not in time", what)
	}
}

// A client that takes its request back, or leaves, frees the upstream at once,
// before the answer and within it.
func TestHTTP2LeavingFreesTheUpstream(t *testing.T) {
	for name, kind := range map[string]string{"before an answer": "", "within it": "text/event-stream"} {
		for how, leave := range map[string]func(f *frames, id uint32){
			"reset": func(f *frames, id uint32) { f.do(f.WriteRSTStream(id, http2.ErrCodeCancel)) },
			"close": func(f *frames, _ uint32) { f.Close() },
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				addr, started, ended := lasting(t, kind)
				s := newSite(t, routeTo("a", addr))
				f := s.frames()
				id := f.ask(get...)
				wait(t, started, "the request")
				leave(f, id)
				wait(t, ended, "the upstream's end")
				if row := s.lastRow(1); row.Cause != record.CauseClientGone {
					t.Errorf("cause %q: %s", row.Cause, row.Detail)
				}
				s.idle()
				if how == "reset" { // the connection is as good as before
					if got := f.outcome(f.ask(set(get, ":path", "/../x")...)); got != "400" {
						t.Errorf("afterwards: %s", got)
					}
				}
			})
		}
	}
}

// set replaces a field.
func set(fields []string, name, value string) []string {
	out := append([]string(nil), fields...)
	for i := 0; i < len(out); i += 2 {
		if out[i] == name {
			out[i+1] = value
		}
	}
	return out
}

// A client that takes nothing of one answer gets another meanwhile, and what it
// does not take is not read from the upstream.
func TestHTTP2SlowReader(t *testing.T) {
	const size = 64 << 20
	sent := make(chan int, 1)
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/large" {
			return
		}
		n, piece := 0, make([]byte, 64<<10)
		for n < size {
			m, err := w.Write(piece)
			if n += m; err != nil {
				break
			}
		}
		sent <- n
	})
	s := newSite(t, routeTo("a", addr))
	f := s.frames()
	f.ask(set(get, ":path", "/large")...)
	if got := f.outcome(f.ask(get...)); got != "200" {
		t.Fatal(got)
	}
	f.Close()
	select {
	case n := <-sent:
		if n > size/2 {
			t.Errorf("%d bytes were read for a client that takes none", n)
		}
	case <-time.After(15 * time.Second):
		t.Fatal("the upstream still waits")
	}
	s.idle()
}

// An answer that the client does not take is cut in the route's idle time.
func TestHTTP2IdleReaderIsCut(t *testing.T) {
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		for piece := make([]byte, 64<<10); ; {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	})
	s := newSite(t, routeTo("a", addr)+"timeout = { idle = \"200ms\" }\n")
	f := s.frames()
	id := f.ask(get...)
	if got := f.outcome(id); got != "200" {
		t.Fatal(got)
	}
	if got := f.outcome(id); !strings.HasPrefix(got, "reset ") {
		t.Errorf("then %s", got)
	}
	if row := s.lastRow(1); !row.Aborted || row.Cause != record.CauseClientGone {
		t.Errorf("aborted %v, cause %q", row.Aborted, row.Cause)
	}
}

// A body that stops coming is a 408 in the route's idle time.
func TestHTTP2IdleBody(t *testing.T) {
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	s := newSite(t, routeTo("a", addr)+"timeout = { idle = \"200ms\" }\n")
	f := s.frames()
	id := f.open(false, f.fields(set(get, ":method", "POST")...))
	f.do(f.WriteData(id, false, []byte("some")))
	if got := f.outcome(id); got != "408" {
		t.Errorf("%s", got)
	}
	if row := s.lastRow(1); row.Cause != record.CauseBodyTimeout {
		t.Errorf("cause %q: %s", row.Cause, row.Detail)
	}
}

// A body that ends before or after its length never looks whole to an upstream.
func TestHTTP2LyingLength(t *testing.T) {
	bodies := make(chan error, 2)
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		bodies <- err
	})
	s := newSite(t, routeTo("a", addr))
	for _, body := range []string{"less", "more than that"} {
		f := s.frames()
		id := f.open(false, f.fields(append(set(get, ":method", "POST"), "content-length", "10")...))
		f.do(f.WriteData(id, true, []byte(body)))
		if got := f.outcome(id); got == "200" {
			t.Errorf("%q: %s", body, got)
		}
		f.Close()
		s.settles()
		select {
		case err := <-bodies:
			if err == nil {
				t.Errorf("%q came whole", body)
			}
		default: // the upstream was not asked
		}
	}
}

// At the end clients are told to leave, and present answers come whole.
func TestHTTP2Drain(t *testing.T) {
	release := make(chan struct{})
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "half")
		http.NewResponseController(w).Flush()
		<-release
		io.WriteString(w, "whole")
	})
	s := newSite(t, routeTo("a", addr))
	resp, err := overHTTP2(t).Get("http://" + s.addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	idle := s.frames()
	if got := idle.outcome(idle.ask(set(get, ":path", "/../x")...)); got != "400" {
		t.Fatal(got)
	}
	s.stop()
	if got := idle.expectClosed(); got != "NO_ERROR" {
		t.Errorf("an idle client was told %q", got)
	}
	close(release)
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "halfwhole" {
		t.Errorf("%q, %v", body, err)
	}
	wait(t, s.ended, "the end")
}

// What has no end of its own is cut, the connection with it.
func TestHTTP2DrainEndless(t *testing.T) {
	addr, started, ended := lasting(t, "text/event-stream")
	s := newSite(t, routeTo("a", addr))
	s.frames().ask(get...)
	wait(t, started, "the request")
	s.stop()
	wait(t, ended, "the upstream's end")
	wait(t, s.ended, "the end")
}

// The clients of a dropped listener are told to leave.
func TestHTTP2DroppedListener(t *testing.T) {
	s := newSite(t, "")
	kept, dropped := s.addr, freeAddr(t)
	s.apply(fmt.Sprintf("[server]\nhttp = [%q, %q]\n", kept, dropped) + answersHere)
	s.addr = dropped
	f := s.frames()
	if got := f.outcome(f.ask(get...)); got != "200" {
		t.Fatal(got)
	}
	s.apply(fmt.Sprintf("[server]\nhttp = %q\n", kept) + answersHere)
	if got := f.expectClosed(); got != "NO_ERROR" {
		t.Errorf("said %q", got)
	}
	s.addr = kept
	f = s.frames()
	if got := f.outcome(f.ask(get...)); got != "200" {
		t.Errorf("the other listener: %s", got)
	}
}

// A connection without requests ends in the time that the file gives it.
func TestHTTP2Idle(t *testing.T) {
	s := newSite(t, "")
	s.apply(fmt.Sprintf("[server]\nhttp = %q\nidle_timeout = \"100ms\"\n", s.addr) + answersHere)
	f := s.frames()
	if got := f.outcome(f.ask(get...)); got != "200" {
		t.Fatal(got)
	}
	if got := f.expectClosed(); got != "NO_ERROR" {
		t.Errorf("said %q", got)
	}
}

// Requests side by side do not mix.
func TestHTTP2SideBySide(t *testing.T) {
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s", r.URL.Path, body)
	})
	s := newSite(t, routeTo("a", addr))
	client := overHTTP2(t)
	const n = 64
	wrong := make(chan string, n)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for i := range n {
		go func() {
			body := strings.Repeat(fmt.Sprint(i, ","), 1000*i)
			r, _ := http.NewRequestWithContext(ctx, "POST", fmt.Sprintf("http://%s/%d", s.addr, i), strings.NewReader(body))
			resp, err := client.Do(r)
			if err != nil {
				wrong <- err.Error()
				return
			}
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			if want := fmt.Sprintf("/%d %s", i, body); err != nil || string(got) != want {
				wrong <- fmt.Sprintf("%d: %d bytes, want %d, %v", i, len(got), len(want), err)
				return
			}
			wrong <- ""
		}()
	}
	for range n {
		if w := <-wrong; w != "" {
			t.Error(w)
		}
	}
}

// A refusal that is there before the body has come ends its stream when the body
// has, without a reset: some clients lose the answer over one. Late frames of a
// body that goes on meet no error.
func TestHTTP2RefusedUpload(t *testing.T) {
	s := newSite(t, answersHere+"methods = \"GET\"\n")
	for name, c := range map[string]struct {
		pieces int
		ends   bool
		want   string
	}{
		"a body that ends":        {pieces: 5, ends: true, want: "405 end"},
		"an empty body":           {ends: true, want: "405 end"},
		"a body that stops":       {pieces: 5, want: "405 end, reset NO_ERROR"},
		"a body that never comes": {want: "405 end, reset NO_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			f := s.frames()
			f.t = t
			id := f.open(false, f.fields(set(get, ":method", "POST")...))
			got := f.outcome(id)
			for range c.pieces {
				f.do(f.WriteData(id, false, make([]byte, 8<<10)))
			}
			if c.ends {
				f.do(f.WriteData(id, true, nil))
			}
			if got += f.restOf(id); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// restOf says how a stream ends whose head was read: its end, and resets until
// another request was answered.
func (f *frames) restOf(stream uint32) (said string) {
	f.t.Helper()
	_ = f.SetReadDeadline(time.Now().Add(10 * time.Second))
	for next := uint32(0); ; {
		frame, err := f.ReadFrame()
		f.do(err)
		switch frame := frame.(type) {
		case *http2.DataFrame:
			if frame.StreamID == stream && frame.StreamEnded() {
				said += " end"
				next = f.ask(get...)
			}
		case *http2.RSTStreamFrame:
			said += fmt.Sprint(", reset ", frame.ErrCode)
		case *http2.MetaHeadersFrame:
			if frame.StreamID == next {
				return said
			}
		}
	}
}
