package proxy

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/certs"
)

// TestIsPublicName: requests, the configuration and the local authority call the
// same names a home's.
func TestIsPublicName(t *testing.T) {
	hosts := map[string]bool{
		"www.example.com": true, "example.com": true, "xn--bcher-kva.example": true, "home.arpa.example.com": true,
		"": false, "nas": false, "nas.lan": false, "nas.local": false, "a.b.home.arpa": false, "x.internal": false,
		"x.test": false, "x.localhost": false, "localhost": false, "192.168.1.2": false, "203.0.113.9": false, "[2001:db8::1]": false,
	}
	for _, suffix := range certs.HomeSuffixes {
		hosts["nas."+suffix] = false
	}
	for host, want := range hosts {
		if got, known := isPublicName([]byte(host)), config.IsPublic(host); got != want || known != want {
			t.Errorf("%q: %v, and %v by the configuration", host, got, known)
		}
	}
}

// TestTheWarningStandsForADay: it is said once, and again only after it had gone.
func TestTheWarningStandsForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		log := slog.New(slog.NewTextHandler(&text, nil))
		var r router
		said := func(want int) {
			t.Helper()
			if got := strings.Count(text.String(), "your router hides visitors"); got != want {
				t.Errorf("said %d times, want %d", got, want)
			}
		}
		if r.hides(time.Now()) {
			t.Error("it stands from the start")
		}
		began := time.Now()
		for range 5 {
			r.hid(time.Now(), log, []byte("www.example.com"))
			time.Sleep(24*time.Hour - 1)
		}
		said(1)
		if !r.hides(time.Now()) || !r.began().Equal(began) {
			t.Errorf("it stands: %v, since %v", r.hides(time.Now()), r.began())
		}
		time.Sleep(time.Nanosecond)
		if r.hides(time.Now()) {
			t.Error("it stands longer than a day")
		}
		r.hid(time.Now(), log, []byte("www.example.com"))
		said(2)
		if r.began().Equal(began) {
			t.Error("it stands since the first time")
		}
	})
}
