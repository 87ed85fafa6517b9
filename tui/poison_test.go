package tui

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// poisoned is a T with s in each of its texts, also those that it gets later.
func poisoned[T any](s string) (v T) {
	poison(reflect.ValueOf(&v).Elem(), s, 0)
	return v
}

func poison(v reflect.Value, s string, depth int) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Now().Add(-time.Minute)))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.MustParseAddr("2001:db8::7")))
		return
	case netip.Prefix:
		v.Set(reflect.ValueOf(netip.MustParsePrefix("203.0.113.9/32")))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		v.SetBool(depth%2 == 0)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(3)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			poison(v.Index(i), s, depth+1)
		}
	case reflect.Pointer:
		if depth < 6 {
			v.Set(reflect.New(v.Type().Elem()))
			poison(v.Elem(), s, depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				poison(v.Field(i), s, depth+1)
			}
		}
	}
}

// poisonedProxy says s wherever a proxy says anything.
type poisonedProxy struct {
	*world
	s string
}

func (p poisonedProxy) Status() proxy.Status {
	st := poisoned[proxy.Status](p.s)
	st.Now, st.Bans.On = time.Now(), true
	for i := range st.Routes {
		st.Routes[i].Name = fmt.Sprint(p.s, i)
	}
	return st
}

func (p poisonedProxy) Explain(proxy.Request) (proxy.Explanation, error) {
	return poisoned[proxy.Explanation](p.s), nil
}

func (p poisonedProxy) Moves(*config.Config) (proxy.Moves, error) {
	return poisoned[proxy.Moves](p.s), nil
}

func (p poisonedProxy) Mends(ctx context.Context, _ record.Detail) []proxy.Mend {
	return p.MendsOf(ctx, "")
}

func (p poisonedProxy) MendsOf(context.Context, string) []proxy.Mend {
	return []proxy.Mend{{Words: p.s, Facts: []string{p.s}, There: []string{p.s}}, {Words: p.s, Facts: []string{p.s}, What: p.s,
		Edit: func(f *config.File) error { return errors.New(p.s) }}}
}

func (p poisonedProxy) Replay(context.Context, *proxy.Replay, bool) (record.Row, error) {
	return record.Row{}, errors.New(p.s)
}

type poisonedLocks string

func (s poisonedLocks) Certificates() []proxy.CertificateStatus {
	c := poisoned[proxy.CertificateStatus](string(s))
	c.Kind = "acme"
	return []proxy.CertificateStatus{c, poisoned[proxy.CertificateStatus](string(s))}
}
func (s poisonedLocks) Names() ddns.Status                    { return poisoned[ddns.Status](string(s)) }
func (s poisonedLocks) TryCertificate(string) error           { return errors.New(string(s)) }
func (s poisonedLocks) Leads(context.Context, string) Leading { return poisoned[Leading](string(s)) }
func (s poisonedLocks) Publish(context.Context, string) error { return errors.New(string(s)) }

// poisonedStore refuses in the words of whoever wrote the file.
type poisonedStore struct{ hostileStore }

func (p *poisonedStore) Preview(_ *config.Revision, edit func(*config.File) error) (*config.Preview, error) {
	return &config.Preview{Config: p.Current().Config, Diff: []config.DiffLine{{Op: '+', Line: 1, Text: p.s}, {Op: '-', Line: 2, Text: p.s}},
		Problems: config.Problems{{Path: "route.git.to", Message: p.s, Hint: p.s, Warning: true}}}, nil
}

func (p *poisonedStore) Update(context.Context, *config.Revision, string, string, func(*config.File) error) error {
	return errors.New(p.s)
}
func (p *poisonedStore) Keep(context.Context, string) error   { return errors.New(p.s) }
func (p *poisonedStore) Reload(context.Context) error         { return errors.New(p.s) }
func (p *poisonedStore) GoBack(context.Context, string) error { return errors.New(p.s) }

// besiege opens a console over nothing but s.
func besiege(t *testing.T, s string, o modelOptions) *person {
	t.Helper()
	w := hostile(s)
	w.status.Routes = nil
	store := realStore(t, w, homeFile)
	probe := func(_ context.Context, _ *config.Config, url string) ([]proxy.Probe, error) {
		p := poisoned[proxy.Probe](s)
		if strings.Contains(url, "fail") {
			return nil, errors.New(s)
		}
		p.OK = strings.Contains(url, "ok")
		return []proxy.Probe{p}, nil
	}
	src := Source{
		Proxy: poisonedProxy{w, s}, Store: &poisonedStore{hostileStore{store, s}}, Version: s, User: s,
		Notices: func() []string { return []string{s, s} }, Log: func() []string { return []string{s, s} },
		Locks: poisonedLocks(s), Probe: probe,
	}
	return sit(t, src, o)
}

