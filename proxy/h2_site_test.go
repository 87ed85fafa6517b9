package proxy_test

import (
	"net/http"
	"testing"
	"time"
)

// overHTTP2 is a client that speaks HTTP/2 by prior knowledge.
func overHTTP2(t testing.TB) *http.Client {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: p, DisableCompression: true, ExpectContinueTimeout: 10 * time.Second}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
