package proxy_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// unpack reads a body by a decoder that is not the one under test where there
// is another.
func unpack(t testing.TB, coding, body string) string {
	t.Helper()
	var from io.Reader = strings.NewReader(body)
	switch coding {
	case "gzip":
		r, err := gzip.NewReader(from)
		if err != nil {
			t.Fatal(err)
		}
		from = r
	case "zstd":
		r, err := zstd.NewReader(from)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		from = r
	}
	text, err := io.ReadAll(from)
	if err != nil {
		t.Fatalf("%s: %v", coding, err)
	}
	return string(text)
}

const compressTo = "[route.site]\nhost = \"*\"\nto = \"http://%s\"\ncompress = true\n"

func TestCompressChooses(t *testing.T) {
	page := strings.Repeat("<p>the same again</p>\n", 500)
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, page)
	})
	s := newSite(t, fmt.Sprintf(compressTo, addr))
	for _, c := range []struct {
		accept []string
		coding string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"gzip"}, "gzip"},
		{[]string{"x-gzip"}, "gzip"},
		{[]string{"GZIP"}, "gzip"},
		{[]string{"zstd"}, "zstd"},
		{[]string{"gzip, deflate, br, zstd"}, "zstd"},
		{[]string{"gzip", "zstd"}, "zstd"},
		{[]string{"gzip;q=1.0, zstd;q=0.9"}, "gzip"},
		{[]string{"gzip ; Q=0.001"}, "gzip"},
		{[]string{"gzip;q=0.5, identity;q=0.1"}, "gzip"},
		{[]string{"gzip;q=0.5, identity"}, ""},
		{[]string{"gzip;q=0, zstd;q=0"}, ""},
		{[]string{"*"}, "zstd"},
		{[]string{"*, zstd;q=0"}, "gzip"},
		{[]string{"*;q=0"}, ""},
		{[]string{"gzip, *;q=0"}, "gzip"},
		{[]string{"br, deflate"}, ""},
		{[]string{"gzip;q=2"}, ""},
		{[]string{"gzip;q=x"}, ""},
		{[]string{"gzip;q=0.5555"}, ""},
		{[]string{"gzip;level=9"}, ""},
		{[]string{",,gzip,"}, "gzip"},
		{[]string{"notgzip"}, ""},
	} {
		t.Run(strings.Join(c.accept, " / "), func(t *testing.T) {
			req, _ := http.NewRequest("GET", "http://"+s.addr+"/", nil)
			req.Header["Accept-Encoding"] = c.accept
			resp, body := s.do(req)
			if got := resp.Header.Get("Content-Encoding"); got != c.coding {
				t.Errorf("coding %q, want %q", got, c.coding)
			}
			if resp.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("Vary %q", resp.Header.Get("Vary"))
			}
			if unpack(t, resp.Header.Get("Content-Encoding"), body) != page {
				t.Error("another page")
			}
			if c.coding != "" && len(body) > len(page)/10 {
				t.Errorf("%d bytes of %d", len(body), len(page))
			}
		})
	}
}

