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

// TestHandshakes: what browsers, old and odd clients offer.
func TestHandshakes(t *testing.T) {
	_, addr := secureSite(t, "[route.nas]\nhost = \"nas.home.arpa\"\nrespond = { body = \"here\" }\n")
	for title, c := range map[string]struct {
		client *tls.Config
		proto  string
		fails  string
	}{
		"a browser":                {&tls.Config{NextProtos: []string{"h2", "http/1.1"}}, "h2", ""},
		"one that prefers another": {&tls.Config{NextProtos: []string{"http/1.1", "h2"}}, "h2", ""},
		"one that knows HTTP/3":    {&tls.Config{NextProtos: []string{"h3", "h2", "http/1.1"}}, "h2", ""},
		"TLS 1.2":                  {&tls.Config{MaxVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, "h2", ""},
		"TLS 1.2 with AES-256":     {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}}, "", ""},
		"no list":                  {&tls.Config{}, "", ""},
		"a list of others":         {&tls.Config{NextProtos: []string{"mqtt"}}, "", "no application protocol"},
		"TLS 1.1":                  {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, "", "protocol version"},
		"TLS 1.0":                  {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, "", "protocol version"},
		"RSA only":                 {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}, "", "handshake failure"},
	} {
		t.Run(title, func(t *testing.T) {
			c.client.ServerName, c.client.InsecureSkipVerify = "nas.home.arpa", true
			client, err := tls.Dial("tcp", addr, c.client)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("%v, want the alert %q", err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if got := client.ConnectionState().NegotiatedProtocol; got != c.proto {
				t.Errorf("speaks %q, want %q", got, c.proto)
			}
		})
	}
	c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}) // an address is not sent as a name
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if leaf := c.ConnectionState().PeerCertificates[0]; leaf.VerifyHostname("127.0.0.1") != nil {
		t.Errorf("who names nobody gets a certificate for %v %v", leaf.DNSNames, leaf.IPAddresses)
	}
}

// TestTicketsOutliveEdits: a client that was here takes up its session again,
// though the configuration was edited meanwhile, in both versions of TLS.
func TestTicketsOutliveEdits(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		route := "[route.nas]\nhost = \"nas.home.arpa\"\nrespond = { body = \"%s\" }\n"
		s, addr := secureSite(t, fmt.Sprintf(route, "before"))
		client := &tls.Config{ServerName: "nas.home.arpa", InsecureSkipVerify: true, MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(8)}
		for n, body := range []string{"before", "after", "later"} {
			if n > 0 {
				s.apply(fmt.Sprintf("[server]\nhttp = %q\nhttps = %q\n"+route, s.addr, addr, body))
			}
			c, err := tls.Dial("tcp", addr, client)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: nas.home.arpa\r\nConnection: close\r\n\r\n")
			answer, err := io.ReadAll(c)
			if err != nil || !strings.HasSuffix(string(answer), body) {
				t.Errorf("%q %v, want %q", answer, err, body)
			}
			if resumed := c.ConnectionState().DidResume; resumed != (n > 0) {
				t.Errorf("TLS %x, visit %d: resumed %v", version, n, resumed)
			}
			c.Close()
		}
	}
}

// TestPlainHTTPByCertificate: without a word in the file visitors are sent to
// TLS where they meet no warning there.
func TestPlainHTTPByCertificate(t *testing.T) {
	good := certificate(t, nil, nil, "good.example.com")
	past := certificate(t, nil, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, "past.example.com")
	early := certificate(t, nil, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }, "early.example.com")
	tables, routes := "", ""
	for name, pair := range map[string]*signed{"good": good, "past": past, "early": early, "pending": nil, "none": good} {
		if pair != nil && name != "none" {
			tables += fmt.Sprintf("[cert.%s]\ncert = %q\nkey = %q\n", name, pair.cert, pair.pem)
		}
		routes += fmt.Sprintf("[route.%s]\nhost = \"%s.example.com\"\nrespond = { body = \"here\" }\n", name, name)
	}
	routes = strings.Replace(routes, "host = \"none", "cert = \"none\"\nhost = \"none", 1)
	s, addr := secureSite(t, tables+routes)
	_, port, _ := net.SplitHostPort(addr)
	for name, want := range map[string]int{"good": 308, "past": 200, "early": 200, "pending": 200, "none": 200} {
		resp, _ := s.get(name+".example.com", "/x")
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, want)
		}
		if to := resp.Header.Get("Location"); want == 308 && to != "https://good.example.com:"+port+"/x" {
			t.Errorf("sent to %q", to)
		}
	}
}
