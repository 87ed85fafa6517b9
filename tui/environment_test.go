package tui

import (
	"testing"
	"time"
)

// variables makes an environment of name, value, name, value.
func variables(pairs ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return m[name] }
}

func TestColors(t *testing.T) {
	for _, c := range []struct {
		name string
		env  func(string) string
		want int
	}{
		{"nothing is known", variables(), 0},
		{"dumb", variables("TERM", "dumb"), 0},
		{"a VT100", variables("TERM", "vt100"), 0},
		{"Linux's own console", variables("TERM", "linux"), 16},
		{"Linux's own console has 16 whatever is said", variables("TERM", "linux", "COLORTERM", "truecolor"), 16},
		{"GNU screen", variables("TERM", "screen"), 16},
		{"tmux", variables("TERM", "tmux-256color"), 256},
		{"xterm", variables("TERM", "xterm"), 16},
		{"xterm with all colours", variables("TERM", "xterm", "COLORTERM", "truecolor"), 256},
		{"a direct colour terminal", variables("TERM", "xterm-direct"), 256},
		{"NO_COLOR", variables("TERM", "xterm-256color", "NO_COLOR", "1"), 0},
		{"an empty NO_COLOR counts as unset", variables("TERM", "xterm-256color", "NO_COLOR", ""), 256},
	} {
		if got := newEnvironment(c.env, Dark, LocaleSigns).Colors; got != c.want {
			t.Errorf("%s: %d colours, want %d", c.name, got, c.want)
		}
	}
}

func TestUTF8(t *testing.T) {
	for _, c := range []struct {
		name string
		env  func(string) string
		want bool
	}{
		{"nothing is set", variables(), false},
		{"LANG", variables("LANG", "de_DE.UTF-8"), true},
		{"as musl writes it", variables("LANG", "C.utf8"), true},
		{"Latin 1", variables("LANG", "de_DE.ISO-8859-1"), false},
		{"LC_CTYPE before LANG", variables("LANG", "de_DE.UTF-8", "LC_CTYPE", "C"), false},
		{"LC_ALL before all", variables("LANG", "C", "LC_CTYPE", "C", "LC_ALL", "en_US.utf-8"), true},
		{"an empty LC_ALL is unset", variables("LC_ALL", "", "LANG", "en_US.UTF-8"), true},
	} {
		if got := newEnvironment(c.env, Dark, LocaleSigns).UTF8; got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}

func TestLightBackground(t *testing.T) {
	for _, c := range []struct {
		colours string
		theme   Theme
		want    bool
	}{
		{"", TerminalTheme, false},
		{"15;0", TerminalTheme, false},
		{"0;15", TerminalTheme, true},
		{"0;default;15", TerminalTheme, true},
		{"0;7", TerminalTheme, true},
		{"0;17", TerminalTheme, false},
		{"0;default", TerminalTheme, false},
		{"0;15", Dark, false},
		{"15;0", Light, true},
	} {
		if got := newEnvironment(variables("TERM", "rxvt", "COLORFGBG", c.colours), c.theme, LocaleSigns).Light; got != c.want {
			t.Errorf("COLORFGBG=%s with theme %d: light is %t", c.colours, c.theme, got)
		}
	}
}

// TestAskedForWins holds that --theme, --ascii and --utf8 override the
// environment.
func TestAskedForWins(t *testing.T) {
	env := variables("TERM", "xterm-256color", "LANG", "en_US.UTF-8")
	if e := newEnvironment(env, Mono, ASCIISigns); e.Colors != 0 || e.UTF8 {
		t.Errorf("mono and ASCII: %+v", e)
	}
	if e := newEnvironment(variables("TERM", "linux"), Light, UTF8Signs); !e.Light || !e.UTF8 || !e.Linux || e.Colors != 16 {
		t.Errorf("light and UTF-8 on Linux's console: %+v", e)
	}
}

func TestParseTheme(t *testing.T) {
	for name, want := range map[string]Theme{"": TerminalTheme, "dark": Dark, "light": Light, "mono": Mono} {
		if got, err := ParseTheme(name); got != want || err != nil {
			t.Errorf("ParseTheme(%q) = %v, %v", name, got, err)
		}
	}
	if _, err := ParseTheme("Neon"); err == nil {
		t.Error("an unknown theme is taken")
	}
}

func TestClock(t *testing.T) {
	for zone, want := range map[string]string{
		"":                     time.Local.String(),
		"UTC":                  "UTC",
		":UTC":                 "UTC",
		"../../../etc/passwd":  time.Local.String(),
		"/etc/passwd":          time.Local.String(),
		"No/Such_Zone":         time.Local.String(),
		"CET-1CEST,M3.5.0,M10": time.Local.String(),
	} {
		if got := clock(variables("TZ", zone))().Location().String(); got != want {
			t.Errorf("TZ=%q: zone %s, want %s", zone, got, want)
		}
	}
}
