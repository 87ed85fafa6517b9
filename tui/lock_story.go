package tui

import (
	"slices"
	"time"

	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

// story tells of a row, what matters most first, for a small screen has room for
// three lines.
func (l *lock) story(now time.Time) (lines []text) {
	state := append(text{l.state(now)}, say("  "+l.from())...)
	if c := l.cert; c != nil {
		if !c.Until.IsZero() {
			state = append(state, say(", until "+dayOf(c.Until, now))...)
		}
		lines = append(lines, state)
		if c.Why != "" {
			lines = append(lines, say(c.Why))
		}
	} else {
		lines = append(lines, append(state, say(": "+dash(l.name.Words))...), l.address(now))
	}
	for _, t := range l.tries(now) {
		lines = append(lines, t.head, t.words)
	}
	return lines
}

// address compares where the home is with what is published.
func (l *lock) address(now time.Time) text {
	a := l.table
	switch {
	case a.Carrier != "":
		return say(warn, a.Carrier)
	case a.Problem != "":
		return say(warn, a.Problem)
	case a.Looked.IsZero():
		return say("the public address was not looked for yet")
	}
	return say("public address " + dash(addressWords(a.V4, a.V6)) + ", published " + dash(addressWords(l.name.V4, l.name.V6)) +
		"; looked for again in " + unitDuration(max(a.Next.Sub(now), 0)))
}

// dayOf is a day in the time zone of now.
func dayOf(t, now time.Time) string { return t.In(now.Location()).Format(time.DateOnly) }

// try is one attempt, in two lines.
type try struct{ head, words text }

// tries are the last attempts, the newest first.
func (l *lock) tries(now time.Time) (all []try) {
	if l.cert != nil {
		for _, a := range slices.Backward(l.cert.Attempts) {
			all = append(all, certTry(a, now))
		}
		return all
	}
	for _, a := range slices.Backward(l.name.Attempts) {
		all = append(all, nameTry(a, now))
	}
	return all
}

func certTry(a proxy.CertificateAttempt, now time.Time) try {
	result := span{plain, a.Result}
	if a.Result == "failed" {
		result.tone = warn
	}
	return try{text{{plain, timeOfDay(a.At, now) + " "}, result, {plain, ", " + a.Tried}}, say(a.Words)}
}

func nameTry(a ddns.Attempt, now time.Time) try {
	result := nameState(&ddns.NameStatus{Class: a.Class, At: a.At})
	sent := ", " + a.Provider + " was told " + dash(addressWords(a.V4, a.V6))
	return try{text{{plain, timeOfDay(a.At, now) + " "}, result, {plain, sent}}, say(a.Words)}
}
