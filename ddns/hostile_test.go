package ddns_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"forge.home.arpa/portico/ddns"
)

// perfect answers as a provider does when all is well.
func perfect(provider string, r *http.Request) (status int, body string) {
	switch provider {
	case "namecheap":
		return 200, namecheapGood
	case "duckdns":
		return 200, "OK\n203.0.113.7\n\nUPDATED"
	case "freedns":
		return 200, "Updated 1 host(s)"
	case "url":
		return 200, "done"
	case "desec":
		return 200, "good"
	case "gandi":
		return 201, `{"message":"DNS Record Created"}`
	case "hetzner":
		return 201, `{"action":{"id":7,"status":"success"}}`
	case "porkbun":
		return 200, `{"status":"SUCCESS","records":[{"content":"198.51.100.1"}]}`
	case "digitalocean":
		return 200, `{"domain_records":[{"id":12,"data":"198.51.100.1"}],"domain_record":{"id":12}}`
	case "cloudflare":
		switch {
		case strings.HasSuffix(r.URL.Path, "/zones"):
			return 200, cfZone
		case r.Method == http.MethodGet:
			return 200, cfOld
		}
		return 200, cfDone
	}
	return 200, "good 203.0.113.7"
}

var allProviders = []string{"noip", "he", "dynu", "namecheap", "duckdns", "freedns", "desec", "cloudflare", "digitalocean", "gandi", "hetzner",
	"porkbun", "url"}

const page = "<!DOCTYPE html><html><head><title>good OK Updated done</title></head><body>good OK nochg SUCCESS</body></html>"

// damages are what networks, portals and providers in trouble make of an answer.
var damages = []struct {
	name  string
	class ddns.Class
	do    func(w http.ResponseWriter, status int, body string)
}{
	{"a page", ddns.Retry, func(w http.ResponseWriter, _ int, _ string) { _, _ = io.WriteString(w, page) }},
	{"nothing", ddns.Retry, func(http.ResponseWriter, int, string) {}},
	{"no content", ddns.Retry, func(w http.ResponseWriter, _ int, _ string) { w.WriteHeader(204) }},
	{"an empty document", ddns.Retry, func(w http.ResponseWriter, _ int, _ string) { _, _ = io.WriteString(w, "{}") }},
	{"null", ddns.Retry, func(w http.ResponseWriter, _ int, _ string) { _, _ = io.WriteString(w, "null") }},
	{"a list", ddns.Retry, func(w http.ResponseWriter, _ int, _ string) { _, _ = io.WriteString(w, "[]") }},
	{"the success in a bad gateway", ddns.Retry, func(w http.ResponseWriter, _ int, body string) { w.WriteHeader(502); _, _ = io.WriteString(w, body) }},
	{"the success while busy", ddns.Wait, func(w http.ResponseWriter, _ int, body string) {
		w.Header().Set("Retry-After", "300")
		w.WriteHeader(503)
		_, _ = io.WriteString(w, body)
	}},
	{"too many requests", ddns.Wait, func(w http.ResponseWriter, _ int, _ string) { w.WriteHeader(429) }},
	{"forbidden", ddns.Stop, func(w http.ResponseWriter, _ int, _ string) { w.WriteHeader(403); _, _ = io.WriteString(w, page) }},
	{"cut short", ddns.Retry, func(w http.ResponseWriter, status int, body string) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)+100))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}},
	{"without an end", ddns.Retry, func(w http.ResponseWriter, status int, body string) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body+strings.Repeat(" \n", 1<<20))
	}},
	{"no answer", ddns.Retry, func(http.ResponseWriter, int, string) { panic(http.ErrAbortHandler) }},
}

// TestNoFalseSuccess: every provider gets every damaged answer, to all requests
// and to those only that write; none is taken for success, and each ends in the
// class that it deserves.
func TestNoFalseSuccess(t *testing.T) {
	for _, provider := range allProviders {
		for _, d := range damages {
			for _, scope := range []string{"all", "writes"} {
				t.Run(provider+"/"+d.name+"/"+scope, func(t *testing.T) {
					server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						status, body := perfect(provider, r)
						if scope == "writes" && onlyReads(provider, r) {
							w.WriteHeader(status)
							_, _ = io.WriteString(w, body)
							return
						}
						d.do(w, status, body)
					}))
					defer server.Close()
					s := start(t, withServer(every(provider), server.URL), options{find: (&place{at: addresses(v4, "")}).find})
					if got := s.name(t, "nas.example.com"); got.Class != d.class || got.V4.IsValid() {
						t.Errorf("%s %q, want %s", got.Class, got.Words, d.class)
					}
					s.noSecrets(t)
				})
			}
		}
	}
}

// TestPerfect: what the damage is done to would be a success.
func TestPerfect(t *testing.T) {
	for _, provider := range allProviders {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			status, body := perfect(provider, r)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		s := start(t, withServer(every(provider), server.URL), options{find: (&place{at: addresses(v4, "")}).find})
		if got := s.name(t, "nas.example.com"); got.Class != ddns.OK {
			t.Errorf("%s: %s %q", provider, got.Class, got.Words)
		}
		server.Close()
	}
}

// onlyReads tells the requests of an API that change nothing.
func onlyReads(provider string, r *http.Request) bool {
	switch provider {
	case "cloudflare", "digitalocean":
		return r.Method == http.MethodGet
	case "porkbun":
		return strings.Contains(r.URL.Path, "retrieve")
	}
	return false
}

func withServer(text, server string) string {
	if strings.Contains(text, `provider = "url"`) {
		return strings.Replace(text, "https://up.test", server, 1)
	}
	return text + "server = \"" + server + "\"\n"
}

