package main

import (
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// newChange is what the commands that edit have in common.
func newChange(s streams, at *places, cmd *cobra.Command, asked func(args []string) edit) *cobra.Command {
	c := &change{streams: s, at: at}
	c.flags(cmd.Flags())
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		for _, word := range args {
			if !utf8.ValidString(word) { // the way to the service would change it silently
				return usagef("%q is not UTF-8", word)
			}
		}
		return c.run(asked(args))
	}
	return cmd
}

// editsHelp ends the help of every command that edits.
const editsHelp = `

It shows the diff and, where a portico runs, how many of the last requests
would go elsewhere or be refused; then it asks, or takes --yes. Without a
terminal it takes --yes only, and exits with 2. Where no portico runs it edits
the file.`

func newAdd(s streams, at *places) *cobra.Command {
	var path, use string
	var allow []string
	cmd := newChange(s, at, &cobra.Command{
		Use:   "add NAME HOST URL",
		Short: "Add a route",
		Long: `Add route NAME: requests for HOST go to the upstream at URL, as in
  portico add photos photos.home.lan nas:2342 --allow lan
Without --allow the preset, or the defaults, say who may come in; where they say
nothing, everybody may. It is shown with the diff.` + editsHelp,
		Args:              exactly("the NAME of the route", "a HOST", "the URL of an upstream"),
		ValidArgsFunction: cobra.NoFileCompletions,
	}, func(args []string) edit {
		return edit{Do: addRoute, Route: args[0], Host: args[1], To: args[2], Path: path, Use: use, Allow: allow}
	})
	cmd.Flags().StringVar(&path, "path", "", "only requests under `PATH`")
	cmd.Flags().StringVar(&use, "use", "", "take the keys of `PRESET` over")
	cmd.Flags().StringSliceVar(&allow, "allow", nil, "let only `NETWORKS` in: names or addresses, commas between them; everybody")
	completeFlag(cmd, "use", at.completePreset)
	return cmd
}

func newEdit(s streams, at *places) *cobra.Command {
	return newChange(s, at, &cobra.Command{
		Use:               "edit NAME KEY=VALUE...",
		ValidArgsFunction: at.completeEdit,
		Short:             "Change keys of a route",
		Long: `Change keys of route NAME. VALUE is read as TOML where it is a list, a table, a
number, true, false or quoted, and else as a string; KEY may be dotted, and
KEY= alone takes the key away:
  portico edit photos to=http://nas:2342 'allow=["lan"]' timeout.dial=5s use=` + editsHelp,
		Args: assignments,
	}, func(args []string) edit { return edit{Do: setKeys, Route: args[0], Words: args[1:]} })
}

// assignments is the rule for NAME KEY=VALUE...
func assignments(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return usagef("edit needs the NAME of the route")
	case len(args) == 1:
		return usagef("edit needs KEY=VALUE")
	}
	for _, word := range args[1:] {
		if _, err := parseAssignment(word); err != nil {
			return usageError{err}
		}
	}
	return nil
}

func newEnable(s streams, at *places) *cobra.Command {
	return oneRouteChange(s, at, enableRoute, "Switch a route on")
}

func newDisable(s streams, at *places) *cobra.Command {
	return oneRouteChange(s, at, disableRoute, "Switch a route off; it stays in the file")
}

func newRemove(s streams, at *places) *cobra.Command {
	return oneRouteChange(s, at, removeRoute, "Take a route out of the file")
}

// oneRouteChange is a command that takes a route's name alone.
func oneRouteChange(s streams, at *places, do editKind, short string) *cobra.Command {
	return newChange(s, at, &cobra.Command{
		Use:               string(do) + " NAME",
		Short:             short,
		Long:              strings.TrimSuffix(short, ".") + "." + editsHelp,
		Args:              exactly("the NAME of the route"),
		ValidArgsFunction: at.completeRoute,
	}, func(args []string) edit { return edit{Do: do, Route: args[0]} })
}
