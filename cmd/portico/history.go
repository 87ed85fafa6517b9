package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

func newHistory(s streams, at *places) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List the last versions of the configuration",
		Long: `List the last 50 versions of the configuration: who changed what, and when.
The one that runs is marked. portico diff N shows a version's change, and
portico undo N takes it back.`,
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			list, err := at.history()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(s.out, list)
			}
			return printHistory(s.out, list)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newDiff(s streams, at *places) *cobra.Command {
	return &cobra.Command{
		Use:   "diff [N]",
		Short: "Show what a version of the configuration changed",
		Long: `Show what version N of the configuration changed, by the numbers of portico
history; without N, the last one. Secrets in plain text are hidden.`,
		Args: versionNumber,
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := at.versionDiff(numberOf(args))
			if err != nil {
				return err
			}
			fmt.Fprintf(plain{s.out}, "version %d, %s, %s: %s\n", d.Version.N, clock(d.Version.At), d.Version.Who, d.Version.What)
			return printDiff(s.out, d.File, d.Lines)
		},
	}
}

// versionNumber is the rule for an argument [N].
func versionNumber(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("%s: unexpected argument %q", cmd.Name(), args[1])
	}
	if len(args) == 1 && numberOf(args) < 1 {
		return usagef("%q is not the number of a version, as portico history shows them", args[0])
	}
	return nil
}

// numberOf is the number in [N]; 0 without one.
func numberOf(args []string) int {
	if len(args) == 0 {
		return 0
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return -1
	}
	return n
}

// history asks the running portico or, where none answers, reads the state
// directory.
func (p *places) history() ([]versionJSON, error) {
	a, err := p.askMeant(request{Command: "history"})
	if !errors.Is(err, errNobody) {
		return append([]versionJSON{}, a.History...), err
	}
	past, _, err := p.pastOnDisk()
	if err != nil {
		return nil, err
	}
	return past.history(), nil
}

func (p *places) versionDiff(n int) (*versionDiff, error) {
	a, err := p.askMeant(request{Command: "diff", Version: n})
	if err == nil && a.Diff == nil {
		return nil, errors.New("portico answered without a diff")
	}
	if !errors.Is(err, errNobody) {
		return a.Diff, err
	}
	past, file, err := p.pastOnDisk()
	if err != nil {
		return nil, err
	}
	return past.versionDiff(file, n)
}

// askMeant asks the running portico for something of the configuration that is
// meant.
func (p *places) askMeant(r request) (answer, error) {
	c, err := p.dial()
	if err != nil {
		return answer{}, err
	}
	defer c.conn.Close()
	r.Config = p.meant()
	return c.ask(r)
}

func (sv *service) historyCommand() command {
	return func(_ context.Context, c *caller) error {
		past, err := sv.past(c.request)
		if err != nil {
			return err
		}
		return c.answer(answer{History: past.history()})
	}
}

func (sv *service) diffCommand() command {
	return func(_ context.Context, c *caller) error {
		past, err := sv.past(c.request)
		if err != nil {
			return err
		}
		d, err := past.versionDiff(sv.store.Path(), c.request.Version)
		if err != nil {
			return err
		}
		return c.answer(answer{Diff: d})
	}
}

func printHistory(w io.Writer, list []versionJSON) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "the history has no version yet")
		return err
	}
	t := tabwriter.NewWriter(plain{w}, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  N\tWHEN\tWHO\tWHAT")
	for _, v := range list {
		mark := " "
		if v.Runs {
			mark = ">"
		}
		fmt.Fprintf(t, "%s %d\t%s\t%s\t%s\n", mark, v.N, clock(v.At), v.Who, v.What)
	}
	return t.Flush()
}

// clock is a time as a person reads it, where that person is.
func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
