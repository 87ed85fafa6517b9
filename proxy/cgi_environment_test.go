package proxy_test

import (
	"io"
	"net/http/httputil"
	"strconv"
	"strings"
	"testing"
)

// printed reads what printServer wrote.
func printed(body string) map[string]string {
	env := map[string]string{}
	for line := range strings.Lines(body) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		env[name] = value
	}
	return env
}

// checkEnvironment asks in a way that only a hostile client would, and compares
// what the application was told; read takes it from the answer's body.
func checkEnvironment(t *testing.T, s *site, target string, want map[string]string, read func(body string) map[string]string) {
	t.Helper()
	answer := s.raw("POST " + target + " HTTP/1.1\r\nHost: home.test:8080\r\nConnection: close\r\n" +
		"Proxy: http://evil.test\r\nX_Forwarded_For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\nX.Real.IP: 8.8.8.8\r\nMy_Own: 1\r\n" +
		"X-Two: 1\r\nx-two: 2\r\nCookie: a=1\r\nCookie: b=2\r\nAuthorization: Basic eDp5\r\nContent-Type: text/x\r\n" +
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
	_, body, _ := strings.Cut(answer, "\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 200 ") {
		t.Fatal(answer)
	}
	if strings.Contains(answer[:len(answer)-len(body)], "chunked") {
		body = dechunked(t, body)
	}
	env := read(body)
	for name, value := range map[string]string{
		"REQUEST_METHOD": "POST", "QUERY_STRING": "x=1&y=%20z", "SERVER_PROTOCOL": "HTTP/1.1",
		"SERVER_NAME": "home.test", "SERVER_PORT": "8080", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "home.test:8080",
		"CONTENT_LENGTH": "5", "CONTENT_TYPE": "text/x", "HTTP_X_TWO": "1, 2", "HTTP_COOKIE": "a=1; b=2",
		"HTTP_AUTHORIZATION": "Basic eDp5", "HTTP_X_FORWARDED_FOR": "127.0.0.1", "HTTP_X_REAL_IP": "127.0.0.1",
		"HTTP_X_FORWARDED_PROTO": "http", "HTTP_X_FORWARDED_HOST": "home.test:8080", "HTTP_X_FORWARDED_PORT": "8080",
	} {
		want[name] = value
	}
	for name, value := range want {
		if env[name] != value {
			t.Errorf("%s is %q, want %q", name, env[name], value)
		}
	}
	for _, name := range []string{"HTTPS", "HTTP_PROXY", "HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_LENGTH", "HTTP_MY_OWN", "HTTP_X.REAL.IP", "HTTP_CONNECTION"} {
		if value, ok := env[name]; ok {
			t.Errorf("%s is %q, want none", name, value)
		}
	}
	if port, err := strconv.Atoi(env["REMOTE_PORT"]); err != nil || port == 0 {
		t.Errorf("REMOTE_PORT is %q", env["REMOTE_PORT"])
	}
}

func dechunked(t *testing.T, body string) string {
	t.Helper()
	b, err := io.ReadAll(httputil.NewChunkedReader(strings.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
