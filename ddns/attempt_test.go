package ddns_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"forge.home.arpa/portico/ddns"
)

// TestAttempts: what was tried is told also after an edit and a restart, in the
// provider's words, and never grows without end.
func TestAttempts(t *testing.T) {
	a := newAPI(t, says("GET", 401, "badauth"))
	text := dynTable + "server = \"" + a.URL + "\"\n"
	state := t.TempDir()
	s := start(t, text, options{state: state})
	s.name(t, "nas.example.com")
	a.answer(ok("GET", "good 203.0.113.7"))
	text = strings.Replace(text, "ann", "bob", 1)
	s.apply(t, text)
	published := func(n ddns.NameStatus) bool { return n.Class == ddns.OK && !n.At.IsZero() }
	s.wait(t, "nas.example.com", published)
	s.stop()

	s = start(t, text, options{state: state})
	got := s.wait(t, "nas.example.com", published).Attempts
	if len(got) != 2 {
		t.Fatalf("%d attempts, want 2: %+v", len(got), got)
	}
	if f := got[0]; f.Class != ddns.Stop || !strings.Contains(f.Words, "badauth") || f.Provider != "dyndns2" || f.At.IsZero() {
		t.Errorf("first %+v", f)
	}
	if l := got[1]; l.Class != ddns.OK || l.V4 != netip.MustParseAddr("203.0.113.7") || !l.At.After(got[0].At) {
		t.Errorf("second %+v", l)
	}
	for range 25 {
		if err := s.Update(context.Background(), "home"); err != nil {
			t.Fatal(err)
		}
	}
	now := s.name(t, "nas.example.com").Attempts
	if len(now) != 20 || now[0].Class != ddns.OK {
		t.Errorf("%d attempts, the oldest %+v", len(now), now[0])
	}
	if len(got) != 2 || got[0].Class != ddns.Stop {
		t.Errorf("a list that somebody holds was changed: %+v", got)
	}
	s.apply(t, strings.Replace(text, `"nas"`, `"cam"`, 1))
	s.name(t, "cam.example.com")
	s.stop()
	s = start(t, text, options{state: state})
	if got := s.name(t, "nas.example.com").Attempts; len(got) != 20 {
		t.Errorf("of a name that was away, and is published, %d attempts are known", len(got))
	}
}
