package proxy_test

import (
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

func TestHTTP2ByPriorKnowledge(t *testing.T) {
	addr := handler(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Saw", r.Method+" "+r.RequestURI+" "+r.Host+" "+r.Header.Get("X-Forwarded-Host")+" "+r.Header.Get("X-One"))
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.WriteHeader(201)
		w.Write(body)
	})
	s := newSite(t, "[route.a]\nhost = \"a.lan\"\nto = \"http://"+addr+"\"\n")
	req, _ := http.NewRequest("POST", "http://"+s.addr+"/p%20q?x=1", strings.NewReader("hello"))
	req.Host = "a.lan"
	req.Header.Set("X-One", "1")
	resp, err := overHTTP2(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "hello" || resp.StatusCode != 201 || resp.ProtoMajor != 2 {
		t.Errorf("%s %q, %v", resp.Status, body, err)
	}
	if got := resp.Header.Get("X-Saw"); got != "POST /p%20q?x=1 a.lan a.lan 1" {
		t.Errorf("the upstream saw %q", got)
	}
	if got := resp.Header["Set-Cookie"]; len(got) != 2 {
		t.Errorf("cookies %q", got)
	}
	row := s.lastRow(1)
	if row.Proto != record.HTTP2 || row.Status != 201 || row.BytesIn != 5 || row.BytesOut != 5 || row.Route != "a" {
		t.Errorf("row: %s %d, %d in, %d out, route %q", row.Proto, row.Status, row.BytesIn, row.BytesOut, row.Route)
	}
}

func TestHTTP2CurlByPriorKnowledge(t *testing.T) {
	curl := program(t, "curl", "curl")
	s := newSite(t, "[route.a]\nhost = \"*\"\nrespond = { status = 200, body = \"here\" }\n")
	out, err := exec.Command(curl, "-s", "--max-time", "10", "--http2-prior-knowledge", "-w", " %{http_version} %{http_code}",
		"http://"+s.addr+"/x").Output()
	if err != nil || string(out) != "here 2 200" {
		t.Errorf("curl: %q, %v", out, err)
	}
}

// The preface may come in any pieces, and only at the beginning.
func TestHTTP2PrefaceInPieces(t *testing.T) {
	s := newSite(t, "[route.a]\nhost = \"*\"\nrespond = { status = 200, body = \"here\" }\n")
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	const settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	for cut := 1; cut < len(preface); cut++ {
		c := s.client()
		c.send(preface[:cut])
		time.Sleep(2 * time.Millisecond) // so that they are two segments, most times
		c.send(preface[cut:] + settings)
		var head [4]byte
		if _, err := io.ReadFull(c.r, head[:]); err != nil || head[3] != 4 {
			t.Fatalf("cut at %d: %x, %v; want SETTINGS", cut, head, err)
		}
		c.Close()
	}
	c := s.client()
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if h := c.head(); !strings.HasPrefix(h, "HTTP/1.1 200 ") {
		t.Fatal(h)
	}
	c.expect("here")
	c.send(preface)
	if h := c.head(); !strings.HasPrefix(h, "HTTP/1.1 505 ") {
		t.Errorf("after a request: %s", h)
	}
}
