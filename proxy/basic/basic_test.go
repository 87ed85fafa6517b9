package basic_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"forge.home.arpa/portico/proxy/basic"
)

func hashOf(t testing.TB, password string, cost int) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

func TestRead(t *testing.T) {
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, test := range []struct {
		value, name, password string
		ok                    bool
	}{
		{"Basic " + encode("ann:secret"), "ann", "secret", true},
		{"bASIC " + encode("ann:secret"), "ann", "secret", true},
		{"Basic   " + encode("ann:secret"), "ann", "secret", true},
		{"Basic " + encode("ann:a:b:"), "ann", "a:b:", true},
		{"Basic " + encode("ann:"), "ann", "", true},
		{"Basic " + encode(":x"), "", "x", true},
		{"Basic " + encode("jörg:schlüssel"), "jörg", "schlüssel", true},
		{"Basic " + encode("ann"), "", "", false},
		{"Basic", "", "", false},
		{"Basic ", "", "", false},
		{"Basic ann:secret", "", "", false},
		{"Basic YW5uOng", "", "", false},
		{"Bearer " + encode("ann:secret"), "", "", false},
		{"", "", "", false},
	} {
		name, password, ok := basic.Read([]byte(test.value))
		if ok != test.ok || ok && (string(name) != test.name || string(password) != test.password) {
			t.Errorf("%q: %q %q %v", test.value, name, password, ok)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("Basic YW5uOnNlY3JldA=="))
	f.Add([]byte("Basic ===="))
	f.Fuzz(func(t *testing.T, value []byte) {
		name, password, ok := basic.Read(value)
		if !ok {
			return
		}
		if bytes.IndexByte(name, ':') >= 0 {
			t.Errorf("%q: a colon in the name", value)
		}
		again := "Basic " + base64.StdEncoding.EncodeToString([]byte(string(name)+":"+string(password)))
		if n, p, ok := basic.Read([]byte(again)); !ok || !bytes.Equal(n, name) || !bytes.Equal(p, password) {
			t.Errorf("%q: read back as %q %q", value, n, p)
		}
	})
}

func TestCheck(t *testing.T) {
	users := basic.NewUsers(map[string]string{"ann": hashOf(t, "secret", 4), "bob": hashOf(t, "", 5),
		"cyd": strings.Replace(hashOf(t, "apache", 4), "$2a$", "$2y$", 1)})
	c := basic.NewChecker(basic.NewGate(2))
	for range 2 { // the second time from memory
		for _, test := range []struct {
			name, password string
			want           basic.Verdict
		}{
			{"ann", "secret", basic.Right},
			{"ann", "secreT", basic.Wrong},
			{"ann", "", basic.Wrong},
			{"Ann", "secret", basic.Wrong},
			{"bob", "", basic.Right},
			{"bob", "secret", basic.Wrong},
			{"cyd", "apache", basic.Right},
			{"", "secret", basic.Wrong},
			{"dan", "secret", basic.Wrong},
			{"dan", "", basic.Wrong}, // the hash of a user with that password may be the one compared
			{"anns", "ecret", basic.Wrong},
		} {
			if got := c.Check(users, []byte(test.name), []byte(test.password)); got != test.want {
				t.Errorf("%q with %q: %v, want %v", test.name, test.password, got, test.want)
			}
		}
	}
	if got := c.Check(basic.NewUsers(nil), []byte("ann"), []byte("secret")); got != basic.Wrong {
		t.Errorf("without users: %v", got)
	}
	changed := basic.NewUsers(map[string]string{"ann": hashOf(t, "other", 4)})
	if got := c.Check(changed, []byte("ann"), []byte("secret")); got != basic.Wrong {
		t.Errorf("the old password after a change: %v", got)
	}
}

// TestNoUserIsAnyUsersPassword: the hash that one who is no user is compared
// with must never let it in.
func TestNoUserIsAnyUsersPassword(t *testing.T) {
	users := basic.NewUsers(map[string]string{"ann": hashOf(t, "secret", 4)})
	c := basic.NewChecker(basic.NewGate(2))
	for n := range 50 {
		if got := c.Check(users, fmt.Appendf(nil, "user%d", n), []byte("secret")); got != basic.Wrong {
			t.Fatalf("user%d came in: %v", n, got)
		}
	}
}

// TestGateIsBounded: with the only core taken, sixteen wait and no more. No time
// passes while one is hashed, so that nobody waits too long on a busy machine.
func TestGateIsBounded(t *testing.T) { synctest.Test(t, gateIsBounded) }

func gateIsBounded(t *testing.T) {
	users := basic.NewUsers(map[string]string{"ann": hashOf(t, "secret", 8)})
	c := basic.NewChecker(basic.NewGate(1))
	var mu sync.Mutex
	got := map[basic.Verdict]int{}
	var all sync.WaitGroup
	for n := range 60 {
		all.Go(func() {
			v := c.Check(users, []byte("ann"), fmt.Appendf(nil, "guess%d", n))
			mu.Lock()
			defer mu.Unlock()
			got[v]++
		})
	}
	all.Wait()
	if got[basic.Wrong] < 17 || got[basic.Busy] == 0 || got[basic.Right] != 0 {
		t.Errorf("%v: seventeen are checked at least, and not all sixty", got)
	}
	if v := c.Check(users, []byte("ann"), []byte("secret")); v != basic.Right {
		t.Errorf("afterwards: %v", v)
	}
}

// TestOnePageIsOneHash: a page asks for many things at once with one password.
func TestOnePageIsOneHash(t *testing.T) {
	users := basic.NewUsers(map[string]string{"ann": hashOf(t, "secret", 10)})
	c := basic.NewChecker(basic.NewGate(1))
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if v := c.Check(users, []byte("ann"), []byte("secret")); v != basic.Right {
				t.Errorf("%v", v)
			}
		})
	}
	all.Wait()
}

