package main

import (
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// entry checks an entry for `users` against its password.
func entry(t *testing.T, line, name, password string) {
	t.Helper()
	text, err := strconv.Unquote(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("%q is not a quoted string: %v", line, err)
	}
	user, hash, _ := strings.Cut(text, ":")
	if user != name {
		t.Errorf("the entry is for %q, want %q", user, name)
	}
	if err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)); err != nil {
		t.Errorf("the hash is not of %q: %v", password, err)
	}
}

func TestPasswordFromAPipe(t *testing.T) {
	h := newHome(t)
	for name, in := range map[string]string{
		"a line":               "secret\n",
		"no line end":          "secret",
		"a line of windows":    "secret\r\n",
		"what follows a line":  "secret\nmore\n",
		"blanks are kept":      " sec ret \n",
		"as long as it can be": strings.Repeat("x", maxPassword) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := h.feed(in, "password", "ann")
			if r.code != 0 {
				t.Fatalf("%+v", r)
			}
			line, _, _ := strings.Cut(in, "\n")
			entry(t, r.out, "ann", strings.TrimSuffix(line, "\r"))
		})
	}
}

func TestPasswordRefuses(t *testing.T) {
	h := newHome(t)
	for name, c := range map[string]struct{ in, says string }{
		"nothing":       {"", "empty"},
		"an empty line": {"\n", "empty"},
		"73 bytes":      {strings.Repeat("x", 73) + "\n", "longer than 72 bytes"},
		"a lot":         {strings.Repeat("x", 1<<20), "longer than 72 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			if r := h.feed(c.in, "password"); r.code != 1 || r.out != "" || !strings.Contains(r.err, c.says) {
				t.Errorf("%+v, want %q", r, c.says)
			}
		})
	}
}
