package proxy_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var noLog = log.New(io.Discard, "", 0)

func secureRoute(addr, more string) string {
	return fmt.Sprintf("[route.nas]\nhost = \"*\"\nto = \"https://%s\"\nhost_header = \"upstream\"\n%s\n", addr, more)
}

func hello(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "hello over %s to %s as %q", r.Proto, r.Host, r.TLS.ServerName)
}

// TestVerify: each way to verify trusts what it should, and what it does not
// trust is said with what to write.
func TestVerify(t *testing.T) {
	home := certificate(t, nil, anAuthority)
	other := certificate(t, nil, anAuthority)
	good := certificate(t, home, nil, "127.0.0.1", "nas.home.arpa")
	named := certificate(t, home, nil, "nas.home.arpa")
	old := certificate(t, home, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, "127.0.0.1")
	early := certificate(t, home, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }, "127.0.0.1")
	self := certificate(t, nil, nil)
	byCA := func(more string) string { return fmt.Sprintf("upstream_tls = { ca = %q%s }", home.cert, more) }
	for name, c := range map[string]struct {
		shown  *signed
		tls    string
		detail string // a pattern; "" where it is trusted
	}{
		"ca":                       {good, byCA(""), ""},
		"ca, by another name":      {named, byCA(`, server_name = "nas.home.arpa"`), ""},
		"ca, wrong name":           {named, byCA(""), `made for nas\.home\.arpa, not for 127\.0\.0\.1; write upstream_tls = \{ verify = "ca", ca = ".*", server_name = "nas\.home\.arpa" \}`},
		"ca, another authority":    {good, fmt.Sprintf("upstream_tls = { ca = %q }", other.cert), `signed by the unknown CN=the home's authority; write .* pin = "` + good.pin},
		"ca, expired":              {old, byCA(""), `expired on \d{4}-\d\d-\d\d; write .* pin = "` + old.pin},
		"ca, not yet valid":        {early, byCA(""), `not valid before \d{4}-\d\d-\d\d; write`},
		"system":                   {good, "", `signed by the unknown CN=the home's authority; write .* pin = "` + good.pin},
		"system, self-signed":      {self, "", `self-signed by CN=synology; write upstream_tls = \{ verify = "pin", pin = "` + self.pin + `" \}$`},
		"pin":                      {self, fmt.Sprintf("upstream_tls = { pin = %q }", self.pin), ""},
		"pin, expired":             {old, fmt.Sprintf("upstream_tls = { pin = %q }", old.pin), ""},
		"pin, another certificate": {good, fmt.Sprintf("upstream_tls = { pin = %q }", self.pin), `not the pinned certificate but one of CN=synology; write .* pin = "` + good.pin},
		"off":                      {old, `upstream_tls = { verify = "off" }`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, secureRoute(secureHandler(t, c.shown, hello, nil), c.tls))
			resp, body := s.get("a", "/")
			row := s.lastRow(1)
			if c.detail == "" {
				if resp.StatusCode != 200 || !strings.HasPrefix(body, "hello over HTTP/1.1") || row.Handshake == 0 {
					t.Errorf("%d %q, cause %s: %s", resp.StatusCode, body, row.Cause, row.Detail)
				}
				return
			}
			if resp.StatusCode != 502 || row.Cause.String() != "untrusted" || !regexp.MustCompile(c.detail).MatchString(row.Detail) {
				t.Errorf("%d, cause %s: %s", resp.StatusCode, row.Cause, row.Detail)
			}
			if strings.Contains(body, "sha256") || strings.Contains(body, "synology") {
				t.Errorf("the visitor sees %q", body)
			}
		})
	}
}

