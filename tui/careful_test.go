package tui

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// careful is a console over a world in which everything that can be done would
// show: the file, bans, certificates, names.
type careful struct {
	*editor
	doors *countedDoors
}

type countedDoors struct {
	*doors
	asked int
}

func (d *countedDoors) TryCertificate(host string) error {
	d.asked++
	return d.doors.TryCertificate(host)
}

func (d *countedDoors) Publish(ctx context.Context, table string) error {
	d.asked++
	return d.doors.Publish(ctx, table)
}

func beCareful(t *testing.T, o modelOptions) *careful {
	t.Helper()
	w := home()
	s := realStore(t, w, homeFile)
	w.status.Bans = proxy.BanStatus{On: true, Count: 1, Newest: []proxy.Ban{{Client: netip.MustParsePrefix("203.0.113.9/32"), Until: time.Now().Add(time.Hour)}}}
	d := &countedDoors{doors: homeDoors(time.Now())}
	src := w.source(s)
	src.Locks = d
	o.Width, o.Height, o.Env.UTF8 = 80, 24, true
	return &careful{&editor{sit(t, src, o), s, w}, d}
}

// untouched fails when anything was done.
func (c *careful) untouched(after ...string) {
	c.t.Helper()
	if c.file() != homeFile || len(c.world.lifted) > 0 || c.doors.asked > 0 {
		c.t.Fatalf("after %q: lifted %v, asked %d times, the file is\n%s\nthe screen is\n%s", after, c.world.lifted, c.doors.asked, c.file(), c.text())
	}
}

// paste is text from a clipboard, as a terminal marks it.
func (p *person) paste(s string) {
	p.handle(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(s), Paste: true})
	p.settle()
	p.look()
}

// burst is several keys in one read.
func (p *person) burst(s string) {
	p.handle(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(s)})
	p.settle()
	p.look()
}

var places = [][]string{{"1"}, {"2"}, {"2", "k", "enter"}, {"3", "j"}, {"4"}, {"5"}, {"5", "j"}, {"6"}, {"6", "enter"}, {"6", "tab"}, {"1", ":", "b", "a", "n", "s", "enter"}}

// keysAt are those that do something in a place.
func (c *careful) keysAt(where scope) (keys []string) {
	for i := range c.m.keys {
		if b := &c.m.keys[i]; b.where&where != 0 {
			keys = append(keys, b.keys...)
		}
	}
	return keys
}

// TestNothingByOneKey: no key does anything lasting by itself, nor with Enter,
// itself or a paste after it: another key confirms.
func TestNothingByOneKey(t *testing.T) {
	for _, place := range places {
		t.Run(strings.Join(place, " "), func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				c := beCareful(t, modelOptions{})
				c.press(place...)
				for _, key := range c.keysAt(c.m.scope()) {
					for _, then := range []string{"enter", key, " ", "paste"} {
						c.press(place...)
						c.press(key)
						for range 3 {
							if then == "paste" {
								c.paste("y\nY\nyes\n")
								continue
							}
							c.press(then)
						}
						c.untouched(key, then)
						c.leaveAll()
					}
				}
			})
		})
	}
}

// leaveAll goes back to a page, whatever is open.
func (c *careful) leaveAll() {
	c.m.layers, c.m.prompt, c.m.ask, c.got = nil, nil, nil, nil
	c.m.clearFilter()
	c.m.requests.stream.frozen = false
	c.m.requests.stream.newest()
	c.m.locked = c.m.o.Locked
}

// TestNothingWhileLocked, TestNoCommandWhileLocked: what edits does nothing then,
// confirmed or not.
func TestNothingWhileLocked(t *testing.T) {
	for _, place := range places {
		t.Run(strings.Join(place, " "), func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				c := beCareful(t, modelOptions{Locked: true})
				c.press(place...)
				for _, key := range c.keysAt(c.m.scope()) {
					if key == "L" {
						continue
					}
					c.press(place...)
					c.press(key, "y", "K", "y")
					c.untouched(key)
					c.leaveAll()
				}
			})
		})
	}
}

