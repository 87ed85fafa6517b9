package proxy_test

import (
	"fmt"
	"net/http"
	"testing"
)

// TestChecksAskByTheRoutesName: an upstream that knows its visitors' names only
// is as well as what it answers by those.
func TestChecksAskByTheRoutesName(t *testing.T) {
	for _, scheme := range []string{"http", "h2c"} {
		for name, test := range map[string]struct{ host, header, want string }{
			"the client's":           {`["*.a.test", "b.test", "c.test"]`, "client", "b.test"},
			"the client's, wildcard": {`"*.a.test"`, "client", ""},
			"the upstream's":         {`"b.test"`, "upstream", ""},
			"a name":                 {`"b.test"`, "d.test", "d.test"},
		} {
			t.Run(scheme+", "+name, func(t *testing.T) {
				asked := make(chan string, 64)
				note := func(w http.ResponseWriter, r *http.Request) {
					select {
					case asked <- r.Host:
					default:
					}
				}
				addr := handler(t, note)
				if scheme == "h2c" {
					addr = cleartextHTTP2(t, note)
				}
				if test.want == "" {
					test.want = addr
				}
				newSite(t, fmt.Sprintf("[route.a]\nhost = %s\nto = \"%s://%s\"\nhost_header = %q\nhealth = { path = \"/well\", interval = \"100ms\" }\n",
					test.host, scheme, addr, test.header))
				if got := within(t, "a check", asked); got != test.want {
					t.Errorf("asked by %q, want %q", got, test.want)
				}
			})
		}
	}
}

// cleartextHTTP2 is an upstream that speaks HTTP/2 without TLS.
func cleartextHTTP2(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	addr := freeAddr(t)
	server := &http.Server{Addr: addr, Handler: h, Protocols: new(http.Protocols)}
	server.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = server.ListenAndServe() }()
	t.Cleanup(func() { server.Close() })
	return addr
}
