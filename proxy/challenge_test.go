package proxy_test

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/acme"

	"forge.home.arpa/portico/config"
)

const challengePath = "/.well-known/acme-challenge/"

// validating is an authority that is about to validate names, and never does.
type validating struct {
	directory string
	ready     chan struct{} // a token is there to be asked for
}

const heldToken = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"

func newValidating(t *testing.T) *validating {
	t.Helper()
	a := &validating{ready: make(chan struct{}, 8)}
	var base string
	answers := map[string]any{}
	base = "http://" + handler(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Replay-Nonce", "nonce")
		w.Header().Set("Location", base+r.URL.Path+"/1")
		if r.URL.Path == "/challenge" {
			a.ready <- struct{}{}
			<-r.Context().Done()
			return
		}
		if r.URL.Path == "/account" || r.URL.Path == "/order" {
			w.WriteHeader(http.StatusCreated)
		}
		_ = json.NewEncoder(w).Encode(answers[r.URL.Path])
	})
	answers["/"] = map[string]string{"newNonce": base + "/nonce", "newAccount": base + "/account", "newOrder": base + "/order"}
	answers["/account"] = map[string]string{"status": "valid"}
	answers["/order"] = map[string]any{"status": "pending", "authorizations": []string{base + "/authorization"}, "finalize": base + "/finalize"}
	answers["/authorization"] = map[string]any{"status": "pending", "challenges": []any{
		map[string]string{"type": "http-01", "status": "pending", "url": base + "/challenge", "token": heldToken},
		map[string]string{"type": "tls-alpn-01", "status": "pending", "url": base + "/challenge", "token": heldToken}}}
	a.directory = base + "/"
	return a
}

// TestChallengeFirst: nothing that keeps visitors out keeps out an authority
// that asks for a token of ours, and any other token goes its way.
func TestChallengeFirst(t *testing.T) {
	a := newValidating(t)
	up := handler(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "behind: ", r.URL.Path) })
	for title, c := range map[string]struct {
		keys  string
		other int
	}{
		"deny":         {"deny = [\"private\", \"127.0.0.0/8\"]", 403},
		"maintenance":  {"maintenance = { on = true }", 503},
		"auth":         {"auth = { users = [\"" + userLine(t, "ann", "secret") + "\"] }", 401},
		"forward_auth": {"forward_auth = { to = \"http://127.0.0.1:1\" }", 503},
		"plain_http":   {"plain_http = \"refuse\"", 403},
		"redirect":     {"plain_http = \"redirect\"", 308},
		"nothing":      {"", 200},
	} {
		t.Run(title, func(t *testing.T) {
			s, _ := secureSite(t, fmt.Sprintf("[acme]\ndirectory = %q\nfront = true\n[route.www]\nhost = \"www.example.com\"\nto = \"http://%s\"\n%s\n",
				a.directory, up, c.keys))
			<-a.ready
			if resp, body := s.get("www.example.com", challengePath+heldToken); resp.StatusCode != 200 || !strings.HasPrefix(body, heldToken+".") {
				t.Errorf("our token: %d %q", resp.StatusCode, body)
			}
			resp, body := s.get("www.example.com", challengePath+"of-a-synology")
			if resp.StatusCode != c.other || c.other == 200 && body != "behind: "+challengePath+"of-a-synology" {
				t.Errorf("another's token: %d %q", resp.StatusCode, body)
			}
			if resp, _ := s.get("elsewhere.example.com", challengePath+heldToken); resp.StatusCode != 404 {
				t.Errorf("for another host: %d", resp.StatusCode)
			}
		})
	}
}

// TestChallengeOfTheBanned: an authority that asks from an address which is shut
// out is answered all the same, and about nothing else.
func TestChallengeOfTheBanned(t *testing.T) {
	a := newValidating(t)
	s := behindProxy(t, fmt.Sprintf("https = %q\n[acme]\ndirectory = %q\nfront = true\n[route.www]\nhost = \"www.example.com\"\nrespond = { body = \"here\" }\n%s", freeAddr(t), a.directory, guarded(t)))
	<-a.ready
	for range 3 {
		s.client().asks(offences("240.0.2.1")["unmatched_host"])
	}
	if resp, _ := s.client().asks(from("240.0.2.1", "www.example.com", "/")); resp.StatusCode != 403 {
		t.Fatalf("not banned: %d", resp.StatusCode)
	}
	if resp, body := s.client().asks(from("240.0.2.1", "www.example.com", challengePath+heldToken)); resp.StatusCode != 200 || !strings.HasPrefix(body, heldToken+".") {
		t.Errorf("our token: %d %q", resp.StatusCode, body)
	}
	if resp, _ := s.client().asks(from("240.0.2.1", "www.example.com", challengePath+"x")); resp.StatusCode != 403 {
		t.Errorf("another's token: %d", resp.StatusCode)
	}
}

// TestRehearsalOverHTTP: a home without [acme] is validated too, where doctor
// wants to know who lets strangers in.
func TestRehearsalOverHTTP(t *testing.T) {
	a := newValidating(t)
	s, _ := secureSite(t, "[route.www]\nhost = \"www.example.com\"\nrespond = { body = \"here\" }\n")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = s.server.Rehearse(ctx, &config.ACME{Directory: a.directory, Front: true}, "www.example.com")
	}()
	<-a.ready
	if resp, body := s.get("www.example.com", challengePath+heldToken); resp.StatusCode != 200 || !strings.HasPrefix(body, heldToken+".") {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	cancel()
	<-ended
}

// TestProofOverTLS: an authority sees the proof and hears no HTTP behind it; a
// visitor sees the certificate meanwhile, and so does one who names another
// host.
func TestProofOverTLS(t *testing.T) {
	a := newValidating(t)
	s, addr := secureSite(t, "[route.www]\nhost = [\"www.example.com\", \"other.example.com\"]\nrespond = { body = \"here\" }\n")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = s.server.Rehearse(ctx, &config.ACME{Directory: a.directory}, "www.example.com")
	}()
	<-a.ready
	asAuthority := &tls.Config{ServerName: "www.example.com", InsecureSkipVerify: true, NextProtos: []string{acme.ALPNProto}}
	c, err := tls.Dial("tcp", addr, asAuthority)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	identifier := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31} // RFC 8737 section 6.1
	if leaf := c.ConnectionState().PeerCertificates[0]; !slices.ContainsFunc(leaf.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(identifier) && e.Critical }) {
		t.Error("there is no proof in the certificate")
	}
	_, _ = fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
	if answer, _ := io.ReadAll(c); len(answer) > 0 {
		t.Errorf("an authority was answered %q", answer)
	}
	asAuthority.ServerName = "other.example.com"
	if _, err := tls.Dial("tcp", addr, asAuthority); err == nil || !strings.Contains(err.Error(), "unrecognized name") {
		t.Errorf("another name: %v", err)
	}
	visitor, err := tls.Dial("tcp", addr, &tls.Config{ServerName: "www.example.com", InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer visitor.Close()
	if leaf := visitor.ConnectionState().PeerCertificates[0]; !strings.Contains(leaf.Subject.CommonName, "not there yet") {
		t.Errorf("a visitor sees %v", leaf.Subject)
	}
	cancel()
	<-ended
}
