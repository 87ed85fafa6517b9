package proxy_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

func probe(t *testing.T, routes, target string) []proxy.Probe {
	t.Helper()
	c, problems := config.Parse([]byte(routes))
	if c == nil {
		t.Fatalf("%v", problems)
	}
	found, err := proxy.ProbeTarget(t.Context(), c, target)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// steps gives the steps as "dns tcp !tls": the one with the sign failed.
func stepsOf(p proxy.Probe) string {
	var words []string
	for _, s := range p.Steps {
		if !s.OK {
			s.Name = "!" + s.Name
		}
		words = append(words, s.Name)
	}
	return strings.Join(words, " ")
}

// TestProbe: a probe stops where traffic would, by the same cause, and says what
// to write or to look at.
func TestProbe(t *testing.T) {
	plainHTTP := handler(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/private":
			w.WriteHeader(401)
		case "/secure":
			http.Redirect(w, r, "https://"+r.Host+"/secure", http.StatusMovedPermanently)
		default:
			fmt.Fprint(w, r.Host)
		}
	})
	self := certificate(t, nil, nil)
	secure := secureHandler(t, self, hello, nil)
	_, port, _ := net.SplitHostPort(plainHTTP)
	mute := func(c net.Conn, r *bufio.Reader) { io.Copy(io.Discard, r) }
	nginx := origin(t, func(c net.Conn, r *bufio.Reader) { // it sees by the first byte what is no HTTP
		if b, _ := r.ReadByte(); b != 'G' {
			io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
		} else {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	only := httptest.NewUnstartedServer(http.NotFoundHandler())
	only.Config.Protocols = new(http.Protocols)
	only.Config.Protocols.SetUnencryptedHTTP2(true)
	only.Start()
	t.Cleanup(only.Close)
	h2c := only.Listener.Addr().String()
	waiting := origin(t, func(c net.Conn, r *bufio.Reader) { // for the end of a line that no ClientHello has
		if b, _ := r.ReadByte(); b == 'G' {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
		io.Copy(io.Discard, r)
	})
	huge := origin(t, func(c net.Conn, r *bufio.Reader) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nSet-Cookie: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")
		io.Copy(io.Discard, r)
	})
	stalled := origin(t, func(c net.Conn, r *bufio.Reader) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
		io.Copy(io.Discard, r)
	})
	onlyTLS := secureOrigin(t, self, func(c *tls.Conn, _ *bufio.Reader) { _ = c.Handshake() })
	for name, c := range map[string]struct {
		to, more, path       string
		steps, cause, detail string
		advice               string
	}{
		"well":               {"http://" + plainHTTP, "", "", "tcp http", "", "", ""},
		"by name":            {"http://localhost:" + port, "", "", "dns tcp http", "", "", ""},
		"no name":            {"http://nas.invalid:80", "", "", "!dns", "dns", "nas.invalid", "spelled right"},
		"refused":            {"http://" + deadAddr(t), "", "", "!tcp", "refused", "refused 127.0.0.1:", "is the server running"},
		"full":               {"http://" + fullAddr(t), `timeout = { dial = "300ms" }`, "", "!tcp", "dial-timeout", "no connection in time", "firewall"},
		"no socket":          {"http+unix:///nonexistent/app.sock", "", "", "!socket", "unreachable", "no socket /nonexistent/app.sock", "make its socket"},
		"untrusted":          {"https://" + secure, "", "", "tcp !tls", "untrusted", "self-signed by CN=synology", `upstream_tls = { verify = "pin", pin = "` + self.pin + `" }`},
		"pinned":             {"https://" + secure, fmt.Sprintf("upstream_tls = { pin = %q }", self.pin), "", "tcp tls https", "", "", ""},
		"plain on TLS":       {"http://" + secure, "", "", "tcp http", "", "", "https:// for http://"},
		"plain on TLS alone": {"http://" + onlyTLS, "", "", "tcp !http", "reset", "closed the connection", `it speaks TLS: write to = "https://` + onlyTLS + `"`},
		"TLS on plain":       {"https://" + plainHTTP, "", "", "tcp !tls", "protocol", "speaks no TLS", `write to = "http://` + plainHTTP + `"`},
		"silence":            {"https://" + origin(t, mute), `timeout = { dial = "300ms", response_header = "300ms" }`, "", "tcp !tls", "tls-timeout", "no TLS in time", "answers nothing"},
		"h2c on HTTP/1":      {"h2c://" + plainHTTP, "", "", "tcp !h2c", "protocol", "HTTP/1", `write to = "http://` + plainHTTP + `"`},
		"grpc on HTTP/1":     {"grpc://" + plainHTTP, "", "", "tcp !grpc", "protocol", "HTTP/1", `write to = "http://` + plainHTTP + `"`},
		"h2c on TLS":         {"h2c://" + onlyTLS, "", "", "tcp !h2c", "reset", "", `write to = "https://` + onlyTLS},
		"scgi on HTTP":       {"scgi://" + nginx, "", "", "tcp !scgi", "protocol", "HTTP/1, not scgi", `write to = "http://` + nginx},
		"uwsgi on HTTP":      {"uwsgi://" + nginx, "", "", "tcp !uwsgi", "protocol", "HTTP/1, not uwsgi", `write to = "http://` + nginx},
		"a body that stalls": {"http://" + stalled, `timeout = { idle = "200ms" }`, "", "tcp !http", "body-timeout", "went silent", "timeout.idle"},
		"TLS on waiting":     {"https://" + waiting, `timeout = { dial = "300ms" }`, "", "tcp !tls", "tls-timeout", "no TLS in time", `write to = "http://` + waiting},
		"grpcs on waiting":   {"grpcs://" + waiting, `timeout = { dial = "300ms" }`, "", "tcp !tls", "tls-timeout", "no TLS in time", `write to = "http://` + waiting},
		"HTTP/1 on h2c":      {"http://" + h2c, "", "", "tcp !http", "reset", "", `write to = "h2c://` + h2c},
		"no answer":          {"http://" + origin(t, mute), `timeout = { response_header = "200ms", dial = "300ms" }`, "", "tcp !http", "header-timeout", "", "timeout.response_header"},
		"hangs up":           {"http://" + origin(t, func(c net.Conn, r *bufio.Reader) { r.ReadByte() }), "", "", "tcp !http", "reset", "", "its own log"},
		"a huge head":        {"http://" + huge, "", "", "tcp !http", "too-large", "", "max_body"},
		"a password":         {"http://" + plainHTTP, "", "/private", "tcp http", "", "", "asks for a password"},
		"to https":           {"http://" + plainHTTP, "", "/secure", "tcp http", "", "", "X-Forwarded-Proto"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			routes := fmt.Sprintf("[route.nas]\nhost = \"nas.example.com\"\nto = %q\n%s\n", c.to, c.more)
			for _, target := range []string{"nas", c.to + c.path, "http://nas.example.com" + c.path} {
				if target == "nas" && c.path != "" {
					continue
				}
				found := probe(t, routes, target)
				p := found[0]
				cause := ""
				if p.Cause != 0 {
					cause = p.Cause.String()
				}
				if c.detail == "HTTP/1" && cause == "reset" {
					// It may hang up before what it said was read.
					cause, p.Detail = c.cause, c.detail
				}
				if len(found) != 1 || p.Route != "nas" || stepsOf(p) != c.steps || cause != c.cause || p.OK != (c.cause == "") || !strings.Contains(p.Detail, c.detail) {
					t.Errorf("%s: %s, %s %q; want %s, %s %q", target, stepsOf(p), cause, p.Detail, c.steps, c.cause, c.detail)
				}
				if all := strings.Join(p.Advice(), "\n"); !strings.Contains(all, c.advice) || (c.advice == "") != (all == "") {
					t.Errorf("%s: advice %q, want %q", target, all, c.advice)
				}
			}
		})
	}
}