// ask sends a GET that takes these codings, and reads the answer as it is.
func (s *site) ask(path, accept string, more ...string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequest("GET", "http://"+s.addr+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", accept)
	for i := 0; i < len(more); i += 2 {
		req.Header.Set(more[i], more[i+1])
	}
	return s.do(req)
}

func TestCompressLeavesAlone(t *testing.T) {
	text := strings.Repeat("text ", 1000)
	var head http.Header
	var status int
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		for name, values := range head {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		if status != 304 && status != 204 {
			io.WriteString(w, text)
		}
	})
	s := newSite(t, fmt.Sprintf(compressTo, addr))
	long := strconv.Itoa(len(text))
	for _, c := range []struct {
		name    string
		status  int
		head    http.Header
		packed  bool
		varying bool
	}{
		{"text", 200, http.Header{"Content-Type": {"text/plain"}}, true, true},
		{"text of a known length", 200, http.Header{"Content-Type": {"text/css; charset=utf-8"}, "Content-Length": {long}}, true, true},
		{"JSON", 200, http.Header{"Content-Type": {"Application/JSON"}}, true, true},
		{"a kind of JSON", 200, http.Header{"Content-Type": {"application/problem+json"}}, true, true},
		{"a picture of XML", 200, http.Header{"Content-Type": {"image/svg+xml"}}, true, true},
		{"an error page", 404, http.Header{"Content-Type": {"text/html"}}, true, true},
		{"a picture", 200, http.Header{"Content-Type": {"image/png"}}, false, false},
		{"no type", 200, http.Header{"Content-Type": {""}}, false, false},
		{"gRPC", 200, http.Header{"Content-Type": {"application/grpc"}}, false, false},
		{"events", 200, http.Header{"Content-Type": {"text/event-stream"}}, false, false},
		{"a camera", 200, http.Header{"Content-Type": {"multipart/x-mixed-replace; boundary=x"}}, false, false},
		{"what is encoded", 200, http.Header{"Content-Type": {"text/html"}, "Content-Encoding": {"br"}}, false, false},
		{"what must stay", 200, http.Header{"Content-Type": {"text/html"}, "Cache-Control": {"public, No-Transform"}}, false, false},
		{"a part", 206, http.Header{"Content-Type": {"text/html"}, "Content-Range": {"bytes 0-4999/9999"}}, false, true},
		{"parts", 206, http.Header{"Content-Type": {"multipart/byteranges; boundary=x"}}, false, true},
		{"a part of a picture", 206, http.Header{"Content-Type": {"image/png"}, "Content-Range": {"bytes 0-4999/9999"}}, false, false},
		{"no content", 204, http.Header{}, false, false},
		{"not modified", 304, http.Header{}, false, true},
		{"what must stay, not modified", 304, http.Header{"Cache-Control": {"no-transform"}}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			head, status = c.head, c.status
			resp, body := s.ask("/", "gzip")
			packed := resp.Header.Get("Content-Encoding") == "gzip"
			if packed != c.packed || (resp.Header.Get("Vary") != "") != c.varying {
				t.Errorf("%v", resp.Header)
			}
			if packed {
				body = unpack(t, "gzip", body)
			}
			if status != 204 && status != 304 && body != text {
				t.Errorf("another body of %d bytes", len(body))
			}
		})
	}
	t.Run("short", func(t *testing.T) {
		text, head, status = "short", http.Header{"Content-Type": {"text/plain"}, "Content-Length": {"5"}}, 200
		if resp, body := s.ask("/", "gzip"); resp.Header.Get("Content-Encoding") != "" || body != "short" {
			t.Errorf("%v %q", resp.Header, body)
		}
	})
	t.Run("not asked for", func(t *testing.T) {
		s := newSite(t, routeTo("plain", addr))
		text, head = strings.Repeat("text ", 1000), http.Header{"Content-Type": {"text/plain"}}
		if resp, body := s.ask("/", "gzip"); resp.Header.Get("Content-Encoding") != "" || resp.Header.Get("Vary") != "" || body != text {
			t.Errorf("%v", resp.Header)
		}
	})
}

