package proxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// secureSite is a site with a TLS listener beside the plain one.
func secureSite(t *testing.T, routes string) (s *site, tlsAddr string) {
	t.Helper()
	tlsAddr = freeAddr(t)
	plain := freeAddr(t)
	s = newSite(t, fmt.Sprintf("[server]\nhttp = %q\nhttps = %q\n%s", plain, tlsAddr, routes))
	s.addr = plain
	return s, tlsAddr
}

// trusting is a client that trusts the site's own authority and nobody else.
func (s *site) trusting(tlsAddr string, h2 bool) *http.Client {
	s.t.Helper()
	root, err := s.server.LocalRoot()
	if err != nil {
		s.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: h2,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", tlsAddr)
		}}
	if !h2 {
		transport.TLSClientConfig.NextProtos = []string{"http/1.1"}
	}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// TestTLS: HTTP/1.1 and HTTP/2 by ALPN, over the home's own certificate; an
// upstream learns that the client came over TLS.
func TestTLS(t *testing.T) {
	up := handler(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %d", r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Forwarded-Port"), r.Host, len(body))
	})
	s, addr := secureSite(t, "[route.nas]\nhost = \"nas.home.arpa\"\nto = \"http://"+up+"\"\n")
	for _, h2 := range []bool{false, true} {
		client := s.trusting(addr, h2)
		for range 3 {
			resp, err := client.Post("https://nas.home.arpa/", "text/plain", strings.NewReader(strings.Repeat("x", 300_000)))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if want := "https 443 nas.home.arpa 300000"; err != nil || string(body) != want || (resp.ProtoMajor == 2) != h2 {
				t.Errorf("HTTP/2 %v: %s %q %v", h2, resp.Proto, body, err)
			}
		}
	}
	if row := s.lastRow(6); !row.TLS {
		t.Error("the record does not say TLS")
	}
}

// TestTLSRefusals: what is no handshake, or asks for a name nobody serves, is
// told so and recorded.
func TestTLSRefusals(t *testing.T) {
	s, addr := secureSite(t, "[route.nas]\nhost = \"nas.home.arpa\"\nrespond = { body = \"here\" }\n")
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: nas.home.arpa\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.StatusCode != 400 {
		t.Fatalf("plain HTTP: %v %v", resp, err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(body), "HTTPS") {
		t.Errorf("plain HTTP: %q %v", body, err)
	}
	if row := s.lastRow(1); !strings.Contains(row.Detail, "does not speak TLS") {
		t.Errorf("recorded as %q", row.Detail)
	}
	if _, err := tls.Dial("tcp", addr, &tls.Config{ServerName: "other.example.com", InsecureSkipVerify: true}); err == nil ||
		!strings.Contains(err.Error(), "unrecognized name") {
		t.Errorf("an unknown name: %v", err)
	}
	if row := s.lastRow(2); !strings.Contains(row.Detail, "no route has") {
		t.Errorf("recorded as %q", row.Detail)
	}
	if _, err := tls.Dial("tcp", addr, &tls.Config{ServerName: "nas.home.arpa", InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
}

// TestPlainHTTP: each route may send plain HTTP away; the port of the listener
// travels along, and a front that speaks TLS for us is believed.
func TestPlainHTTP(t *testing.T) {
	s, addr := secureSite(t, `
trusted_proxies = ["127.0.0.0/8"]
[route.sent]
host = "sent.home.arpa"
plain_http = "redirect"
respond = { body = "sent" }
[route.kept]
host = "kept.home.arpa"
respond = { body = "kept" }
[route.none]
host = "none.home.arpa"
plain_http = "refuse"
respond = { body = "none" }
`)
	_, port, _ := net.SplitHostPort(addr)
	resp, _ := s.get("sent.home.arpa", "/a/b?c=d")
	if got, want := resp.Header.Get("Location"), "https://sent.home.arpa:"+port+"/a/b?c=d"; resp.StatusCode != 308 || got != want {
		t.Errorf("%d to %q, want %q", resp.StatusCode, got, want)
	}
	if resp, body := s.get("kept.home.arpa", "/"); resp.StatusCode != 200 || body != "kept" {
		t.Errorf("a local certificate sends nobody away: %d %q", resp.StatusCode, body)
	}
	if resp, _ := s.get("none.home.arpa", "/"); resp.StatusCode != 403 {
		t.Errorf("refuse: %d", resp.StatusCode)
	}
	req, err := http.NewRequest("GET", "http://"+s.addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "sent.home.arpa"
	req.Header.Set("X-Forwarded-Proto", "https")
	if resp, body := s.do(req); resp.StatusCode != 200 || body != "sent" {
		t.Errorf("behind a front: %d %q", resp.StatusCode, body)
	}
}