// TestOfferedLine: what a probe says to write in the place of upstream_tls is a
// configuration that works.
func TestOfferedLine(t *testing.T) {
	home := certificate(t, nil, anAuthority)
	own := certificate(t, home, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	asked := x509.NewCertPool()
	asked.AddCert(home.leaf)
	byCA := fmt.Sprintf("verify = \"ca\", ca = %q", home.cert)
	ours := fmt.Sprintf("cert = %q, key = %q", own.cert, own.pem)
	otherName := `server_name = "other.home.arpa"`
	pin := func(s *signed) string { return fmt.Sprintf("verify = \"pin\", pin = %q", s.pin) }
	self, other := certificate(t, nil, nil), certificate(t, nil, nil)
	named, wild := certificate(t, home, nil, "*.lan", "nas.home.arpa"), certificate(t, home, nil, "*.home.arpa")
	for name, c := range map[string]struct {
		shown     *signed
		own       bool // the upstream asks for ours
		has, line string
	}{
		"nothing":           {self, false, "", pin(self)},
		"a pin":             {self, false, pin(other), pin(self)},
		"a name":            {self, false, otherName, pin(self) + ", " + otherName},
		"an authority":      {named, false, byCA, byCA + `, server_name = "nas.home.arpa"`},
		"a wrong name":      {named, false, byCA + ", " + otherName, byCA + `, server_name = "nas.home.arpa"`},
		"any name":          {wild, false, byCA, pin(wild)},
		"ours":              {self, true, ours, pin(self) + ", " + ours},
		"ours, a wrong one": {named, true, byCA + ", " + ours, byCA + `, server_name = "nas.home.arpa", ` + ours},
	} {
		t.Run(name, func(t *testing.T) {
			addr := secureHandler(t, c.shown, hello, func(config *tls.Config) {
				if c.own {
					config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, asked
				}
			})
			was := secureRoute(addr, "upstream_tls = { "+c.has+" }")
			_, line, _ := strings.Cut(strings.Join(probe(t, was, "nas")[0].Advice(), "\n"), " write ")
			if line != "upstream_tls = { "+c.line+" }" {
				t.Fatalf("offers %s\nwant %s", line, c.line)
			}
			s := newSite(t, secureRoute(addr, line))
			if resp, body := s.get("a", "/"); resp.StatusCode != 200 {
				t.Errorf("%d %q: %s", resp.StatusCode, body, s.lastRow(1).Detail)
			}
		})
	}
}

// TestCertificateIsShown: the owner sees which certificate an upstream has,
// trusted or not, and that one is not verified stands as a warning.
func TestCertificateIsShown(t *testing.T) {
	cert := certificate(t, nil, nil, "nas.home.arpa")
	addr := secureHandler(t, cert, hello, nil)
	s := newSite(t, secureRoute(addr, ""))
	if u := s.server.Status().Upstreams[0]; u.Certificate != nil || u.Verify != "system" {
		t.Errorf("before anybody asked: %+v", u)
	}
	s.get("a", "/")
	c := s.server.Status().Upstreams[0].Certificate
	if c == nil || c.Pin != cert.pin || c.Subject != "CN=synology" || !c.SelfSigned || c.Refused != "self-signed by CN=synology" ||
		!c.NotAfter.Equal(cert.leaf.NotAfter) || len(c.Names) != 1 || c.Seen.IsZero() {
		t.Errorf("refused: %+v", c)
	}
	s.apply(secureRoute(addr, `upstream_tls = { verify = "off" }`))
	s.get("a", "/")
	st := s.server.Status()
	if c := st.Upstreams[0].Certificate; c == nil || c.Pin != cert.pin || c.Refused != "" {
		t.Errorf("not verified: %+v", c)
	}
	if len(st.Warnings) != 1 || !strings.Contains(st.Warnings[0].What, "https://"+addr+" (route nas) is not verified") {
		t.Errorf("warnings %+v", st.Warnings)
	}
}

// TestServerName: the name that is asked for is the URL's, unless said; the
// Host is another matter.
func TestServerName(t *testing.T) {
	addr := secureHandler(t, certificate(t, nil, nil), hello, nil)
	_, port, _ := net.SplitHostPort(addr)
	for want, more := range map[string]string{
		`"localhost"`: "", `"nas.home.arpa"`: `, server_name = "nas.home.arpa"`,
	} {
		s := newSite(t, secureRoute("localhost:"+port, `upstream_tls = { verify = "off"`+more+" }"))
		if _, body := s.get("a", "/"); body != "hello over HTTP/1.1 to localhost:"+port+" as "+want {
			t.Errorf("%s", body)
		}
	}
}

// TestOwnCertificate: an upstream that asks for a certificate gets ours, and
// files that come late or change are found without a reload.
func TestOwnCertificate(t *testing.T) {
	home := certificate(t, nil, anAuthority)
	server := certificate(t, home, nil, "127.0.0.1")
	client := certificate(t, home, func(c *x509.Certificate) {
		c.Subject.CommonName = "portico"
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	})
	pool := x509.NewCertPool()
	pool.AddCert(home.leaf)
	addr := secureHandler(t, server, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
	}, func(c *tls.Config) { c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, pool })

	dir := t.TempDir()
	s := newSite(t, secureRoute(addr, fmt.Sprintf("upstream_tls = { ca = %q, cert = %q, key = %q }", home.cert, dir+"/own.pem", dir+"/own.key")))
	s.get("a", "/")
	if row := s.lastRow(1); row.Cause.String() != "untrusted" || !strings.Contains(row.Detail, dir+"/own.") {
		t.Errorf("without the files: %s %q", row.Cause, row.Detail)
	}
	for from, to := range map[string]string{client.cert: "own.pem", client.pem: "own.key"} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, dir+"/"+to, b)
	}
	if resp, body := s.get("a", "/"); resp.StatusCode != 200 || body != "portico" {
		t.Errorf("with the files: %d %q, %s", resp.StatusCode, body, s.lastRow(2).Detail)
	}
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Write(body)
}

