package certs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/certs"
)

// usual is a plan in which nobody said where certificates come from.
func usual(dir string, hosts ...string) certs.Plan {
	plan := certs.Plan{Pairs: []certs.Pair{{Name: "mine", Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}}}
	for _, h := range hosts {
		plan.Wants = append(plan.Wants, certs.Want{Host: h, Kind: certs.ACME, Usual: true})
	}
	return plan
}

func (h *home) kind(t *testing.T, host string) certs.Kind {
	t.Helper()
	w, ok := h.Chosen(host)
	if !ok {
		t.Fatalf("%s is not served", host)
	}
	return w.Kind
}

// TestFilesComeLater: a disk that is mounted late, and a certificate that is
// issued for one more name, need no edit and no restart.
func TestFilesComeLater(t *testing.T) {
	dir := t.TempDir()
	h := newHome(t, t.TempDir(), listen(t), listen(t), here())
	plan := usual(dir, "www.example.com", "new.example.com", "192.168.1.5", "any.lab.example.com")
	h.follow(t, plan)
	if k := h.kind(t, "www.example.com"); k != certs.ACME {
		t.Errorf("without the files it is %s", k)
	}
	writePair(t, dir, "first", "www.example.com")
	h.Nudge()
	h.wait(t, "www.example.com", func(s certs.Status) bool { return s.Issuer == "first" && s.Why == "" })
	if k := h.kind(t, "new.example.com"); k != certs.ACME {
		t.Errorf("a name that is not in it is %s", k)
	}
	writePair(t, dir, "second", "www.example.com", "new.example.com", "*.lab.example.com")
	h.Nudge()
	for _, host := range []string{"www.example.com", "new.example.com", "any.lab.example.com"} {
		h.wait(t, host, func(s certs.Status) bool { return s.Issuer == "second" })
		if c, err := h.handshake(t, host); err != nil || c.Subject.CommonName != "second" {
			t.Errorf("%s: %v %v", host, c, err)
		}
	}
}

// TestFilesAreMended: what is wrong is shown while what was read before is
// served, and a pair is read again though its files look the same.
func TestFilesAreMended(t *testing.T) {
	dir := t.TempDir()
	_, key := writePair(t, dir, "first", "www.example.com")
	h := newHome(t, t.TempDir(), listen(t), listen(t), here())
	h.follow(t, usual(dir, "www.example.com"))
	info, err := os.Stat(key)
	if err != nil {
		t.Fatal(err)
	}
	right, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	for says, breakIt := range map[string]func() error{
		"no such file": func() error { return os.Remove(key) },
		"private key does not match": func() error {
			return os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
		},
		"is not a file":     func() error { os.Remove(key); return os.Mkdir(key, 0o700) },
		"failed to find":    func() error { return os.WriteFile(key, nil, 0o600) },
		"is too large for ": func() error { return os.Truncate(key, 100<<20) },
	} {
		if err := breakIt(); err != nil {
			t.Fatal(err)
		}
		h.Nudge()
		h.wait(t, "www.example.com", func(s certs.Status) bool { return strings.Contains(s.Why, says) })
		for range 20 {
			h.Nudge()
			time.Sleep(time.Millisecond)
		}
		if c, err := h.handshake(t, "www.example.com"); err != nil || c.Subject.CommonName != "first" {
			t.Errorf("%s: %v %v", says, c, err)
		}
		broken, err := os.Stat(key)
		os.Remove(key)
		if err := os.WriteFile(key, right, 0o600); err != nil {
			t.Fatal(err)
		}
		at := info.ModTime()
		if err == nil {
			at = broken.ModTime()
		}
		if err := os.Chtimes(key, at, at); err != nil {
			t.Fatal(err)
		}
		h.Nudge()
		h.wait(t, "www.example.com", func(s certs.Status) bool { return s.Why == "" })
	}
	if n := strings.Count(h.log.String(), "what was read before stays"); n < 5 || n > 10 { // between two steps it is away
		t.Errorf("%d warnings of five faults:\n%s", n, h.log)
	}
	if text := h.log.String(); strings.Contains(text, "PRIVATE") || strings.Contains(text, string(right[40:80])) {
		t.Errorf("the key is in the log:\n%s", text)
	}
}

// TestFilesBySymlink: certbot turns two links, one after the other.
func TestFilesBySymlink(t *testing.T) {
	live, one, two := t.TempDir(), t.TempDir(), t.TempDir()
	writePair(t, one, "first", "www.example.com")
	writePair(t, two, "second", "www.example.com")
	turn := func(name, dir string) {
		t.Helper()
		temp := filepath.Join(live, "new")
		if err := os.Symlink(filepath.Join(dir, name), temp); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(temp, filepath.Join(live, name)); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Now().Add(-time.Hour) // nothing but the files themselves tells them apart
	for _, dir := range []string{one, two} {
		for _, name := range []string{"cert.pem", "key.pem"} {
			path := filepath.Join(dir, name)
			if err := errors.Join(os.Truncate(path, 2000), os.Chtimes(path, at, at)); err != nil {
				t.Fatal(err)
			}
		}
	}
	turn("cert.pem", one)
	turn("key.pem", one)
	h := newHome(t, t.TempDir(), listen(t), listen(t), here())
	h.follow(t, usual(live, "www.example.com"))
	turn("cert.pem", two)
	h.Nudge()
	h.wait(t, "www.example.com", refused)
	if c, err := h.handshake(t, "www.example.com"); err != nil || c.Subject.CommonName != "first" {
		t.Errorf("between the two: %v %v", c, err)
	}
	turn("key.pem", two)
	h.Nudge()
	h.wait(t, "www.example.com", func(s certs.Status) bool { return s.Issuer == "second" && s.Why == "" })
}

// TestFilesForAnother: that a certificate is not for a name it is served for is
// said.
func TestFilesForAnother(t *testing.T) {
	dir := t.TempDir()
	writePair(t, dir, "first", "www.example.com")
	h := newHome(t, t.TempDir(), listen(t), listen(t), here())
	plan := usual(dir)
	plan.Wants = []certs.Want{{Host: "nas.example.com", Kind: certs.File, Pair: "mine"}}
	h.follow(t, plan)
	h.wait(t, "nas.example.com", func(s certs.Status) bool { return strings.Contains(s.Why, "cert.pem is not for nas.example.com") })
}

// TestNone: a name that is not to be served over TLS is not, though one above it
// is.
func TestNone(t *testing.T) {
	h := newHome(t, t.TempDir(), listen(t), listen(t), here())
	h.follow(t, certs.Plan{Wants: []certs.Want{{Host: "*.lab.lan", Kind: certs.Local}, {Host: "plain.lab.lan", Kind: certs.None}}})
	if _, err := h.handshake(t, "cam.lab.lan"); err != nil {
		t.Error(err)
	}
	if _, err := h.handshake(t, "plain.lab.lan"); err == nil || !strings.Contains(err.Error(), "unrecognized name") {
		t.Errorf("%v, want the alert unrecognized_name", err)
	}
	if list := h.Status(); len(list) != 1 {
		t.Errorf("%+v", list)
	}
}
