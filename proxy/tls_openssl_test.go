package proxy_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestOpenSSL: what another library of TLS agrees on with the listener: HTTP/2
// before HTTP/1.1 for a browser's list, TLS 1.2 and 1.3, and nothing older.
func TestOpenSSL(t *testing.T) {
	openssl := program(t, "openssl", "openssl")
	_, addr := secureSite(t, "[route.nas]\nhost = \"nas.home.arpa\"\nrespond = { body = \"hello\" }\n")
	for _, c := range []struct{ args, want string }{
		{"-alpn h2,http/1.1", "ALPN protocol: h2\n"},
		{"-alpn http/1.1", "ALPN protocol: http/1.1\n"},
		{"-tls1_3", "New, TLSv1.3"},
		{"-tls1_2", "New, TLSv1.2"},
		{"-tls1_1 -cipher ALL:@SECLEVEL=0", "alert protocol version"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		args := append([]string{"s_client", "-connect", addr, "-servername", "nas.home.arpa"}, strings.Fields(c.args)...)
		cmd := exec.CommandContext(ctx, openssl, args...)
		cmd.Stdin = strings.NewReader("")
		out, _ := cmd.CombinedOutput() // a refusal is one of the answers
		cancel()
		if !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %q is not in\n%s", c.args, c.want, out)
		}
	}
}