// TestSecureKeepAlive: one handshake carries many requests, up and down.
func TestSecureKeepAlive(t *testing.T) {
	var handshakes atomic.Int32
	cert := certificate(t, nil, nil)
	addr := secureHandler(t, cert, echo, func(c *tls.Config) {
		c.VerifyConnection = func(tls.ConnectionState) error {
			handshakes.Add(1)
			return nil
		}
	})
	s := newSite(t, secureRoute(addr, fmt.Sprintf("upstream_tls = { pin = %q }", cert.pin)))
	c := s.client()
	for _, size := range []int{3_000_000, 0, 5, 2000, 1} {
		go fmt.Fprintf(c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))
		resp, err := http.ReadResponse(c.r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, resp.Body); n != int64(size) || err != nil {
			t.Fatalf("%d of %d bytes came back, %v", n, size, err)
		}
	}
	s.lastRow(5)
	if n := handshakes.Load(); n != 1 {
		t.Errorf("%d handshakes for one client", n)
	}
	s.apply(secureRoute(addr, fmt.Sprintf("upstream_tls = { pin = %q }\n[route.b]\nhost = \"b\"\nrespond = { status = 200 }", cert.pin)))
	if resp, _ := s.get("a", "/"); resp.StatusCode != 200 || handshakes.Load() != 1 {
		t.Errorf("%d, %d handshakes after an edit that does not touch the upstream", resp.StatusCode, handshakes.Load())
	}
}

// TestSecureSurprise: bytes that nobody asked for, and a farewell, are found
// below TLS and within it: nobody gets them as an answer.
func TestSecureSurprise(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	cert := certificate(t, nil, nil)
	for name, then := range map[string]func(*tls.Conn){
		"in the same record":  nil,
		"in the same segment": func(c *tls.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong") },
		"later": func(c *tls.Conn) {
			c.NetConn().(*corked).out.Flush()
			time.Sleep(50 * time.Millisecond)
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		},
		"a farewell":           func(c *tls.Conn) { c.CloseWrite() },
		"the end of the world": func(c *tls.Conn) { c.NetConn().Close() },
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			addr := secureOrigin(t, cert, func(c *tls.Conn, r *bufio.Reader) {
				for {
					if _, err := readHead(r); err != nil {
						return
					}
					asked.Add(1)
					if then == nil {
						io.WriteString(c, answer+answer)
						continue
					}
					io.WriteString(c, answer)
					then(c)
				}
			})
			s := newSite(t, secureRoute(addr, fmt.Sprintf("upstream_tls = { pin = %q }", cert.pin)))
			for i := range 3 {
				if resp, body := s.get("a", "/"); resp.StatusCode != 200 || body != "ok" {
					t.Fatalf("request %d: %d %q, %s", i, resp.StatusCode, body, s.lastRow(uint64(i+1)).Detail)
				}
				time.Sleep(100 * time.Millisecond)
			}
			if n := asked.Load(); n != 3 {
				t.Errorf("the upstream was asked %d times", n)
			}
		})
	}
}