func TestCompressFields(t *testing.T) {
	text := strings.Repeat("text ", 1000)
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/plain")
		h.Set("ETag", `"v1"`)
		h.Set("Accept-Ranges", "bytes")
		h.Set("Content-Digest", "sha-256=:x:")
		h.Set("Vary", "Cookie")
		h.Set("Content-Length", strconv.Itoa(len(text)))
		if strings.Contains(r.Header.Get("If-None-Match"), `"v1"`) {
			h.Del("Content-Length")
			w.WriteHeader(304)
			return
		}
		io.WriteString(w, text)
	})
	s := newSite(t, fmt.Sprintf(compressTo, addr))
	resp, body := s.ask("/", "zstd")
	if unpack(t, "zstd", body) != text {
		t.Error("another body")
	}
	h := resp.Header
	if h.Get("ETag") != `W/"v1"` || h.Get("Accept-Ranges") != "" || h.Get("Content-Digest") != "" || h.Get("Content-Length") != "" ||
		strings.Join(h.Values("Vary"), ", ") != "Cookie, Accept-Encoding" {
		t.Errorf("%v", h)
	}
	if resp, _ := s.ask("/", "zstd", "If-None-Match", `W/"v1"`); resp.StatusCode != 304 || resp.Header.Get("ETag") != `W/"v1"` {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	if resp, _ := s.ask("/", "zstd", "If-None-Match", `"v1"`); resp.StatusCode != 304 || resp.Header.Get("ETag") != `"v1"` {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	resp, body = s.ask("/", "br")
	if h := resp.Header; body != text || h.Get("ETag") != `"v1"` || h.Get("Accept-Ranges") != "bytes" || h.Get("Content-Length") == "" {
		t.Errorf("plain: %v", h)
	}
}

// TestCompressEveryAction: where an answer comes from makes no difference.
func TestCompressEveryAction(t *testing.T) {
	text := strings.Repeat("0123456789 text\n", 20_000)
	dir := tree(t, map[string]string{"a.txt": text, "index.html": text})
	s := newSite(t, fmt.Sprintf("[route.files]\nhost = \"*\"\nfiles = %q\ncompress = true\n", dir)+
		fmt.Sprintf("[route.fixed]\nhost = \"*\"\npath = \"/fixed\"\nrespond = { body = %q }\ncompress = true\n", text[:4000]))
	for path, want := range map[string]string{"/a.txt": text, "/": text, "/fixed": text[:4000]} {
		for _, coding := range []string{"gzip", "zstd"} {
			resp, body := s.ask(path, coding)
			if resp.Header.Get("Content-Encoding") != coding || unpack(t, coding, body) != want {
				t.Errorf("%s: %d bytes, %v", path, len(body), resp.Header)
			}
		}
	}
	if resp, body := s.ask("/a.txt", "gzip", "Range", "bytes=0-3"); resp.StatusCode != 206 || body != text[:4] || resp.Header.Get("Content-Encoding") != "" {
		t.Errorf("a range: %d %q %v", resp.StatusCode, body, resp.Header)
	}
	resp, _ := s.ask("/a.txt", "gzip")
	if again, _ := s.ask("/a.txt", "gzip", "If-None-Match", resp.Header.Get("ETag")); again.StatusCode != 304 || again.Header.Get("ETag") != resp.Header.Get("ETag") {
		t.Errorf("asked again: %d %v", again.StatusCode, again.Header)
	}
}

// TestCompressHEAD: HEAD is answered by the head of GET, wherever that comes
// from, and a 304 varies as they do.
func TestCompressHEAD(t *testing.T) {
	text := strings.Repeat("0123456789 text\n", 1000)
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Accept-Ranges", "bytes")
		if r.URL.Path == "/short" {
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, "short")
			return
		}
		http.ServeContent(w, r, "a.txt", time.Time{}, strings.NewReader(text))
	})
	dir := tree(t, map[string]string{"a.txt": text, "a.png": text})
	s := newSite(t, fmt.Sprintf(compressTo, addr)+
		fmt.Sprintf("[route.files]\nhost = \"*\"\npath = \"/files/*\"\nstrip_prefix = \"/files\"\nfiles = %q\ncompress = true\n", dir)+
		fmt.Sprintf("[route.fixed]\nhost = \"*\"\npath = \"/fixed\"\nrespond = { body = %q }\ncompress = true\n", text[:4000]))
	for _, path := range []string{"/a.txt", "/short", "/files/a.txt", "/files/a.png", "/fixed"} {
		for _, coding := range []string{"gzip", "zstd", "br"} {
			t.Run(path+" "+coding, func(t *testing.T) {
				get, _ := s.ask(path, coding)
				req, _ := http.NewRequest("HEAD", "http://"+s.addr+path, nil)
				req.Header.Set("Accept-Encoding", coding)
				head, _ := s.do(req)
				for _, name := range []string{"Vary", "Content-Encoding", "Content-Length", "ETag", "Accept-Ranges", "Content-Type"} {
					if is, want := head.Header.Get(name), get.Header.Get(name); is != want {
						t.Errorf("HEAD: %s: %q, GET: %q", name, is, want)
					}
				}
				tag, vary := get.Header.Get("ETag"), get.Header.Get("Vary")
				if tag == "" || vary == "" {
					return
				}
				if again, _ := s.ask(path, coding, "If-None-Match", tag); again.StatusCode != 304 || again.Header.Get("Vary") != vary || again.Header.Get("ETag") != tag {
					t.Errorf("asked again: %d %v, want %s %s", again.StatusCode, again.Header, tag, vary)
				}
				if part, _ := s.ask(path, coding, "Range", "bytes=0-3"); part.StatusCode != 206 || part.Header.Get("Vary") != vary {
					t.Errorf("a part: %d %v, want %s", part.StatusCode, part.Header, vary)
				}
			})
		}
	}
}

