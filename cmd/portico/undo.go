package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func newUndo(s streams, at *places) *cobra.Command {
	return newChange(s, at, &cobra.Command{
		Use:   "undo [N]",
		Short: "Take a change of the configuration back",
		Long: `Take the change of version N back, by the numbers of portico history; without
N, the last one. Only what that change did is taken back, in the file as it is
now, and that is a new version: a second undo makes the change again.` + editsHelp,
		Args: versionNumber,
	}, func(args []string) edit { return edit{Do: undoChange, N: numberOf(args)} })
}

func newKeep(s streams, at *places) *cobra.Command {
	return newDecision(s, at, true, &cobra.Command{
		Use:   "keep",
		Short: "Keep an edit that would go back by itself",
		Long: `Keep the edit that waits for it. One that touches listeners, TLS or certificates
may shut out whoever made it, so it goes back after 30 s unless it is kept.
portico status shows whether one waits.`,
	})
}

func newBack(s streams, at *places) *cobra.Command {
	return newDecision(s, at, false, &cobra.Command{
		Use:   "back",
		Short: "Take an edit that is not kept yet back at once",
		Long: `Take the edit that waits to be kept back at once. Where the same keys were
changed since, it says so and changes nothing; asked once more, the values from
before the edit take the place of both.`,
	})
}

func newDecision(s streams, at *places, keep bool, cmd *cobra.Command) *cobra.Command {
	cmd.Args = exactly()
	cmd.RunE = func(*cobra.Command, []string) error {
		d, err := at.openDesk(s, 0)
		if err != nil {
			return err
		}
		m, err := d.decide(keep)
		if err != nil {
			return errors.Join(err, d.Close())
		}
		return errors.Join(decided(s, m, keep), d.Close())
	}
	return cmd
}

func decided(s streams, m *made, keep bool) error {
	outcome := "taken back"
	if keep {
		outcome = "kept"
	}
	_, err := fmt.Fprintf(plain{s.out}, "%s: %s\n", outcome, m.What)
	return err
}
