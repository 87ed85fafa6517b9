package certs_test

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/crypto/acme"
)

const challengePath = "/.well-known/acme-challenge/"

// dial shakes hands with what a client offers.
func (h *home) dial(name string, protos ...string) (tls.ConnectionState, error) {
	c, err := tls.Dial("tcp", h.tls.Addr().String(), &tls.Config{ServerName: name, InsecureSkipVerify: true, NextProtos: protos})
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer c.Close()
	return c.ConnectionState(), nil
}

// TestExactToken: while an authority is about to ask for a token, that one is
// answered for, at its own path and host alone; what is offered beside the
// protocol of challenges is a visitor's.
func TestExactToken(t *testing.T) {
	httpL, tlsL := listen(t), listen(t)
	p := newPebble(t, port(httpL), port(tlsL), false)
	l := before(t, p)
	asked := make(chan struct{}, 1)
	var token string
	l.hold(t, func(r *http.Request) bool { return strings.Contains(r.URL.Path, "chalZ") }, asked)
	l.reads(func(path string, body []byte) {
		var authz struct {
			Challenges []struct{ Type, Token string }
		}
		if strings.Contains(path, "authZ") && json.Unmarshal(body, &authz) == nil {
			for _, c := range authz.Challenges {
				if c.Type == "http-01" {
					token = c.Token
				}
			}
		}
	})
	plan := acmePlan(p, "www.home.test", "other.home.test")
	plan.Authority.Front = true // HTTP-01 alone
	plan.Wants = plan.Wants[:1]
	h := newHome(t, t.TempDir(), httpL, tlsL, here())
	h.follow(t, plan)
	<-asked
	l.mu.Lock()
	is := token
	l.mu.Unlock()
	if body, ok := h.Challenge("www.home.test", challengePath+is); !ok || !strings.HasPrefix(string(body), is+".") {
		t.Fatalf("the token itself: %q %v", body, ok)
	}
	for _, path := range []string{is + "x", "x/" + is, is + "/", "../" + challengePath + is, "", "account.pem", "www.home.test", is + "%20", is + "?a=b"} {
		if body, ok := h.Challenge("www.home.test", challengePath+path); ok {
			t.Errorf("%q is answered with %q", path, body)
		}
	}
	for _, host := range []string{"other.home.test", "", "www.home.test.", "*.home.test", "[::1]", "www.home.test:80"} {
		if _, ok := h.Challenge(host, challengePath+is); ok {
			t.Errorf("it is answered for %q", host)
		}
	}
	if state, err := h.dial("www.home.test", acme.ALPNProto); err == nil {
		t.Errorf("a proof over TLS that nobody asked for: %+v", state)
	} else if !strings.Contains(err.Error(), "unrecognized name") {
		t.Errorf("a proof over TLS that nobody asked for: %v", err)
	}
	for _, protos := range [][]string{{acme.ALPNProto, "h2"}, {acme.ALPNProto, "x", "http/1.1"}} {
		if state, err := h.dial("www.home.test", protos...); err != nil || state.NegotiatedProtocol == acme.ALPNProto {
			t.Errorf("%v: %s %v", protos, state.NegotiatedProtocol, err)
		}
	}
	if _, err := h.dial("www.home.test", acme.ALPNProto, "x"); err == nil || !strings.Contains(err.Error(), "no application protocol") {
		t.Errorf("%v", err)
	}
}
