package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// newRoot builds the command tree; without a command portico serves. started
// becomes true once the command line was understood: an error before that is
// wrong usage.
func newRoot(s streams, started *bool) *cobra.Command {
	at := &places{}
	root := &cobra.Command{
		Use:           "portico",
		Short:         "The front door of a home lab: a reverse proxy with a console",
		Args:          noCommand,
		SilenceErrors: true, // exitCode prints them
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,
		PersistentPreRun:           func(*cobra.Command, []string) { *started = true },
	}
	// What is no route, page or flag is seldom a file of this directory.
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	at.flags(root.PersistentFlags())
	for _, flag := range []string{"config", "state", "socket"} {
		completeFlag(root, flag, aFile)
	}
	serveCommand(root, s, at)
	root.AddCommand(
		newRun(s, at),
		newCheck(s, at),
		newExplain(s, at),
		newProbe(s, at),
		newAdd(s, at),
		newEdit(s, at),
		newEnable(s, at),
		newDisable(s, at),
		newRemove(s, at),
		newHistory(s, at),
		newDiff(s, at),
		newUndo(s, at),
		newKeep(s, at),
		newBack(s, at),
		newStatus(s, at),
		newDDNS(s, at),
		newCerts(s, at),
		newTrust(s, at),
		newDoctor(s, at),
		newAttach(s, at),
		newPassword(s),
		newInit(s, at),
		newUnit(s),
		newSchema(s),
		newVersion(s),
	)
	root.SetHelpCommand(newHelp(root))
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			// cobra would print help for a shell it does not know, and exit with 0.
			cmd.Args = noCommand
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
	return root
}

// newHelp is cobra's help, but a topic that does not exist is wrong usage.
func newHelp(root *cobra.Command) *cobra.Command {
	topic := func(args []string) (*cobra.Command, error) {
		cmd, rest, err := root.Find(args)
		if err != nil {
			return nil, err
		}
		return cmd, noCommand(cmd, rest)
	}
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about a command",
		Args:  func(_ *cobra.Command, args []string) error { _, err := topic(args); return err },
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, err := topic(args)
			if err != nil {
				return err
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// noCommand turns what is left of a line into the error that a person can
// mend: the nearest command.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef("unknown command %q (did you mean %s?)", args[0], strings.Join(near, " or "))
	}
	return usagef("unknown command %q", args[0])
}

// exactly is the rule for a command's arguments, with their names.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef("%s needs %s", cmd.Name(), names[len(args)])
		case len(args) > len(names):
			return usagef("%s: unexpected argument %q", cmd.Name(), args[len(names)])
		}
		return nil
	}
}
