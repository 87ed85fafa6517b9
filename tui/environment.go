package tui

import (
	"fmt"
	"strings"
	"time"
)

// Theme is the colours a console uses.
type Theme uint8

const (
	TerminalTheme Theme = iota // as COLORFGBG says; dark where nothing does
	Dark                       // light text on a dark background
	Light                      // dark text on a light background
	Mono                       // no colour at all
)

// ParseTheme reads a theme's name as the command line takes it; "" is TerminalTheme.
func ParseTheme(name string) (Theme, error) {
	switch name {
	case "":
		return TerminalTheme, nil
	case "dark":
		return Dark, nil
	case "light":
		return Light, nil
	case "mono":
		return Mono, nil
	}
	return TerminalTheme, fmt.Errorf("unknown theme %q, use dark, light or mono", name)
}

// Signs is the set of characters that lines, marks and sparklines are drawn of.
type Signs uint8

const (
	LocaleSigns Signs = iota // as the client's locale says
	ASCIISigns
	UTF8Signs
)

// Variables names what a console wants to know of its terminal's environment.
// A client that hands its terminal over sends these along.
var Variables = []string{"TERM", "COLORTERM", "COLORFGBG", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG", "TZ"}

// newEnvironment decides the look from the client's variables; theme and signs
// are what was asked for and win.
func newEnvironment(getenv func(string) string, theme Theme, signs Signs) environment {
	env := environment{
		Colors: colors(getenv),
		UTF8:   utf8Locale(getenv),
		Linux:  getenv("TERM") == "linux",
		Light:  theme == Light || theme == TerminalTheme && lightBackground(getenv),
	}
	if theme == Mono {
		env.Colors = 0
	}
	if signs != LocaleSigns {
		env.UTF8 = signs == UTF8Signs
	}
	return env
}

// colors follows no-color.org (set and not empty) and the terminal's name. A
// terminal of an unknown name has 16 colours, as all have had for 30 years.
func colors(getenv func(string) string) int {
	name := getenv("TERM")
	deep := getenv("COLORTERM") == "truecolor" || getenv("COLORTERM") == "24bit"
	switch {
	case getenv("NO_COLOR") != "", name == "", name == "dumb", strings.HasPrefix(name, "vt"):
		return 0
	case name == "linux":
		return 16
	case deep, strings.Contains(name, "256color"), strings.Contains(name, "direct"):
		return 256
	}
	return 16
}

// lightBackground reads what rxvt, Konsole and others say of their colours:
// "0;15", the last being the background. No terminal is asked: a mute one would
// hold the console up.
func lightBackground(getenv func(string) string) bool {
	colours := getenv("COLORFGBG")
	background := colours[strings.LastIndexByte(colours, ';')+1:]
	return background == "7" || background == "15"
}

// utf8Locale reads the character set from the first locale variable that is
// set, in the order of POSIX.
func utf8Locale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// clock tells the time in the client's zone: TZ where that names one, else the
// zone of this host.
func clock(getenv func(string) string) func() time.Time {
	zone := time.Local
	if name := strings.TrimPrefix(getenv("TZ"), ":"); name != "" {
		if l, err := time.LoadLocation(name); err == nil {
			zone = l
		}
	}
	return func() time.Time { return time.Now().In(zone) }
}