// TestCompressedStreamStaysAStream reads each piece before the next is written.
func TestCompressedStreamStaysAStream(t *testing.T) {
	for _, coding := range []string{"gzip", "zstd"} {
		t.Run(coding, func(t *testing.T) {
			next := make(chan struct{})
			addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				w.Header().Set("Trailer", "X-Sum")
				for i := range 3 {
					fmt.Fprintf(w, "piece %d\n", i)
					w.(http.Flusher).Flush()
					<-next
				}
				w.Header().Set("X-Sum", "3")
			})
			s := newSite(t, fmt.Sprintf(compressTo, addr))
			c := s.dial()
			defer c.Close()
			fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: %s\r\nTE: trailers\r\n\r\n", coding)
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || resp.Header.Get("Content-Encoding") != coding {
				t.Fatalf("%v, %v", resp, err)
			}
			var from io.Reader
			if coding == "gzip" {
				from, err = gzip.NewReader(resp.Body)
			} else {
				from, err = zstd.NewReader(resp.Body, zstd.WithDecoderConcurrency(1))
			}
			if err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(from)
			for i := range 3 {
				line, err := lines.ReadString('\n')
				if err != nil || line != fmt.Sprintf("piece %d\n", i) {
					t.Fatalf("%q, %v", line, err)
				}
				next <- struct{}{}
			}
			if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
				t.Errorf("%q, %v", rest, err)
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.Trailer.Get("X-Sum") != "3" {
				t.Errorf("trailers %v, %v", resp.Trailer, err)
			}
		})
	}
}

// TestCompressedCutShort: what the upstream broke off must not look whole.
func TestCompressedCutShort(t *testing.T) {
	addr := origin(t, func(c net.Conn, r *bufio.Reader) {
		if _, err := readHead(r); err == nil {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("text ", 1000))
		}
	})
	s := newSite(t, fmt.Sprintf(compressTo, addr))
	for _, proto := range []string{"HTTP/1.1", "HTTP/1.0"} {
		c := s.dial()
		io.WriteString(c, "GET / "+proto+"\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
		}
		c.Close()
		if err == nil {
			t.Errorf("%s: the answer looks complete", proto)
		}
	}
	if row := s.lastRow(2); !row.Aborted || row.Cause.String() != "reset" {
		t.Errorf("aborted %v, cause %s", row.Aborted, row.Cause)
	}
}

// TestCompressBounded opens more streams than there are encoders for: the rest
// is plain, and afterwards there are encoders again.
func TestCompressBounded(t *testing.T) {
	leave := make(chan struct{})
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "begun\n")
		w.(http.Flusher).Flush()
		if r.URL.Path != "/short" {
			<-leave
		}
	})
	s := newSite(t, fmt.Sprintf(compressTo, addr))
	packed := 0
	var open []net.Conn
	for range 40 {
		c := s.dial()
		open = append(open, c)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Header.Get("Content-Encoding") == "gzip" {
			packed++
		}
	}
	if packed != 32 {
		t.Errorf("%d of 40 are compressed", packed)
	}
	close(leave)
	for _, c := range open {
		c.Close()
	}
	s.lastRow(40)
	if resp, _ := s.ask("/short", "gzip"); resp.Header.Get("Content-Encoding") != "gzip" {
		t.Error("no encoder came back")
	}
}

// TestCompressClients asks as programs do that unpack by themselves.
func TestCompressClients(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < 3<<20 {
		b.WriteString(strings.Repeat(string(rune('a'+r.IntN(26))), 1+r.IntN(40)))
		if r.IntN(8) == 0 {
			fmt.Fprint(&b, r.Uint64())
		}
	}
	want := b.String()
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, want)
	})
	s := newSite(t, fmt.Sprintf(compressTo, addr))
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{}}
	resp, err := client.Get("http://" + s.addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	client.CloseIdleConnections()
	if err != nil || string(got) != want || !resp.Uncompressed {
		t.Errorf("net/http: %d bytes, %v, unpacked %v", len(got), err, resp.Uncompressed)
	}
	curl := program(t, "curl", "curl")
	for _, more := range [][]string{nil, {"--http1.0"}} {
		out, err := exec.Command(curl, append([]string{"-sSf", "-m", "20", "--compressed", "http://" + s.addr + "/"}, more...)...).Output()
		if err != nil || string(out) != want {
			t.Errorf("curl %v: %d bytes, %v", more, len(out), err)
		}
	}
}
