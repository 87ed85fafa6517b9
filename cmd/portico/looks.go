package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"forge.home.arpa/portico/tui"
)

// looks are the flags that decide what a console opens on and how it looks;
// without them its terminal's environment does. They are no keys of the file:
// each display has its own.
type looks struct {
	Page  string `json:"page,omitempty"`
	Blank string `json:"blank,omitempty"`
	Theme string `json:"theme,omitempty"`
	ASCII bool   `json:"ascii,omitempty"`
	UTF8  bool   `json:"utf8,omitempty"`
}

func (l *looks) flags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&l.Page, "page", "", "the `PAGE` the console opens on: "+strings.Join(tui.Pages(), ", "))
	completeFlag(cmd, "page", cobra.FixedCompletions(tui.Pages(), cobra.ShellCompDirectiveNoFileComp))
	set.StringVar(&l.Blank, "blank", "", "the `HOURS` in which the wall is dark, as 23:00-07:00")
	set.StringVar(&l.Theme, "theme", "", "the console's `COLOURS`: dark, light or mono (else as COLORFGBG says, or dark)")
	set.BoolVar(&l.ASCII, "ascii", false, "draw the console with ASCII signs only")
	set.BoolVar(&l.UTF8, "utf8", false, "draw the console with UTF-8 signs, whatever the locale says")
}

// check says what is wrong with the flags.
func (l *looks) check() error {
	if pages := tui.Pages(); l.Page != "" && !slices.Contains(pages, l.Page) {
		return usagef("no page is called %q (there are: %s)", l.Page, strings.Join(pages, ", "))
	}
	if _, err := tui.ParseHours(l.Blank); err != nil {
		return usageError{fmt.Errorf("--blank: %w", err)}
	}
	if l.ASCII && l.UTF8 {
		return usagef("--ascii and --utf8 exclude each other")
	}
	if _, err := tui.ParseTheme(l.Theme); err != nil {
		return usageError{err}
	}
	return nil
}

// apply sets what was asked for; what a newer client asks for and is unknown
// here is left out.
func (l *looks) apply(o tui.Options) tui.Options {
	o.Page = l.Page
	o.Blank, _ = tui.ParseHours(l.Blank)
	o.Theme, _ = tui.ParseTheme(l.Theme)
	switch {
	case l.ASCII:
		o.Signs = tui.ASCIISigns
	case l.UTF8:
		o.Signs = tui.UTF8Signs
	}
	return o
}
