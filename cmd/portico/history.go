package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"forge.home.arpa/portico/config"
)

// versionJSON is a version of the configuration as scripts read it.
type versionJSON struct {
	N    int       `json:"n"`
	At   time.Time `json:"at"`
	Who  string    `json:"who"`
	What string    `json:"what"`
	Sum  string    `json:"sum"`  // SHA-256 of the text
	Runs bool      `json:"runs"` // or ran last, where no portico runs
}

// versionDiff is what one version changed in the one before it.
type versionDiff struct {
	File    string      `json:"file"`
	Version versionJSON `json:"version"`
	Lines   []diffLine  `json:"lines"`
}

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
// directory, which needs no lock.
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

func (p *places) pastOnDisk() (past, string, error) {
	file, _, err := p.configFile()
	if err != nil {
		return past{}, "", err
	}
	dir, err := p.stateDir()
	if err != nil {
		return past{}, "", err
	}
	h, err := config.ReadHistory(dir)
	if err != nil {
		return past{}, "", err
	}
	return past{h.Versions(), h.Text, h.Diff}, file, nil
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

func (sv *service) past(r request) (past, error) {
	if err := sv.serves(r); err != nil {
		return past{}, err
	}
	list, err := sv.store.History()
	return past{list, sv.store.VersionText, sv.store.VersionDiff}, err
}

// past is a history, of a store or of the files.
type past struct {
	list []config.Version // the newest first
	text func(n int) ([]byte, error)
	diff func(n int) ([]config.DiffLine, error)
}

func (p past) history() []versionJSON { return each(p.list, versionOf) }

func versionOf(v config.Version) versionJSON {
	return versionJSON{v.N, v.At, v.Who, v.What, hex.EncodeToString(v.Sum[:]), v.Runs}
}

func (p past) versionDiff(file string, n int) (*versionDiff, error) {
	diff, err := p.diff(n)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(p.list, func(v config.Version) bool { return v.N == n || n == 0 })
	if i < 0 {
		return nil, fmt.Errorf("the history has no version %d", n)
	}
	// The lines are of this text and of the one before it.
	var texts [][]byte
	for _, v := range p.list[i:min(i+2, len(p.list))] {
		text, err := p.text(v.N)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return &versionDiff{file, versionOf(p.list[i]), maskOf(texts...).lines(diff)}, nil
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