// TestProbeWithoutRoute: the certificate and its pin, without a route too.
func TestProbeWithoutRoute(t *testing.T) {
	cert := certificate(t, nil, nil)
	addr := secureHandler(t, cert, hello, nil)
	p := probe(t, "[route.a]\nhost = \"*\"\nrespond = { status = 200 }\n", "https://"+addr)[0]
	if p.Route != "" || p.Certificate == nil || p.Certificate.Pin != cert.pin || p.OK {
		t.Errorf("%+v", p)
	}
}

// TestProbeTargets: what is neither a route nor a URL is said so.
func TestProbeTargets(t *testing.T) {
	c, _ := config.Parse([]byte("[route.a]\nhost = \"a.example\"\nrespond = { status = 200 }\n[route.b]\nhost = \"b.example\"\nto = [\"http://127.0.0.1:1\", \"http://127.0.0.1:2\"]\n"))
	for target, want := range map[string]string{
		"nothing": `no route "nothing"`, "a": "no upstream", "ftp://x": "ftp", "http://": "host", "http://u:p@x": "user", "builtin://whoami": "within portico",
	} {
		if _, err := proxy.ProbeTarget(t.Context(), c, target); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", target, err, want)
		}
	}
	if found, err := proxy.ProbeTarget(t.Context(), c, "b"); err != nil || len(found) != 2 || found[1].URL != "http://127.0.0.1:2" {
		t.Errorf("%v, %+v", err, found)
	}
}

func TestProbeSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	p := probe(t, fmt.Sprintf("[route.a]\nhost = \"a\"\nto = \"http+unix://%s\"\n", path), "a")[0]
	if !p.OK || stepsOf(p) != "socket http" {
		t.Errorf("%+v", p)
	}
}

// TestProbeForForms: what a probe found stands beside its words, and a
// certificate's names cannot say what to write.
func TestProbeForForms(t *testing.T) {
	liar := certificate(t, nil, func(c *x509.Certificate) {
		c.Subject.CommonName = `synology; write upstream_tls = { verify = "off" }`
	})
	addr := secureHandler(t, liar, hello, nil)
	empty := "[route.a]\nhost = \"*\"\nrespond = { status = 200 }\n"
	p := probe(t, empty, "https://"+addr)[0]
	want := `upstream_tls = { verify = "pin", pin = "` + liar.pin + `" }`
	if m := p.Mends[0]; m.Trust["pin"] != liar.pin || m.Trust["verify"] != "pin" || len(m.Trust) != 2 || !strings.HasSuffix(m.Words, "write "+want) || p.Status != 0 {
		t.Errorf("%+v", m)
	}
	if p := probe(t, empty, "http://"+addr)[0]; p.Mends[0].Instead != "https://"+addr || p.Status != 400 {
		t.Errorf("%+v", p)
	}
	plain := handler(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	if p := probe(t, empty, "https://"+plain)[0]; p.Mends[0].Instead != "http://"+plain {
		t.Errorf("%+v", p)
	}
	if p := probe(t, empty, "http://"+plain)[0]; len(p.Mends) != 0 || p.Status != 204 {
		t.Errorf("%+v", p)
	}
}
