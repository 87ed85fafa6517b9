package proxy_test

import (
	"fmt"
	"testing"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// TestExplainCertificate: the certificate is the one that the handshake serves,
// with a running portico and without.
func TestExplainCertificate(t *testing.T) {
	pair := certificate(t, nil, nil, "www.example.com", "*.deep.example.com", "192.168.1.5")
	routes := fmt.Sprintf("[acme]\ndirectory = \"http://127.0.0.1:1/\"\n[cert.mine]\ncert = %q\nkey = %q\n", pair.cert, pair.pem)
	for name, host := range map[string]string{"www": "www.example.com", "any": "*.example.com", "deep": "*.deep.example.com",
		"nas": "nas.lan", "addr": "192.168.1.5", "six": "[fd00::1]", "rest": "*"} {
		routes += fmt.Sprintf("[route.%s]\nhost = %q\nrespond = { body = %q }\n", name, host, name)
	}
	routes += "[route.none]\nhost = \"none.example.com\"\ncert = \"none\"\nrespond = { body = \"none\" }\n"
	s, _ := secureSite(t, routes)
	c, problems := config.Parse([]byte("[server]\nhttp = \"127.0.0.1:80\"\nhttps = \"127.0.0.1:443\"\n" + routes))
	if c == nil {
		t.Fatal(problems)
	}
	for url, want := range map[string]string{
		"https://www.example.com/":      "file mine",
		"https://a.example.com/":        "acme",
		"https://a.deep.example.com/":   "file mine",
		"https://a.b.deep.example.com/": "file mine",
		"https://nas.lan/":              "local",
		"https://192.168.1.5/":          "file mine",
		"https://[fd00::1]/":            "local",
		"https://elsewhere.example/":    "local",
		"https://none.example.com/":     "none: the handshake is refused",
		"http://www.example.com/":       "none",
		"http://a.example.com/":         "none",
	} {
		running, err := s.server.Explain(proxy.Request{URL: url})
		if err != nil || running.Certificate != want {
			t.Errorf("%s: %q %v, want %q", url, running.Certificate, err, want)
		}
		alone, err := proxy.ExplainWith(c, proxy.Request{URL: url})
		if err != nil || alone.Certificate != want || alone.Status != running.Status {
			t.Errorf("%s, none runs: %q %d %v, want %q %d", url, alone.Certificate, alone.Status, err, want, running.Status)
		}
	}
}
