package tui

import (
	"context"
	"strings"

	"forge.home.arpa/portico/config"
)

// version shows what one version changed in the one before it.
type version struct {
	reading
	config.Version
	diff   []config.DiffLine
	failed error // why there is no diff
	loaded bool
	scroll scroll
}

func (*version) scope() scope { return inVersion }

func (v *version) move(_ *model, by int)      { v.scroll.by(by) }
func (v *version) jump(_ *model, bottom bool) { v.scroll.end(bottom) }
func (*version) open(*model)                  {}

func (*version) back(m *model) bool {
	m.pop()
	return true
}

// showVersion opens a version and reads its text, which is on disk.
func (m *model) showVersion(of config.Version) {
	v := &version{Version: of}
	m.push(v)
	m.await(func(context.Context) then {
		diff, err := m.src.Store.VersionDiff(of.N)
		return func(*model) { v.diff, v.failed, v.loaded = diff, err, true }
	})
}

func (v *version) draw(m *model, a area) {
	a.line(0).put(calm, versionTitle(v.Version))
	a.line(1).put(plain, v.At.In(m.o.Now().Location()).Format("2006-01-02 15:04:05"))
	_, rest := a.top(2)
	p := &paper{look: m.look, w: rest.w}
	switch {
	case v.failed != nil:
		p.add(say(bad, "! ", v.failed.Error()), 2)
	case v.loaded:
		p.addDiff(v.diff)
	}
	v.scroll.draw(rest, p.lines)
}

// logTone reads the level of a line as slog's text handler writes it.
func logTone(s string) tone {
	switch {
	case strings.Contains(s, "level=ERROR"):
		return bad
	case strings.Contains(s, "level=WARN"):
		return warn
	}
	return plain
}
