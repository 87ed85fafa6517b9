package proxy_test

import (
	"encoding/base64"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// userLine is a user as the configuration and an htpasswd file have it.
func userLine(t testing.TB, name, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return name + ":" + string(hash)
}

// as is a GET with the given value of Authorization.
func as(authorization string) string {
	return "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nAuthorization: " + authorization + "\r\n\r\n"
}

func basicly(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

func TestAuth(t *testing.T) {
	s := behindProxy(t, "[route.app]\nhost = \"*\"\nto = \"http://"+mirror(t)+"\"\nhost_header = \"upstream\"\n"+
		"auth = { realm = \"Küche\", users = [\""+userLine(t, "ann", "sécret")+"\"] }\n")
	c := s.client()
	for range 2 {
		for _, test := range []struct {
			name, authorization string
			status              int
			detail              string
		}{
			{"right", basicly("ann", "sécret"), 200, ""},
			{"scheme in another case", strings.Replace(basicly("ann", "sécret"), "Basic", "bAsIc", 1), 200, ""},
			{"wrong password", basicly("ann", "secret"), 401, "a wrong name or password"},
			{"wrong name", basicly("bob", "sécret"), 401, "a wrong name or password"},
			{"no base64", "Basic !", 401, "Authorization names no user and password"},
			{"another scheme", "Bearer abc", 401, "Authorization names no user and password"},
			{"two of them", basicly("ann", "sécret") + "\r\nAuthorization: " + basicly("ann", "sécret"), 401, "Authorization names no user and password"},
		} {
			n := s.server.Records().Newest()
			resp, body := c.asks(as(test.authorization)) // all over one connection
			if resp.StatusCode != test.status {
				t.Errorf("%s: %d, want %d", test.name, resp.StatusCode, test.status)
			}
			challenge := resp.Header.Get("WWW-Authenticate")
			if want := `Basic realm="Küche", charset="UTF-8"`; test.status == 401 && challenge != want || test.status == 200 && challenge != "" {
				t.Errorf("%s: challenge %q", test.name, challenge)
			}
			if test.status == 200 && strings.Contains(body, "Authorization") {
				t.Errorf("%s: the upstream got the password:\n%s", test.name, body)
			}
			row := s.lastRow(n + 1)
			if refused := row.Rule == "auth"; refused != (test.status == 401) || row.Detail != test.detail || row.Source != record.FromForwardedFor {
				t.Errorf("%s: rule %q, detail %q", test.name, row.Rule, row.Detail)
			}
		}
	}
	if resp, _ := c.asks(from("192.0.2.1", "a", "/")); resp.StatusCode != 401 {
		t.Errorf("without a user: %d", resp.StatusCode)
	}
}

func TestAuthForwards(t *testing.T) {
	s := newSite(t, "[route.app]\nhost = \"*\"\nto = \"http://"+mirror(t)+"\"\nhost_header = \"upstream\"\n"+
		"auth = { forward = true, users = [\""+userLine(t, "ann", "secret")+"\"] }\n")
	if _, body := s.client().asks(as(basicly("ann", "secret"))); !strings.Contains(body, "Authorization: "+basicly("ann", "secret")) {
		t.Errorf("the upstream got:\n%s", body)
	}
}

func TestAuthFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "htpasswd")
	write := func(text string, age time.Duration) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if at := time.Now().Add(-age); os.Chtimes(path, at, at) != nil {
			t.Fatal("cannot set the file's time")
		}
	}
	write("# home\n"+userLine(t, "ann", "secret")+"\n", time.Hour)
	s := newSite(t, "[route.app]\nhost = \"*\"\nrespond = { status = 200 }\nauth = { file = \""+path+"\" }\n")
	c := s.client()
	c.eventually(200, as(basicly("ann", "secret")))
	write(userLine(t, "bob", "secret")+"\n", time.Minute)
	c.eventually(401, as(basicly("ann", "secret"))) // also where it was remembered
	c.eventually(200, as(basicly("bob", "secret")))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	c.eventually(503, as(basicly("bob", "secret")))
	c.Close()
	s.close()
	if row := s.lastRow(1); row.Rule != "auth" || !strings.Contains(row.Detail, "no such file") {
		t.Errorf("rule %q, detail %q", row.Rule, row.Detail)
	}
	if e, _ := s.server.Explain(proxy.Request{URL: "http://a/"}); e.Status != 503 {
		t.Errorf("explained: %+v", e)
	}
}

func TestExplainAsksForNoPassword(t *testing.T) {
	s := newSite(t, "[route.app]\nhost = \"*\"\nrespond = { status = 200 }\nauth = { users = [\""+userLine(t, "ann", "secret")+"\"] }\n")
	e, err := s.server.Explain(proxy.Request{URL: "http://a/", From: netip.MustParseAddr("192.0.2.1")})
	if err != nil || e.Status != 200 || len(e.Guards) != 1 || e.Guards[0] != (proxy.Verdict{Guard: "auth", Verdict: "ask", Why: "asks for a user"}) {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestAuthOfBoth: the password is judged by both routes where one answers for
// the other, and by neither's upstream.
func TestAuthOfBoth(t *testing.T) {
	ann := "auth = { users = [\"" + userLine(t, "ann", "secret") + "\"] }\n"
	s := newSite(t, "[route.pages]\nhost = \"*\"\nto = \"memcached://127.0.0.1:1\"\nfallback = \"site\"\n"+ann+
		"[route.site]\nhost = \"site\"\nto = \"http://"+mirror(t)+"\"\nhost_header = \"upstream\"\n"+ann)
	resp, body := s.client().asks(as(basicly("ann", "secret")))
	if resp.StatusCode != 200 || strings.Contains(body, "Authorization") {
		t.Errorf("%d\n%s", resp.StatusCode, body)
	}
}

// TestAuthBeforeForwardAuth: what only portico may know is not told to the
// other server either.
func TestAuthBeforeForwardAuth(t *testing.T) {
	other := newAuthority(t)
	s := newSite(t, askedBy(other.addr, mirror(t))+"auth = { users = [\""+userLine(t, "ann", "secret")+"\"] }\n")
	c := s.client()
	if resp, _ := c.asks(as(basicly("ann", "secret"))); resp.StatusCode != 401 || resp.Header.Get("WWW-Authenticate") != `Basic realm="Authorization Required"` {
		t.Errorf("%d, %v", resp.StatusCode, resp.Header)
	}
	if r := <-other.asked; r.Header.Get("Authorization") != "" {
		t.Errorf("it was told %v", r.Header)
	}
	request := strings.Replace(as(basicly("ann", "secret")), "Host: a", "Host: a\r\nCookie: authelia_session=ann", 1)
	if resp, body := c.asks(request); resp.StatusCode != 200 || strings.Contains(body, "Authorization") || !strings.Contains(body, "Remote-User: ann\r\n") {
		t.Errorf("%d\n%s", resp.StatusCode, body)
	}
}
