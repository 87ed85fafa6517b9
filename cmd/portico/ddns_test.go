package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// names is a provider of the dyndns2 family.
type names struct {
	*httptest.Server
	mu       sync.Mutex
	password string
	asked    int
}

func newNames(t *testing.T, password string) *names {
	n := &names{password: password}
	n.Server = httptest.NewServer(n)
	t.Cleanup(n.Close)
	return n
}

func (n *names) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	user, got, _ := r.BasicAuth()
	if got != n.password {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, "badauth %s %s %s", user, got, r.Header.Get("Authorization"))
		return
	}
	for range strings.Split(r.FormValue("hostname"), ",") {
		_, _ = io.WriteString(w, "good "+r.FormValue("myip")+"\n")
	}
}

// requests are how often it was asked since the last call.
func (n *names) requests() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := n.asked
	n.asked = 0
	return out
}

// tables waits until every name has a state, and returns them by "table name".
func (h *home) tables() map[string]ddnsNameReport {
	h.t.Helper()
	for deadline := time.Now().Add(soon); ; time.Sleep(20 * time.Millisecond) {
		var list []ddnsReport
		r := h.run("ddns", "status", "--json")
		if err := json.Unmarshal([]byte(r.out), &list); err != nil || r.code != 0 {
			h.t.Fatalf("ddns status: %d %s %s", r.code, r.out, r.err)
		}
		states, fresh := map[string]ddnsNameReport{}, len(list) == 0
		for _, table := range list {
			for _, n := range table.Names {
				states[table.Name+" "+n.Name] = n
				fresh = fresh || n.State == "new"
			}
		}
		if !fresh {
			return states
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("nothing became of %s", r.out)
		}
	}
}

// TestDDNSCommands: what ddns status and update say and how they exit, also where
// no portico runs; a provider that refused is not asked again after a power cut,
// and is when the password was mended; and nobody gets to see the password.
func TestDDNSCommands(t *testing.T) {
	const right, wrong = "r1ght&w0rd=", "wr0ng&w0rd="
	h := newHome(t)
	good, bad := newNames(t, right), newNames(t, right)
	h.write("right", right)
	h.write("wrong", wrong+"\n")
	table := func(name, server, file string) string {
		return fmt.Sprintf("[ddns.%s]\nprovider = \"noip\"\ndomain = \"example.com\"\naddress = \"fixed:203.0.113.7\"\nusername = \"ann\"\npassword = \"file:%s\"\nserver = %q\n",
			name, file, server)
	}
	h.write("portico.toml", fmt.Sprintf("[server]\nhttp = \"127.0.0.1:%d\"\n", freePort(t))+table("good", good.URL, "right")+table("bad", bad.URL, "wrong")+
		"[route.a]\nhost = [\"a.example.com\", \"*.example.com\", \"a.home.arpa\"]\nrespond = { body = \"a\" }\n")

	for _, args := range [][]string{{"ddns", "status"}, {"ddns", "update"}, {"ddns", "update", "good", "--json"}} {
		if r := h.run(args...); r.code != 1 || r.out != "" || !strings.Contains(r.err, "no portico answers") {
			t.Errorf("%q without a portico: %d %q %q", args, r.code, r.out, r.err)
		}
	}
	p := h.start("run", "--headless").serving()
	states := h.tables()
	for name, want := range map[string]string{"good a.example.com": "ok 203.0.113.7", "good *.example.com": "ok 203.0.113.7",
		"bad a.example.com": "stop ", "bad *.example.com": "stop "} {
		got := states[name]
		if got.State+" "+got.V4 != want {
			t.Errorf("%s: %+v, want %s", name, got, want)
		}
		if len(got.Attempts) != 1 || got.Attempts[0].Words != got.Words || got.Attempts[0].V4.String() != "203.0.113.7" {
			t.Errorf("%s was tried: %+v", name, got.Attempts)
		}
	}
	if len(states) != 4 || good.requests() != 1 || bad.requests() != 1 {
		t.Errorf("%+v", states)
	}

	_ = p.cmd.Process.Kill() // as a power cut
	<-p.done
	p = h.start("run", "--headless").serving()
	h.tables()
	for _, c := range []struct {
		args string
		code int
		says string
		bad  int // requests
	}{
		{"ddns status", 0, "bad (noip): public address 203.0.113.7", 0},
		{"ddns update good", 0, "good 203.0.113.7", 0},
		{"ddns update good --json", 0, `"state": "ok"`, 0},
		{"ddns update bad", 1, "names that are not published: 2", 1},
		{"ddns update bad --json", 1, `"state": "stop"`, 1},
		{"ddns update", 1, "when edited, or portico ddns update", 1},
		{"ddns update gone", 1, "there is no [ddns.gone]", 0},
		{"ddns update good bad", 2, "unexpected argument", 0},
		{"ddns stop", 2, "stop", 0},
	} {
		bad.requests()
		if r := h.run(strings.Fields(c.args)...); r.code != c.code || !strings.Contains(r.out+r.err, c.says) || bad.requests() != c.bad {
			t.Errorf("%s: %d %s%s", c.args, r.code, r.out, r.err)
		}
	}

	h.write("wrong", right)
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(soon); h.tables()["bad a.example.com"].State != "ok"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the mended password is not tried")
		}
	}
	seen := p.log.String() + h.run("ddns", "status").out + h.run("ddns", "status", "--json").out + h.run("doctor").out + h.run("diff").out
	seen += h.kept("right", "wrong")
	for _, secret := range []string{right, wrong, "w0rd", base64.StdEncoding.EncodeToString([]byte("ann:" + wrong))} {
		if strings.Contains(seen, secret) {
			t.Errorf("%q is in\n%s", secret, seen)
		}
	}
}

// kept is the text of all files of the home but those.
func (h *home) kept(but ...string) string {
	h.t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(h.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		for _, name := range but {
			if e.Name() == name {
				return nil
			}
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(&all, "%s:\n%s\n", path, text)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return all.String()
}