// besieged goes to every page, sheet, form, review, prompt and question.
func besieged(p *person) {
	pages := []string{"1", "2", "3", "4", "5", "6"}
	for _, page := range pages {
		p.press(page, "G", "g", "j", "enter", "j", "pgdown", "x", "c", "t", "esc", "m", "esc", "esc", page, "tab", "n", "y", "esc", "esc")
	}
	for _, c := range []string{"live", "bans", "unmatched", "log", "reload", "keep", "undo", "back", "mend", "help", "test http://u:p@x/?q", "set a b", "edit git", "nonsense", "filter ~q", "add h http://fail:1", "add h ok:1"} {
		p.press("esc", "esc", "esc", "y", "esc", "1")
		p.command(c)
		p.press("enter", "m", "y", "j", "tab")
		p.wait(2 * settleTyping)
	}
	p.press("esc", "esc", "y", "esc", "esc", "y", "3", "e", "tab", "tab", "tab")
	p.paste("x\x1b[2J" + p.m.src.Version)
	p.wait(2 * settleTyping)
	p.press("tab", "enter", "up")
	p.wait(2 * settleTyping)
	p.press("enter", "y", "esc", "esc", "y", "esc", "esc", "y", ":")
	p.paste(p.m.src.Version)
	p.press("tab", "enter", ":", "up", "esc", "/")
	p.paste(p.m.src.Version)
	p.press("tab", "enter", "esc", "q", "esc")
}

var poisons = map[string]string{
	"escapes":     "\x1b[2J\x1b]0;title\x07\x1b]52;c;eA==\x07\x1bP$q\x1b\\",
	"C1":          "\x9b31m\u009b31m\u009d52;c;eA==\u009c",
	"bidi":        "\u202egpj\u202c\u2066x\u2069\u200f\u061c",
	"zero width":  "a\u200b\u200c\u200d\u2060\ufeff\u00adb",
	"combining":   "e" + strings.Repeat("\u0301", 300),
	"wide":        strings.Repeat("写真", 60),
	"invalid":     "\xff\xfe\xc3\x28\xed\xa0\x80\xf0\x9f",
	"line ends":   "a\nb\rc\vd\fe\u0085f\u2028g\u2029h",
	"tabs":        "\ta\t\x00b\x08\x08\x7f",
	"tags":        "a\U000e0041\U000e007f\ufe0f\U000e0100",
	"joined":      "👩🏽\u200d🚀🇨🇭🇨\u1100\u1161\u0e33",
	"long":        strings.Repeat("x", 100<<10),
	"long spaced": strings.Repeat("写 x\x1b ", 2<<10),
	"empty":       "",
	"braces":      "%s%!d(MISSING)\"'`$(reboot)\\",
}

// TestPoisonEverywhere: whatever stands in the words of visitors, upstreams,
// authorities, providers, the file or the log, each frame is whole and nothing
// in it acts on the terminal; sit, press and wait look at every one.
func TestPoisonEverywhere(t *testing.T) {
	for name, s := range poisons {
		t.Run(name, func(t *testing.T) {
			for i, size := range [][2]int{{80, 24}, {40, 12}} {
				if len(s) > 8<<10 && i > 0 {
					continue
				}
				atNoon(t, func(t *testing.T) {
					p := besiege(t, s, modelOptions{Env: environment{Colors: 16 * (i % 2), UTF8: i != 1}, Width: size[0], Height: size[1], Foreground: true})
					besieged(p)
					for _, msg := range p.got {
						if c, ok := msg.(copyMsg); ok {
							checkLine(t, c.text, p.m.look)
						}
					}
				})
			}
		})
	}
}

// TestTerminalGetsOnlyOurs: of a console over such a world the terminal is sent
// no sequence but those that draw, and a clipboard only in base64.
func TestTerminalGetsOnlyOurs(t *testing.T) {
	d := newDesk(t, 80, 24)
	s := poisons["escapes"] + poisons["C1"]
	w := hostile(s)
	store := realStore(t, w, homeFile)
	src := Source{Proxy: poisonedProxy{w, s}, Store: &poisonedStore{hostileStore{store, s}}, Version: s, User: s, Locks: poisonedLocks(s)}
	at := d.sit(func(o modelOptions) tea.Model { return newModel(src, o) })
	d.await("1 ")
	for _, keys := range []string{"2", "k", "\r", "c", "x", "c", "3", "4", "5", "6", "?", "\x1b", "1"} {
		d.press(keys)
		time.Sleep(30 * time.Millisecond)
	}
	at.leave()
	out := d.output()
	for rest := out; ; {
		_, after, found := strings.Cut(rest, "\x1b]")
		if !found {
			break
		}
		text, isCopy := strings.CutPrefix(after, "52;c;")
		text, _, _ = strings.Cut(text, "\a")
		if _, err := base64.StdEncoding.DecodeString(text); !isCopy || err != nil || text == "eA==" {
			t.Errorf("the terminal was sent %.40q", after)
		}
		rest = after
	}
	for _, bad := range []string{"\x9b", "\u009b", "\x1bP", "\u202e", "\x1b[31m\x1b"} {
		if strings.Contains(out, bad) {
			t.Errorf("the terminal was sent %q", bad)
		}
	}
}