// secureOrigin is origin behind TLS.
func secureOrigin(t testing.TB, cert *signed, serve func(c *tls.Conn, r *bufio.Reader)) string {
	t.Helper()
	config := &tls.Config{Certificates: []tls.Certificate{cert.tls()}}
	return origin(t, func(c net.Conn, _ *bufio.Reader) {
		over := tls.Server(&corked{c, bufio.NewWriter(c)}, config)
		serve(over, bufio.NewReader(over))
	})
}

// corked writes in one segment what is written between two reads.
type corked struct {
	net.Conn
	out *bufio.Writer
}

func (c *corked) Write(b []byte) (int, error) { return c.out.Write(b) }

func (c *corked) Read(b []byte) (int, error) {
	if err := c.out.Flush(); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// SetWriteDeadline would keep what is corked from leaving after a farewell.
func (c *corked) SetWriteDeadline(time.Time) error { return nil }

func (c *corked) Close() error {
	c.out.Flush()
	return c.Conn.Close()
}

// TestHandshakeFailures: what goes wrong before HTTP has its own causes.
func TestHandshakeFailures(t *testing.T) {
	for name, c := range map[string]struct {
		serve         func(c net.Conn, r *bufio.Reader)
		cause, detail string
		status        int
	}{
		"silence": {func(c net.Conn, r *bufio.Reader) { io.Copy(io.Discard, r) }, "tls-timeout", "no TLS in time", 504},
		"plain HTTP": {func(c net.Conn, r *bufio.Reader) {
			r.ReadByte()
			io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
		}, "protocol", "speaks no TLS: write http://", 502},
		"an end":  {func(c net.Conn, r *bufio.Reader) { r.ReadByte() }, "reset", "closed the connection within the TLS handshake", 502},
		"a reset": {func(c net.Conn, r *bufio.Reader) { r.ReadByte(); c.(*net.TCPConn).SetLinger(0) }, "reset", "within the TLS handshake", 502},
		"an old protocol": {func(c net.Conn, r *bufio.Reader) {
			over := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate(t, nil, nil).tls()}, MaxVersion: tls.VersionTLS10, MinVersion: tls.VersionTLS10})
			_ = over.Handshake()
		}, "protocol", "TLS", 502},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, secureRoute(origin(t, c.serve), `timeout = { dial = "500ms" }`))
			resp, _ := s.get("a", "/")
			if row := s.lastRow(1); resp.StatusCode != c.status || row.Cause.String() != c.cause || !strings.Contains(row.Detail, c.detail) {
				t.Errorf("%d, %s: %q", resp.StatusCode, row.Cause, row.Detail)
			}
		})
	}
}

// TestLocationOverTLS: an upstream that is asked over TLS writes its own URLs
// with https, however the client came; one that sends the client itself over to
// TLS means it.
func TestLocationOverTLS(t *testing.T) {
	cert := certificate(t, nil, nil)
	addr := secureHandler(t, cert, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Location"] = []string{r.Header.Get("X-Say")}
		w.WriteHeader(302)
	}, nil)
	s := newSite(t, fmt.Sprintf("[route.a]\nhost = \"a\"\npath = \"/app/*\"\nstrip_prefix = \"/app\"\nto = \"https://%s\"\nupstream_tls = { pin = %q }\n", addr, cert.pin))
	for say, want := range map[string]string{
		"/x":                     "/app/x",
		"https://a/x":            "http://a/app/x",
		"https://a/app/x":        "http://a/app/x",
		"https://a/here?q=1":     "https://a/app/here?q=1",
		"https://a/here":         "http://a/app/here",
		"http://a/x":             "http://a/app/x",
		"https://" + addr + "/x": "http://a/app/x",
		"http://" + addr + "/x":  "http://a/app/x",
		"https://other/x":        "https://other/x",
		"https://a:444/x":        "https://a:444/x",
	} {
		req, _ := http.NewRequest("GET", "http://"+s.addr+"/app/here?q=1", nil)
		req.Host = "a"
		req.Header.Set("X-Say", say)
		if resp, _ := s.do(req); resp.Header.Get("Location") != want {
			t.Errorf("%s became %s, want %s", say, resp.Header.Get("Location"), want)
		}
	}
}
