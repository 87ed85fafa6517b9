package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// news is one thing that is wrong, in words for eleven at night.
type news struct {
	key   string // names it while it lasts
	tone  tone   // bad: visitors feel it; warn: they do not, yet
	short string // for the header: "nas:3000 DOWN"
	what  string // "nas:3000 is DOWN"
	since time.Time
	felt  string // what visitors see
	cause string
	mend  func(*model) // what Enter does
}

// news lists what is wrong, worst first; among equals the oldest first. What
// waits for a decision comes before all.
func (f *facts) news(now time.Time) []news {
	all := slices.Concat(f.listenerNews(), f.upstreamNews(), f.failingNews(), f.fileNews(), f.lockNews(now), f.warningNews(), f.noticeNews())
	slices.SortStableFunc(all, func(a, b news) int {
		if a.tone != b.tone {
			return cmp.Compare(b.tone, a.tone)
		}
		return a.since.Compare(b.since)
	})
	return append(f.pendingNews(now), all...)
}

func (f *facts) listenerNews() (all []news) {
	for _, l := range f.status.Listeners {
		if l.Error == "" {
			continue
		}
		all = append(all, news{
			key: "listener " + l.Address, tone: bad,
			short: l.Address + " closed", what: "not listening on " + l.Address,
			felt: "nobody can connect there", cause: l.Error,
			mend: func(m *model) { m.showProblems() },
		})
	}
	return all
}

func (f *facts) upstreamNews() (all []news) {
	for _, u := range f.status.Upstreams {
		if u.State != proxy.StateDown {
			continue
		}
		n := news{
			key: "upstream " + u.URL, since: u.Since, cause: u.Reason,
			short: address(u.URL) + " DOWN", what: address(u.URL) + " is DOWN",
			mend: func(m *model) { m.showUpstream(u.URL); m.mendTarget(u.URL, (*model).hint) },
		}
		n.tone, n.felt = f.feltThrough(u)
		all = append(all, n)
	}
	return all
}

// feltThrough says what visitors notice of an upstream that is down.
func (f *facts) feltThrough(u proxy.UpstreamStatus) (tone, string) {
	var dead, weak []string
	for _, name := range u.Routes {
		switch r := f.route(name); {
		case r == nil || !r.Enabled:
		case r.Health == proxy.StateDown:
			dead = append(dead, name)
		default:
			weak = append(weak, name)
		}
	}
	switch {
	case len(dead) > 0:
		return bad, strings.Join(dead, ", ") + answers(len(dead), " answers 502", " answer 502")
	case len(weak) > 0:
		return warn, "other upstreams serve " + strings.Join(weak, ", ")
	}
	return warn, "no route needs it now"
}

func answers(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func (f *facts) fileNews() []news {
	show := func(m *model) { m.showProblems() }
	if !f.lastGood.IsZero() {
		return []news{{
			key: "file", tone: warn, since: f.lastGood,
			short: "last good runs", what: "the last good version of " + f.fileName() + " runs",
			felt: "what the file says now is not in force", cause: f.firstProblem(), mend: show,
		}}
	}
	if errs := f.problems.Errors(); len(errs) > 0 {
		return []news{{
			key: "file", tone: warn, since: f.broken,
			short: f.fileName() + " broken", what: f.fileName() + " has " + count(len(errs), "problem"),
			felt: "the last good version runs", cause: lineOf(errs[0]), mend: show,
		}}
	}
	if f.revision == nil || len(f.revision.Warnings) == 0 {
		return nil
	}
	ws := f.revision.Warnings
	return []news{{
		key: "warnings", tone: calm,
		what: f.fileName() + " has " + count(len(ws), "warning"), cause: lineOf(ws[0]), mend: show,
	}}
}

// lineOf is a problem with its line, in one line.
func lineOf(p config.Problem) string {
	s := withHint(p)
	if p.Line > 0 {
		s = fmt.Sprintf("line %d: %s", p.Line, s)
	}
	return s
}

func (f *facts) fileName() string { return f.file[strings.LastIndexByte(f.file, '/')+1:] }

// lockNews is what is wrong with certificates and names.
func (f *facts) lockNews(now time.Time) (all []news) {
	if why := f.names.Problem(); why != "" {
		all = append(all, news{key: "address", tone: warn, short: "address unknown", what: "the public address is not certain",
			felt: "names stay as they were published", cause: why, mend: func(m *model) { m.show(m.certs) }})
	}
	if why := f.shutOut(); why != "" {
		all = append(all, news{key: "carrier", tone: warn, short: "CGNAT", what: "strangers do not come in over IPv4", cause: why,
			mend: func(m *model) { m.show(m.certs) }})
	}
	for _, l := range f.locks() {
		state := l.state(now)
		if state.tone == plain {
			continue
		}
		what, felt := "no certificate for "+l.host(), "visitors see a warning"
		switch {
		case l.name != nil:
			what, felt = l.host()+" is not published", "after a new address nobody finds it"
			if l.name.OK.IsZero() {
				felt = "nobody finds it yet"
			}
		case state.s == string(proxy.CertificateEnding):
			what, felt = "the certificate of "+l.host()+" ends in "+l.ends(now), ""
		case state.tone == bad:
			what = "the certificate of " + l.host() + " has ended"
		}
		all = append(all, news{key: l.key, tone: state.tone, since: l.failingSince(), short: l.host() + " " + state.s, what: what, felt: felt,
			cause: l.words(), mend: func(m *model) { m.showLock(l.key) }})
	}
	return all
}

// warningNews is what the proxy says is not as it should be.
func (f *facts) warningNews() (all []news) {
	for _, w := range f.status.Warnings {
		all = append(all, news{key: "warning " + w.What, tone: warn, since: w.Since, short: w.Short, what: w.What,
			mend: func(m *model) { m.showProblems() }})
	}
	return all
}

func (f *facts) noticeNews() (all []news) {
	for i, s := range f.notices {
		all = append(all, news{key: fmt.Sprint("notice ", i), tone: warn, short: s, what: s,
			mend: func(m *model) { m.showProblems() }})
	}
	return all
}

// address is an upstream's URL without its scheme.
func address(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		return rest
	}
	return url
}

// problemLines is every problem of the file with its place.
func (f *facts) problemLines() []text {
	ps := f.problems
	if len(ps) == 0 && f.revision != nil {
		ps = f.revision.Warnings
	}
	var lines []text
	for _, p := range ps {
		lines = append(lines, problemText(f.fileName(), p))
	}
	return lines
}

func problemText(file string, p config.Problem) text {
	t := say(bad, "problem  ")
	if p.Warning {
		t = say(warn, "warning  ")
	}
	place := file
	if p.Line > 0 {
		place += fmt.Sprintf(":%d:%d", p.Line, p.Col)
	}
	t = append(t, say(place+": "+p.Message)...)
	if p.Hint != "" {
		t = append(t, say(calm, " ("+p.Hint+")")...)
	}
	return t
}
