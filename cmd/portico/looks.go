package main

import (
	"github.com/spf13/pflag"

	"forge.home.arpa/portico/tui"
)

// looks are the flags that decide how a console looks; without them its
// terminal's environment does.
type looks struct {
	Theme string `json:"theme,omitempty"`
	ASCII bool   `json:"ascii,omitempty"`
	UTF8  bool   `json:"utf8,omitempty"`
}

func (l *looks) flags(set *pflag.FlagSet) {
	set.StringVar(&l.Theme, "theme", "", "the console's `COLOURS`: dark, light or mono (else as COLORFGBG says, or dark)")
	set.BoolVar(&l.ASCII, "ascii", false, "draw the console with ASCII signs only")
	set.BoolVar(&l.UTF8, "utf8", false, "draw the console with UTF-8 signs, whatever the locale says")
}

// check says what is wrong with the flags.
func (l *looks) check() error {
	if l.ASCII && l.UTF8 {
		return usagef("--ascii and --utf8 exclude each other")
	}
	if _, err := tui.ParseTheme(l.Theme); err != nil {
		return usageError{err}
	}
	return nil
}

// apply sets what was asked for; a newer client's unknown theme is the dark one.
func (l *looks) apply(o tui.Options) tui.Options {
	o.Theme, _ = tui.ParseTheme(l.Theme)
	switch {
	case l.ASCII:
		o.Signs = tui.ASCIISigns
	case l.UTF8:
		o.Signs = tui.UTF8Signs
	}
	return o
}
