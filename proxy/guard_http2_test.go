package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestGuardsOverHTTP2: what a guard counts, bounds or refuses is a stream's, and
// the connection goes on.
func TestGuardsOverHTTP2(t *testing.T) {
	addr, asked, letGo := hanging(t)
	auth := newAuthority(t)
	s := newSite(t, "")
	s.behind("[route.slow]\nhost = \"slow\"\nto = \"http://" + addr + "\"\nhost_header = \"upstream\"\nmax_conns = 2\n" +
		"[route.body]\nhost = \"body\"\nto = \"builtin://whoami\"\nmax_body = \"5B\"\n" +
		"[route.auth]\nhost = \"auth\"\nto = \"builtin://whoami\"\nauth = { users = [\"" + userLine(t, "ann", "secret") + "\"] }\n" +
		"[route.other]\nhost = \"other\"\nto = \"builtin://whoami\"\nforward_auth = { to = \"http://" + auth.addr + "\", copy = \"Remote-User\" }\n")
	client := overHTTP2(t)
	ask := func(host string, edit func(*http.Request)) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequest("GET", "http://"+s.addr+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		if edit != nil {
			edit(r)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Errorf("%s: %v", host, err)
			return &http.Response{}, ""
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.ProtoMajor != 2 {
			t.Errorf("%s: %s, %v", host, resp.Proto, err)
		}
		return resp, string(body)
	}
	post := func(text string) func(*http.Request) {
		return func(r *http.Request) {
			r.Method, r.Body, r.ContentLength = "POST", io.NopCloser(strings.NewReader(text)), -1
		}
	}
	for text, status := range map[string]int{"abcde": 200, "abcdef": 413} {
		if resp, _ := ask("body", post(text)); resp.StatusCode != status {
			t.Errorf("%d bytes of unknown length: %d, want %d", len(text), resp.StatusCode, status)
		}
	}
	if resp, _ := ask("auth", nil); resp.StatusCode != 401 || resp.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("auth: %d, %v", resp.StatusCode, resp.Header)
	}
	if resp, body := ask("auth", func(r *http.Request) { r.SetBasicAuth("ann", "secret") }); resp.StatusCode != 200 || strings.Contains(body, "Authorization") {
		t.Errorf("auth: %d\n%s", resp.StatusCode, body)
	}
	if resp, _ := ask("other", func(r *http.Request) { r.Header.Set("Accept", "text/html") }); resp.StatusCode != 302 || len(resp.Header["Set-Cookie"]) != 2 {
		t.Errorf("forward_auth: %d, %v", resp.StatusCode, resp.Header)
	}
	cookie := func(r *http.Request) {
		r.Header.Set("Cookie", "authelia_session=ann")
		r.Header.Set("Remote-User", "admin")
	}
	if resp, body := ask("other", cookie); resp.StatusCode != 200 || !strings.Contains(body, "Remote-User: ann\n") || strings.Contains(body, "admin") {
		t.Errorf("forward_auth: %d\n%s", resp.StatusCode, body)
	}

	var streams sync.WaitGroup
	for range 2 {
		streams.Go(func() {
			if resp, _ := ask("slow", nil); resp.StatusCode != 200 {
				t.Errorf("slow: %d", resp.StatusCode)
			}
		})
		<-asked
	}
	if resp, _ := ask("slow", nil); resp.StatusCode != 429 {
		t.Errorf("the third stream: %d", resp.StatusCode)
	}
	letGo <- struct{}{}
	letGo <- struct{}{}
	streams.Wait()
	close(letGo)
	until(t, "the streams are counted no more", func() bool {
		resp, _ := ask("slow", nil)
		return resp.StatusCode == 502
	})
}

// TestBanOverHTTP2: a banned client is answered, and told to leave.
func TestBanOverHTTP2(t *testing.T) {
	s := newSite(t, "")
	s.apply("[server]\nhttp = \"" + s.addr + "\"\nproxy_protocol = \"127.0.0.1\"\n" + bansOn + "[route.app]\nhost = \"a\"\nrespond = { status = 200 }\n")
	const header = "PROXY TCP4 240.0.0.1 127.0.0.1 5 80\r\n"
	for range 3 {
		s.client().asks(header + "GET / HTTP/1.1\r\nHost: elsewhere\r\n\r\n")
	}
	until(t, "the ban", func() bool { return len(s.server.Bans()) == 1 })
	s.lastRow(3)
	c := s.client()
	c.send(header + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00" + // SETTINGS
		"\x00\x00\x06\x01\x05\x00\x00\x00\x01\x82\x84\x86\x01\x01a") // HEADERS: GET / http a
	all, err := io.ReadAll(c.r)
	if err != nil {
		t.Errorf("the connection goes on: %v", err)
	}
	if row := s.lastRow(4); row.Rule != "ban" || row.Status != 403 || row.Client.String() != "240.0.0.1" {
		t.Errorf("recorded: rule %q, status %d, client %s; %q", row.Rule, row.Status, row.Client, all)
	}
}
