package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"forge.home.arpa/portico/ddns"
)

// updateWait is how long a person waits for the providers.
const updateWait = 2 * time.Minute

func newDDNS(s streams, at *places) *cobra.Command {
	cmd := &cobra.Command{Use: "ddns", Short: "Names at your public address: how they stand, and update now", Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }} // else an unknown command exits with 0
	var asJSON bool
	status := &cobra.Command{
		Use:   "status",
		Short: "Show the public address and what each provider said last",
		Args:  exactly(),
		RunE: func(*cobra.Command, []string) error {
			return at.showDDNS(s.out, request{Command: "ddns"}, asJSON)
		},
	}
	update := &cobra.Command{
		Use:   "update [NAME]",
		Short: "Publish the names of [ddns.NAME] now, or of all",
		Long: `Publish the names of [ddns.NAME] now, or of all such tables: also where the
address did not change, and where a provider's reply had stopped it.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%s: unexpected argument %q", cmd.Name(), args[1])
			}
			return nil
		},
		ValidArgsFunction: at.completeTable,
		RunE: func(_ *cobra.Command, args []string) error {
			r := request{Command: "update"}
			if len(args) == 1 {
				r.Table = args[0]
			}
			return at.showDDNS(s.out, r, asJSON)
		},
	}
	for _, sub := range []*cobra.Command{status, update} {
		sub.Flags().BoolVar(&asJSON, "json", false, "print JSON")
		cmd.AddCommand(sub)
	}
	return cmd
}

// showDDNS asks the running portico and prints what it says. An update after
// which a name is not published fails, for scripts.
func (p *places) showDDNS(w io.Writer, r request, asJSON bool) error {
	c, err := p.dial()
	if err != nil {
		return err
	}
	defer c.conn.Close()
	a, err := c.askWithin(updateWait+answerWait, r)
	if err != nil {
		return err
	}
	if asJSON {
		if a.DDNS == nil {
			a.DDNS = []ddnsReport{}
		}
		err = printJSON(w, a.DDNS)
	} else {
		err = printDDNS(w, a.DDNS, time.Now())
	}
	if err != nil || r.Command != "update" {
		return err
	}
	return unpublished(a.DDNS, r.Table)
}

// unpublished is an error that counts the names that are not published.
func unpublished(list []ddnsReport, table string) error {
	failed := 0
	for _, r := range list {
		for _, n := range r.Names {
			if (table == "" || table == r.Name) && n.State != "ok" {
				failed++
			}
		}
	}
	if failed > 0 {
		return fmt.Errorf("names that are not published: %d", failed)
	}
	return nil
}

// ddnsCommand answers `ddns status`.
func (sv *service) ddnsCommand() command {
	return func(_ context.Context, c *caller) error {
		return c.answer(answer{DDNS: ddnsReports(sv.ddns.Status())})
	}
}

// updateCommand answers `ddns update`.
func (sv *service) updateCommand() command {
	return func(ctx context.Context, c *caller) error {
		ctx, cancel := context.WithTimeout(ctx, updateWait)
		defer cancel()
		if err := sv.ddns.Update(ctx, c.request.Table); err != nil {
			return err
		}
		return c.answer(answer{DDNS: ddnsReports(sv.ddns.Status())})
	}
}

// ddnsReport is one [ddns.NAME] table as a script reads it.
type ddnsReport struct {
	Name     string           `json:"name"`
	Provider string           `json:"provider"`
	V4       string           `json:"v4"` // the public addresses as found; empty where there are none
	V6       string           `json:"v6"`
	Problem  string           `json:"problem,omitempty"`
	Carrier  string           `json:"carrier,omitempty"`
	Looked   time.Time        `json:"looked,omitzero"`
	Next     time.Time        `json:"next,omitzero"`
	Names    []ddnsNameReport `json:"names"`
}

// ddnsNameReport is one name.
type ddnsNameReport struct {
	Name  string    `json:"name"`
	V4    string    `json:"v4"` // as the provider accepted them
	V6    string    `json:"v6"`
	State string    `json:"state"` // new, ok, retry, wait, stop
	Words string    `json:"words"` // the provider's own
	At    time.Time `json:"at,omitzero"`
	Next  time.Time `json:"next,omitzero"` // the next try after a failure

	Attempts []ddns.Attempt `json:"attempts"` // the last ones, the newest last
}

func ddnsReports(s ddns.Status) []ddnsReport {
	list := make([]ddnsReport, 0, len(s.Accounts))
	for _, a := range s.Accounts {
		r := ddnsReport{Name: a.Name, Provider: a.Provider, V4: addrText(a.V4), V6: addrText(a.V6), Problem: a.Problem,
			Carrier: a.Carrier, Looked: a.Looked, Next: a.Next, Names: []ddnsNameReport{}}
		for _, n := range a.Names {
			state := n.Class.String()
			if n.At.IsZero() {
				state = "new"
			}
			r.Names = append(r.Names, ddnsNameReport{Name: n.FQDN, V4: addrText(n.V4), V6: addrText(n.V6), State: state,
				Words: n.Words, At: n.At, Next: n.Next, Attempts: append([]ddns.Attempt{}, n.Attempts...)})
		}
		list = append(list, r)
	}
	return list
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func printDDNS(w io.Writer, list []ddnsReport, now time.Time) error {
	if len(list) == 0 {
		fmt.Fprintln(w, "no [ddns.NAME] table: nothing keeps names at your address")
		return nil
	}
	t := tabwriter.NewWriter(plain{w}, 0, 0, 2, ' ', 0)
	for i, r := range list {
		if i > 0 {
			fmt.Fprintln(t)
		}
		fmt.Fprintf(t, "%s (%s): %s\n", r.Name, r.Provider, r.address(now))
		if r.Carrier != "" {
			fmt.Fprintln(t, r.Carrier)
		}
		if len(r.Names) == 0 {
			fmt.Fprintln(t, "no names: it lists none, and no route has a host for it")
			continue
		}
		fmt.Fprintln(t, "NAME\tPUBLISHED\tSTATE\tLAST REPLY\tNEXT")
		for _, n := range r.Names {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", n.Name, firstOf(joined(n.V4, n.V6), "-"), n.State, n.lastReply(now), n.next(now))
		}
	}
	return t.Flush()
}

// address says what is known of the public address.
func (r ddnsReport) address(now time.Time) string {
	switch {
	case r.Looked.IsZero():
		return "the public address was not looked for yet"
	case r.Problem != "" && r.V4 == "" && r.V6 == "":
		return "no public address: " + r.Problem
	}
	text := fmt.Sprintf("public address %s, looked for %s ago", firstOf(joined(r.V4, r.V6), "none"), now.Sub(r.Looked).Round(time.Second))
	if r.Problem != "" {
		text += "; not certain: " + r.Problem
	}
	return text
}

func joined(a, b string) string {
	if a != "" && b != "" {
		return a + " " + b
	}
	return a + b
}

func (n ddnsNameReport) lastReply(now time.Time) string {
	if n.At.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%s, %s ago", n.Words, now.Sub(n.At).Round(time.Second))
}

func (n ddnsNameReport) next(now time.Time) string {
	switch {
	case n.State == "new":
		return "when the public address is known"
	case n.State == "stop":
		return "when edited, or portico ddns update"
	case n.Next.After(now):
		return "in " + n.Next.Sub(now).Round(time.Second).String()
	}
	return "when the address changes"
}