func TestMemoryIsBounded(t *testing.T) {
	hashes := map[string]string{}
	hash := hashOf(t, "secret", 4)
	for n := range 1100 {
		hashes[fmt.Sprint("user", n)] = hash
	}
	users := basic.NewUsers(hashes)
	c := basic.NewChecker(basic.NewGate(2))
	for n := range 1100 {
		if c.Check(users, fmt.Appendf(nil, "user%d", n), []byte("secret")) != basic.Right {
			t.Fatalf("user%d", n)
		}
	}
	if got := c.Known(); got != 1000 {
		t.Errorf("%d are remembered, want 1000", got)
	}
}

func TestFileIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "htpasswd")
	var log bytes.Buffer
	f := basic.NewFile(path, slog.New(slog.NewTextHandler(&log, nil)))
	now := time.Now()
	if _, err := f.Users(now); err == nil {
		t.Error("a file that is not there was read")
	}
	write := func(text string, at time.Time) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	count := func(want int) {
		t.Helper()
		now = now.Add(2 * time.Second)
		if u, err := f.Users(now); err != nil || u.Count() != want {
			t.Errorf("%v users, %v; want %d", u, err, want)
		}
	}
	hash := hashOf(t, "secret", 4)
	write("# ours\n\nann:"+hash+"\nann:"+hashOf(t, "second", 4)+"\r\n", now)
	count(1)
	write("ann:"+hash+"\nbob:"+hash+"\n", now)
	count(2) // same time, another size
	write("ann:$apr1$abcdefgh$0123456789012345678901\nbob:"+hash+"\nbroken\n", now.Add(time.Hour))
	count(1)
	if !strings.Contains(log.String(), "line=1") || !strings.Contains(log.String(), "line=3") || strings.Contains(log.String(), "apr1") {
		t.Errorf("the log:\n%s", log.String())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Second)
	if _, err := f.Users(now); err == nil {
		t.Error("a file that is gone still has users")
	}
	write("ann:"+hash+"\n", now)
	count(1)
	write(strings.Repeat("#\n", 1<<19), now)
	now = now.Add(2 * time.Second)
	if _, err := f.Users(now); err == nil {
		t.Error("a file of 1 MB was read")
	}
}
