package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"forge.home.arpa/portico/proxy"
)

// change is the road of every command that edits: it shows the edit, asks, and
// makes it.
type change struct {
	streams
	at  *places
	yes bool
}

func (c *change) flags(set *pflag.FlagSet) {
	set.BoolVarP(&c.yes, "yes", "y", false, "do not ask")
}

// withoutConfirm lets edits of the files stand: where nothing serves they shut
// nobody out.
const withoutConfirm = -1

// run makes an edit. Where nobody can be asked it does not begin.
func (c *change) run(e edit) error {
	if _, person := terminalOf(c.in); !c.yes && !person {
		return usagef("there is no terminal to ask on: say --yes to change the configuration without a question")
	}
	if e.Do == addRoute && len(e.Allow) == 0 && !c.yes {
		var err error
		if e.Allow, err = c.askVisitors(); err != nil {
			return err
		}
	}
	d, err := c.at.openDesk(c.streams, withoutConfirm)
	if errors.Is(err, errSilent) {
		fmt.Fprintln(plain{c.err}, "nothing was changed: the file has problems, mend them with an editor first")
	}
	if err != nil {
		return err
	}
	return errors.Join(c.through(d, e), d.Close())
}

// through makes an edit at a desk.
func (c *change) through(d desk, e edit) error {
	p, err := d.propose(e)
	if err != nil {
		return err
	}
	if len(p.Diff) == 0 && len(p.Problems) == 0 {
		_, err := fmt.Fprintf(plain{c.out}, "%s is as it should be: nothing to change\n", p.File)
		return err
	}
	if err := c.show(p); err != nil {
		return err
	}
	if p.breaks() {
		return errors.New("the configuration could not run so; nothing was changed")
	}
	if agreed, err := c.ask(); err != nil || !agreed {
		return errors.Join(err, errors.New("nothing was changed"))
	}
	m, err := d.make()
	if err != nil {
		return err
	}
	return c.told(m)
}

func (c *change) show(p *proposal) error {
	fmt.Fprintln(plain{c.out}, p.What)
	if err := printDiff(c.out, p.File, p.Diff); err != nil {
		return err
	}
	for _, problem := range p.Problems {
		fmt.Fprintln(plain{c.out}, problem)
	}
	if p.Visitors != "" {
		fmt.Fprintln(plain{c.out}, p.Visitors)
	}
	if p.Moves != nil {
		printMoves(plain{c.out}, p.Moves)
	}
	if p.Confirm > 0 {
		fmt.Fprintf(c.out, "this touches listeners, TLS or certificates: it goes back after %s unless you say portico keep\n", p.Confirm)
	}
	return nil
}

// printMoves says what would become of the requests that came lately.
func printMoves(w io.Writer, m *proxy.Moves) {
	switch {
	case m.Looked == 0:
		fmt.Fprintln(w, "no request came yet that this could move")
	case m.Moved+m.Refused == 0 && len(m.Unjudged) > 0:
		fmt.Fprintf(w, "of the last %s none would move; what would be refused is not known\n", requests(m.Looked))
	case m.Moved+m.Refused == 0:
		fmt.Fprintf(w, "none of the last %s would move or be refused\n", requests(m.Looked))
	default:
		fmt.Fprintf(w, "of the last %s, %d would move to another route and %d would be refused:\n", requests(m.Looked), m.Moved, m.Refused)
	}
	for _, guard := range m.Unjudged {
		fmt.Fprintf(w, "  %s is not judged here: it may refuse more\n", guard)
	}
	for _, k := range m.Kinds {
		refused := ""
		if k.Rule != "" {
			refused = ", refused by " + k.Rule
		}
		fmt.Fprintf(w, "  %d from %s to %s%s, as %s %s%s of %s\n", k.Count, routeOrNone(k.From), routeOrNone(k.To), refused,
			k.Method, k.Host, k.Path, k.Client)
	}
}

func requests(n int) string {
	if n == 1 {
		return "1 request"
	}
	return fmt.Sprintf("%d requests", n)
}

func routeOrNone(name string) string {
	if name == "" {
		return "no route"
	}
	return "route " + name
}

// ask asks the person at the terminal; what is no yes is a no.
func (c *change) ask() (bool, error) {
	if c.yes {
		return true, nil
	}
	line, err := c.question("make this change? [y/N] ")
	return isYes(line), err
}

func isYes(line string) bool { return strings.EqualFold(line, "y") || strings.EqualFold(line, "yes") }

// askVisitors asks which networks a new route is for; none leaves it to what the
// route inherits.
func (c *change) askVisitors() ([]string, error) {
	for range 3 {
		line, err := c.question("who may come in? (lan, everybody, or other networks; Enter: whom presets and defaults say, else everybody) ")
		switch {
		case err != nil:
			return nil, err
		case isYes(line), strings.EqualFold(line, "n"), strings.EqualFold(line, "no"):
			continue // that answers another question
		}
		return strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' }), nil
	}
	return nil, errors.New("nothing was changed: say --allow NETWORKS")
}

// question asks the person at the terminal for a line. It takes no byte more
// than the line: the next question has its own.
func (c *change) question(text string) (string, error) {
	const most = 1024
	fmt.Fprint(c.err, text)
	var line []byte
	for b := make([]byte, 1); len(line) < most; {
		n, err := c.in.Read(b)
		if n > 0 && b[0] == '\n' || errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("read the answer: %w", err)
		}
		line = append(line, b[:n]...)
	}
	return strings.TrimSpace(string(line)), nil
}

// told says what became of it.
func (c *change) told(m *made) error {
	text := "done: " + m.What
	if m.Version > 0 {
		text += fmt.Sprintf(" (version %d)", m.Version)
	}
	if !m.Until.IsZero() {
		text += fmt.Sprintf("; it goes back in %s, unless portico keep; portico back takes it back now",
			max(time.Until(m.Until), 0).Round(time.Second))
	}
	if m.Lost != "" {
		text += "\nbut not if portico ends before: its deadline could not be written to the state directory: " + m.Lost
	}
	_, err := fmt.Fprintln(plain{c.out}, text)
	return err
}
