package tui

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"forge.home.arpa/portico/config"
)

// historyPage lists the versions of the file, the newest first, and under them
// the end of the log.
type historyPage struct {
	reading
	atTop
	cur   cursor
	moved bool
}

func (*historyPage) number() int       { return 6 }
func (*historyPage) name() string      { return "history" }
func (*historyPage) title() string     { return "Log & History" }
func (*historyPage) short() string     { return "Log" }
func (*historyPage) scope() scope      { return onHistory }
func (*historyPage) state(*model) text { return nil }

// settle keeps the cursor where the person put it; until then it is on the
// newest.
func (h *historyPage) settle(m *model) {
	if !h.moved {
		h.cur = cursor{}
	}
	h.cur.settle(h.numbers(m))
}

func (h *historyPage) move(m *model, by int) {
	h.moved = true
	h.cur.move(h.numbers(m), by)
}

func (h *historyPage) jump(m *model, bottom bool) {
	h.moved = bottom
	h.cur.jump(h.numbers(m), bottom)
}

// numbers name the versions for the cursor.
func (*historyPage) numbers(m *model) []string {
	names := make([]string, len(m.facts.versions))
	for i, v := range m.facts.versions {
		names[i] = strconv.Itoa(v.N)
	}
	return names
}

// selected is the version under the cursor; nil without one.
func (h *historyPage) selected(m *model) *config.Version {
	if h.cur.at >= len(m.facts.versions) {
		return nil
	}
	return &m.facts.versions[h.cur.at]
}

// open shows what the version under the cursor changed.
func (h *historyPage) open(m *model) {
	if v := h.selected(m); v != nil {
		m.showVersion(*v)
	}
}

func (h *historyPage) draw(m *model, a area) {
	if !m.facts.known {
		return
	}
	list, log := a.top(h.listHeight(m, a.h))
	h.drawVersions(m, list)
	log.rule(0, "log")
	_, log = log.top(1)
	drawLog(m, log)
}

// listHeight leaves at least a third to the log, and more where the versions
// need less.
func (h *historyPage) listHeight(m *model, most int) int {
	return min(max(len(m.facts.versions), 1)+1, most*2/3)
}

func (h *historyPage) drawVersions(m *model, a area) {
	switch {
	case m.facts.noHistory != nil:
		a.line(0).to(gutter).put(warn, m.facts.noHistory.Error())
		return
	case len(m.facts.versions) == 0:
		a.line(0).to(gutter).put(plain, "no version yet: the first edit makes one")
		return
	}
	cols := arrange(versionColumns(m), a.w, 0)
	drawTitles(a.line(0), cols)
	_, a = a.top(1)
	drawList(a, cols, m.facts.versions, h.cur.at, &h.cur)
}

func versionColumns(m *model) []column[config.Version] {
	type col = column[config.Version]
	n := col{title: "N", width: 6, right: true, rank: 0, cell: func(v *config.Version) span { return span{plain, strconv.Itoa(v.N)} }}
	when := col{title: "WHEN", width: 11, rank: 2, cell: func(v *config.Version) span { return span{plain, timeOfDay(v.At, m.o.Now())} }}
	runs := col{title: "", width: 4, rank: 4, cell: func(v *config.Version) span {
		if v.Runs {
			return span{calm, "runs"}
		}
		return span{}
	}}
	who := col{title: "WHO", width: 10, most: 16, grow: 1, rank: 3, cell: func(v *config.Version) span { return span{plain, v.Who} }}
	what := col{title: "WHAT", width: 14, grow: 4, rank: 1, cell: func(v *config.Version) span { return span{plain, v.What} }}
	all := m.facts.versions
	return []col{n.fit(m.look, all), when.fit(m.look, all), runs.fit(m.look, all), who.fit(m.look, all), what}
}

// drawLog shows the newest lines that fit.
func drawLog(m *model, a area) {
	lines := m.facts.log
	if len(lines) == 0 {
		a.line(0).to(gutter).put(plain, "no line yet")
		return
	}
	lines = lines[max(len(lines)-a.h, 0):]
	for i, s := range lines {
		a.line(i).to(gutter).text(say(logTone(s), shortLog(s, m.o.Now().Location())))
	}
}

// shortLog is a line as slog's text handler writes it, where only its beginning
// has room: the time as the clock here shows it, the level and what was said.
func shortLog(s string, zone *time.Location) string {
	s = strings.TrimRight(s, "\n")
	stamp, rest, _ := strings.Cut(strings.TrimPrefix(s, "time="), " level=")
	level, said, ok := strings.Cut(rest, " msg=")
	at, err := time.Parse(time.RFC3339, stamp)
	if !ok || err != nil {
		return s
	}
	return at.In(zone).Format(time.TimeOnly) + " " + level + " " + said
}

// logLine marks what a person should look at.
func logLine(s string) text {
	s = strings.TrimRight(s, "\n")
	return say(logTone(s), s)
}

// showLog opens the log at its end.
func (m *model) showLog() {
	m.push(&sheet{title: "log", scroll: scroll{top: math.MaxInt32}, body: func(m *model, p *paper) {
		for _, s := range m.facts.log {
			p.add(logLine(s), 2)
		}
		if len(m.facts.log) == 0 {
			p.add(say("no line yet"), 0)
		}
	}})
}

// undoVersion reviews taking back the version that is looked at.
func (m *model) undoVersion() {
	if v, ok := m.top().(*version); ok {
		m.undo(v.N)
		return
	}
	if v := m.history.selected(m); v != nil {
		m.undo(v.N)
	}
}

// undoNamed is undo as a command: the last change, or that of a version.
func (m *model) undoNamed(ws []string) {
	if len(ws) == 0 {
		m.undo(0)
		return
	}
	m.withOne(ws, "number of a version", func(s string) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			m.say(bad, fmt.Sprintf("%q is no number of a version; page 6 lists them", s))
			return
		}
		m.undo(n)
	})
}

// undoHere is undo as a command where a version is looked at.
func (m *model) undoHere(ws []string) {
	if len(ws) == 0 {
		m.undoVersion()
		return
	}
	m.undoNamed(ws)
}

// versionTitle names a version in a line.
func versionTitle(v config.Version) string {
	return fmt.Sprintf("version %d: %s, by %s", v.N, v.What, cmp.Or(v.Who, "nobody"))
}