// TestRedirect: a password does not travel to where a provider is said to have
// moved.
func TestRedirect(t *testing.T) {
	other := newAPI(t, ok("", "good "+v4))
	for _, provider := range allProviders {
		for _, status := range []int{301, 302, 307, 308} {
			server := httptest.NewServer(http.RedirectHandler(other.URL, status))
			s := start(t, withServer(every(provider), server.URL), options{find: (&place{at: addresses(v4, "")}).find})
			if got := s.name(t, "nas.example.com"); got.Class != ddns.Retry {
				t.Errorf("%s, %d: %s %q", provider, status, got.Class, got.Words)
			}
			s.stop()
			server.Close()
		}
	}
	if asked := other.requests(); len(asked) != 0 {
		t.Errorf("followed: %q", asked)
	}
}

// TestNoAnswer: a provider that hangs is left after half a minute, and a write
// may have landed.
func TestNoAnswer(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	for _, provider := range allProviders {
		t.Run(provider, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{}
				w.answer = func(_ int, r *http.Request) (int, string) {
					if onlyReads(provider, r) {
						return perfect(provider, r)
					}
					return 0, ""
				}
				s := start(t, every(provider), options{transport: w, find: (&place{at: addresses(v4, "")}).find})
				time.Sleep(40 * time.Second)
				if got := s.only(t); got.Class != ddns.Retry || !strings.HasPrefix(got.Words, "could not confirm: ") {
					t.Errorf("%s %q", got.Class, got.Words)
				}
			})
		})
	}
}

// TestHandshake: where no request could be sent, none is called unconfirmed.
func TestHandshake(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	stranger := httptest.NewUnstartedServer(http.NotFoundHandler())
	stranger.Config.ErrorLog = log.New(io.Discard, "", 0)
	stranger.StartTLS()
	defer stranger.Close()
	for name, url := range map[string]string{
		"no TLS":              strings.Replace(plain.URL, "http:", "https:", 1),
		"another certificate": stranger.URL,
		"nobody there":        "http://127.0.0.1:1",
	} {
		s := start(t, withServer(every("noip"), url), options{find: (&place{at: addresses(v4, "")}).find})
		if got := s.name(t, "nas.example.com"); got.Class != ddns.Retry || strings.Contains(got.Words, "could not confirm") {
			t.Errorf("%s: %s %q", name, got.Class, got.Words)
		}
	}
}

// TestTemplateSecrets: what a person's own URL holds is hidden wherever it stands
// in it, and what the service says is shown.
func TestTemplateSecrets(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "done: "+r.Header.Get("Authorization")+" "+r.RequestURI)
	}))
	defer echo.Close()
	host := strings.TrimPrefix(echo.URL, "http://")
	for success, class := range map[string]ddns.Class{"done": ddns.OK, "thanks": ddns.Retry} {
		s := start(t, "[ddns.home]\nprovider = \"url\"\nnames = [\"nas.example.com\"]\naddress = \"fixed:203.0.113.7\"\nsuccess = \""+success+"\"\n"+
			"url = \"http://ann:w0rdw0rd@"+host+"/update/t0kent0ken/{ip}?pass=qu3ryqu3ry\"\n", options{})
		got := s.name(t, "nas.example.com")
		for _, secret := range []string{"w0rdw0rd", "t0kent0ken", "qu3ryqu3ry", "YW5uOncwcmR3MHJk"} {
			if strings.Contains(got.Words+s.log.String(), secret) {
				t.Errorf("%s is shown: %q", secret, got.Words)
			}
		}
		if got.Class != class || !strings.Contains(got.Words, "done: Basic (hidden) /update/(hidden)/203.0.113.7?pass=(hidden)") {
			t.Errorf("%s %q", got.Class, got.Words)
		}
	}
}

// chatty is a transport whose errors tell all they know, and says what it was
// asked back.
type chatty struct{ echo bool }

func (c chatty) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		text, _ := io.ReadAll(r.Body)
		body = string(text)
	}
	_, pass, _ := r.BasicAuth()
	all := pass + " " + r.Header.Get("Authorization") + " " + body + " " + r.URL.RequestURI()
	if c.echo {
		return &http.Response{StatusCode: 400, Body: io.NopCloser(strings.NewReader("ERROR " + all)), Request: r}, nil
	}
	return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: errors.New("proxy cannot reach " + all)}
}

// TestSecretsStaySecret in the log, in what is shown and in what is kept,
// whatever a network or a provider quotes.
func TestSecretsStaySecret(t *testing.T) {
	for _, provider := range allProviders {
		for _, echo := range []bool{false, true} {
			state := t.TempDir()
			s := start(t, every(provider), options{transport: chatty{echo}, state: state, find: (&place{at: addresses(v4, "")}).find})
			got := s.name(t, "nas.example.com")
			s.stop()
			s.noSecrets(t)
			kept, err := os.ReadFile(filepath.Join(state, "ddns.json"))
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{string(kept), got.Words, s.log.String()} {
				if strings.Contains(text, "topsecret") || strings.Contains(text, "pa55") || strings.Contains(text, basic(t)) {
					t.Errorf("%s, echo %t: %s", provider, echo, text)
				}
			}
			if !strings.Contains(got.Words, "(hidden)") {
				t.Errorf("%s, echo %t: the test shows nothing: %q", provider, echo, got.Words)
			}
		}
	}
}

// basic is the end of the password as the field Authorization spells it, which
// is the same for every user's name of a length that three divides.
func basic(t *testing.T) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth("ann", password)
	_, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return value[len(value)-8:]
}
