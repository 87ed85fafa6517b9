package proxy_test

import (
	"strings"
	"testing"
)

// TestGuardsSayItInGRPC: a refusal is 200 with a status that the client's
// library understands.
func TestGuardsSayItInGRPC(t *testing.T) {
	auth := newAuthority(t)
	for name, test := range map[string]struct{ line, fields, status string }{
		"deny":         {"deny = \"lan\"\n", "", "7"},
		"maintenance":  {"maintenance = { on = true }\n", "", "14"},
		"rate_limit":   {"rate_limit = { rate = \"1/h\", burst = 1 }\n", "", "8"},
		"auth":         {"auth = { users = [\"" + userLine(t, "ann", "secret") + "\"] }\n", "", "16"},
		"forward_auth": {"forward_auth = { to = \"http://" + auth.addr + "\" }\n", "", "16"},
		"a login page": {"forward_auth = { to = \"http://" + auth.addr + "\" }\n", "Accept: text/html\r\n", "16"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "[route.app]\nhost = \"*\"\nrespond = { status = 200 }\n"+test.line)
			c := s.client()
			request := "POST /svc/Method HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\n" + test.fields + "Content-Length: 0\r\n\r\n"
			if name == "rate_limit" {
				c.asks(request)
			}
			resp, body := c.asks(request)
			if resp.StatusCode != 200 || resp.Header.Get("Grpc-Status") != test.status || body != "" || resp.Header.Get("Location") != "" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/grpc") {
				t.Errorf("%d, %v, %q", resp.StatusCode, resp.Header, body)
			}
		})
	}
}