func TestNoCommandWhileLocked(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		c := beCareful(t, modelOptions{Locked: true})
		for _, name := range c.m.commandNames() {
			for _, args := range []string{"", " git", " git.home.lan nas:1", " 1", " server.http :1"} {
				if name == "lock" {
					continue
				}
				c.press("3", "j")
				c.command(name + args)
				c.press("y")
				c.untouched(":" + name + args)
				c.leaveAll()
			}
		}
	})
}

// TestLockedBeforeTheAnswer: a question that stands open while editing is locked
// is not answered by yes.
func TestLockedBeforeTheAnswer(t *testing.T) {
	for name, ask := range map[string][]string{
		"ban":         {":", "b", "a", "n", "s", "enter", "enter"},
		"certificate": {"5", "g", "n"},
		"delete":      {"3", "j", "D"},
		"form":        {"3", "j", "e", "x", "enter"},
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				c := beCareful(t, modelOptions{Locked: true})
				c.press("L")
				c.press(ask...)
				c.wait(lockAfter + time.Second)
				c.press("y")
				c.sees("editing is locked")
				c.untouched(ask...)
			})
		})
	}
}

// TestUnseenIsNotConfirmed: a yes that came in one read with the key that asked
// was given to what nobody has seen.
func TestUnseenIsNotConfirmed(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		c := beCareful(t, modelOptions{})
		c.press("3", "j")
		c.burst("Dy")
		c.untouched("Dy")
		c.sees("delete route git?", "too quick to be seen")
		c.press("esc")
		c.burst("xyyy")
		c.untouched("xyyy")
		c.press("esc", "5", "g", "n")
		c.burst("yy")
		c.untouched("enter yy")
		c.press("y")
		if c.doors.asked != 1 {
			t.Error("y by itself is no answer")
		}
	})
}

// TestConfirmed: each lasting action happens by its own key and then y, so that
// the tests above can fail.
func TestConfirmed(t *testing.T) {
	for name, keys := range map[string][]string{
		"delete": {"3", "j", "D", "y"}, "switch": {"3", "j", "x", "y"}, "ban": {":", "b", "a", "n", "s", "enter", "enter", "y"},
		"certificate": {"5", "g", "n", "y"}, "edit": {"3", "j", "e", "tab", "/", "enter", "y"},
	} {
		t.Run(name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				c := beCareful(t, modelOptions{})
				c.press(keys...)
				if c.file() == homeFile && len(c.world.lifted) == 0 && c.doors.asked == 0 {
					t.Errorf("nothing was done:\n%s", c.text())
				}
			})
		})
	}
}

// TestUndoShowsItsDiff: what undo takes back stands on the screen before y.
func TestUndoShowsItsDiff(t *testing.T) {
	for _, keys := range [][]string{{"u"}, {":", "u", "n", "d", "o", "enter"}, {"6", "g", "u"}, {"6", "g", "enter", "u"}} {
		atNoon(t, func(t *testing.T) {
			c := beCareful(t, modelOptions{})
			err := c.store.Update(t.Context(), nil, "ann", "move git", func(f *config.File) error {
				return f.Set("http://nas:3001", "route", "git", "to")
			})
			if err != nil {
				t.Fatal(err)
			}
			changed := c.file()
			c.wait(2 * time.Second)
			c.press(keys...)
			c.sees("undo move git?", `- to   = "http://nas:3001"`, `+ to   = ["http://nas:3000"]`)
			c.press("enter")
			if c.file() != changed {
				t.Error("it is undone by enter")
			}
			c.press(slices.Concat([]string{"1"}, keys)...)
			c.press("y")
			if c.file() != homeFile {
				t.Errorf("%q does not undo it:\n%s", keys, c.file())
			}
		})
	}
}
