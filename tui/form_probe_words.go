package tui

import (
	"fmt"
	"strings"
	"time"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// testLines say what the tests of what is typed now found, a line an upstream.
func (f *form) testLines() []text {
	switch t := &f.tests; {
	case t.running:
		return []text{say("test: ..")}
	case t.of != f.asked():
		return nil
	}
	var lines []text
	for _, t := range f.tests.found {
		line := say("test: ")
		if len(f.tests.found) > 1 {
			line = say("test: ", calm, t.typed+": ")
		}
		lines = append(lines, append(line, t.words()...))
	}
	return lines
}

// words are what was found at an upstream.
func (t tested) words() text {
	p, advice := &t.probe, t.probe.Advice()
	switch url, trust := t.instead(), t.trust(); {
	case t.err != nil:
		return say(bad, t.err.Error())
	case url != "" && isTLS(url) && !isTLS(p.URL):
		return say(bad, "it speaks TLS: "+url)
	case url != "":
		return say(bad, "it speaks "+url)
	case trust != nil && p.Certificate != nil:
		return say(bad, "untrusted certificate of "+authority(p.URL)+", "+refusal(p.Certificate)+": "+trusting(trust)+"?")
	case p.Cause == record.CauseRefused:
		return say(bad, "nothing listens at "+authority(p.URL))
	case !p.OK && len(advice) > 0:
		return say(bad, p.Detail, "; "+advice[0])
	case !p.OK:
		return say(bad, p.Detail)
	}
	answer := say(calm, t.scheme()+"answers in "+took(p))
	if p.Status != 0 {
		answer = say(calm, fmt.Sprintf("%s%d in %s", t.scheme(), p.Status, took(p)))
	}
	if len(advice) > 0 {
		answer = append(answer, say(warn, "; "+advice[0])...)
	}
	return answer
}

// scheme says which one answers where none was typed.
func (t tested) scheme() string {
	if !isBare(t.typed) {
		return ""
	}
	return schemeOf(t.probe.URL) + ", "
}

func refusal(c *proxy.Certificate) string {
	if c.SelfSigned {
		return "self-signed"
	}
	return c.Refused
}

// trusting says what it is to write such an upstream_tls.
func trusting(tls map[string]any) string {
	if tls["pin"] != nil {
		return "pin it"
	}
	return "trust its name"
}

// took is the time of all steps together.
func took(p *proxy.Probe) string {
	var all time.Duration
	for _, s := range p.Steps {
		all += s.Took
	}
	if all >= time.Millisecond && all < time.Second {
		return fmt.Sprintf("%dms", all.Round(time.Millisecond).Milliseconds())
	}
	return unitDuration(all)
}

// upstreamVerdict says in short what the tests found, for the line that judges
// the edit; nothing where nothing was tested.
func (f *form) upstreamVerdict() text {
	t := &f.tests
	switch {
	case t.running:
		return say(", testing the upstream ..")
	case t.of != f.asked() || len(t.found) == 0:
		return nil
	}
	for _, one := range t.found {
		if one.err != nil || !one.probe.OK || one.instead() != "" {
			return append(say(", ", warn, "but "), one.words()...)
		}
	}
	return say(", " + answers(len(t.found), "upstream answers", "upstreams answer"))
}

func schemeOf(url string) string {
	scheme, _, _ := strings.Cut(url, "://")
	return scheme
}

func authority(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	return rest
}

func isTLS(url string) bool {
	switch strings.TrimSuffix(schemeOf(url), "+unix") {
	case "https", "grpcs":
		return true
	}
	return false
}
