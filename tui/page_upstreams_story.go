package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"forge.home.arpa/portico/proxy"
)

// upstreamStory says since when it is as it is, and why: what matters most
// first, for a small screen has room for three lines.
func upstreamStory(m *model, u *proxy.UpstreamStatus) []text {
	now := m.o.Now()
	last := say("no failure yet")
	if u.Reason != "" {
		last = say("last failure " + timeOfDay(u.LastFail, now) + ": " + u.Reason)
	}
	story := append([]text{stateWords(m, u), last}, certificateWords(u, now)...)
	story = append(story, say("routes "+strings.Join(u.Routes, " ")))
	for _, c := range slices.Backward(u.Changes) {
		story = append(story, changeWords(c, now))
	}
	return story
}

func stateWords(m *model, u *proxy.UpstreamStatus) text {
	now := m.o.Now()
	state := say(u.State.String() + " " + since(u.Since, now))
	if u.State == proxy.StateDown {
		state = say(bad, downSince(u, m))
	}
	if returning(u) {
		state = append(state, say(", back with"+share(u)+" of its share")...)
	}
	if !u.Checked.IsZero() {
		state = append(state, say(", checked "+timeOfDay(u.Checked, now))...)
	}
	return state
}

// returning tells whether an upstream has come back and not yet its whole share.
func returning(u *proxy.UpstreamStatus) bool {
	return u.State == proxy.StateOK && 0 < u.Share && u.Share < 1
}

// share is how much of its weight an upstream has that has returned, as " 40%".
func share(u *proxy.UpstreamStatus) string { return fmt.Sprintf(" %.0f%%", u.Share*100) }

// certificateWords show the certificate, with its pin where that is what is
// trusted or could be.
func certificateWords(u *proxy.UpstreamStatus, now time.Time) []text {
	verify := map[string]text{"system": nil, "ca": say(", by your own authority"), "pin": say(", pinned"), "off": say(", ", warn, "not verified")}
	c := u.Certificate
	if c == nil {
		return nil
	}
	words := say("certificate of " + c.Subject)
	switch {
	case c.Refused != "":
		words = append(words, say(", ", bad, "not trusted: "+c.Refused)...)
	case c.SelfSigned:
		words = append(append(words, say(", self-signed")...), verify[u.Verify]...)
	default:
		words = append(append(words, say(", by "+c.Issuer)...), verify[u.Verify]...)
	}
	until := say(", until " + c.NotAfter.Format(time.DateOnly))
	if c.NotAfter.Before(now) {
		until = say(", ", warn, "expired "+c.NotAfter.Format(time.DateOnly))
	}
	lines := []text{append(words, until...)}
	if c.Refused != "" || u.Verify == "pin" || u.Verify == "off" {
		lines = append(lines, say("pin ", calm, c.Pin))
	}
	return lines
}

func changeWords(c proxy.UpstreamChange, now time.Time) text {
	if c.Down {
		return say(timeOfDay(c.At, now)+" ", bad, "DOWN", " "+c.Reason)
	}
	return say(timeOfDay(c.At, now) + " up, " + c.Reason)
}
