package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

const (
	// examineWait bounds an examination from inside.
	examineWait = time.Minute
	// outsideWait bounds an order at an authority.
	outsideWait = 4 * time.Minute
)

const doctorHelp = `Look at what stands between strangers and your routes: clock, listeners, the DNS
of every host, the provider's network, certificates, dynamic DNS. Each finding is
green, yellow or red, and says what to do. With --outside an order is placed at
the certificate authority's directory (Let's Encrypt's for tests) and thrown away: its servers
visit NAME from outside, which proves that DNS, router and provider let
strangers in. It exits with 1 where a finding is red.`

func newDoctor(s streams, at *places) *cobra.Command {
	var asJSON bool
	var outside string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what keeps strangers from your routes, and what to do about it",
		Long:  doctorHelp,
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := at.examine(cmd.Context(), s, outside)
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(s.out, list)
			} else {
				err = printFindings(s.out, list)
			}
			if err == nil && worst(list) == red {
				return errSilent
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON list")
	cmd.Flags().StringVar(&outside, "outside", "", "have the authority's servers visit the host `NAME`")
	return cmd
}

// finding is one thing that was looked at, as a script reads it.
type finding struct {
	Check string `json:"check"` // clock, listener, address, dns, router, home, certificate, ddns, outside, portico
	About string `json:"about"` // a host, an address; "" for the whole
	Color color  `json:"color"`
	Says  string `json:"says"`
	Do    string `json:"do,omitempty"` // what a person should do
}

// color is how bad it is.
type color string

const (
	green  color = "green"
	yellow color = "yellow" // not as it should be, or not known
	red    color = "red"    // somebody is shut out
)

func worst(list []finding) color {
	out := green
	for _, f := range list {
		if f.Color == red || out == green {
			out = f.Color
		}
		if out == red {
			break
		}
	}
	return out
}

func printFindings(w io.Writer, list []finding) error {
	t := tabwriter.NewWriter(plain{w}, 0, 0, 2, ' ', 0)
	said := ""
	for _, f := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.Color, f.Check, strings.TrimPrefix(f.About+": "+f.Says, ": "))
		if f.Do != "" && f.Do != said { // once, where the next finding asks for the same
			fmt.Fprintf(t, "\t\t→ %s\n", strings.ReplaceAll(f.Do, "\n", "\n\t\t  "))
		}
		said = f.Do
	}
	return t.Flush()
}

// examine asks the running portico, which knows most; where none runs, what can
// be seen without it.
func (p *places) examine(ctx context.Context, s streams, outside string) ([]finding, error) {
	c, err := p.dial()
	if errors.Is(err, errNobody) {
		return p.examineAlone(ctx, s, err, outside)
	}
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	wait := examineWait
	if outside != "" {
		wait += outsideWait
	}
	a, err := c.askWithin(wait+answerWait, request{Command: "doctor", Host: outside})
	return a.Findings, err
}

func (p *places) examineAlone(ctx context.Context, s streams, nobody error, outside string) ([]finding, error) {
	c, err := p.parsedConfig(s.err)
	if err != nil {
		return nil, err
	}
	quiet := slog.New(slog.DiscardHandler)
	server := proxy.New(proxy.Options{Log: quiet})
	names := ddns.New(ddns.Options{Log: quiet, Gateways: server.Gateways})
	if tables, err := names.Prepare(c); err == nil {
		tables.Commit()
	}
	e := &examination{config: c, server: server, ddns: names}
	list := []finding{{"portico", "", red, nobody.Error() + ": only what can be seen without it was looked at", "start it: portico run, or systemctl start portico"}}
	list = append(list, e.run(ctx)...)
	if outside != "" {
		list = append(list, finding{"outside", outside, red, "nobody answers the authority's servers while portico does not run", ""})
	}
	return list, nil
}

// doctorCommand answers `doctor`.
func (sv *service) doctorCommand() command {
	return func(ctx context.Context, c *caller) error {
		e := &examination{config: sv.store.Current().Config, server: sv.server, ddns: sv.ddns, ports: sv.ports, running: true}
		list := e.run(ctx)
		if host := c.request.Host; host != "" {
			list = append(list, e.outside(ctx, host, list))
		}
		return c.answer(answer{Findings: list})
	}
}

// outside has strangers come.
func (e *examination) outside(ctx context.Context, host string, seen []finding) finding {
	ctx, cancel := context.WithTimeout(ctx, outsideWait)
	defer cancel()
	host = strings.ToLower(host)
	directory, err := e.server.Rehearse(ctx, e.config.ACME, host)
	f := finding{Check: "outside", About: host, Color: red}
	switch {
	case err == nil:
		f.Color, f.Says = green, "the servers behind "+directory+" came in: strangers reach this home"
	case errors.Is(err, proxy.ErrNotServed):
		f.Says = err.Error()
	default:
		f.Says, f.Do = "the servers behind "+directory+" did not come in: "+err.Error(), forwarding(e.server)
		if i := slices.IndexFunc(seen, func(f finding) bool { return f.Check == "dns" && f.About == host && f.Color != green }); i >= 0 {
			f.Do = seen[i].Do + "; then " + f.Do
		}
	}
	return f
}

// of keeps one family.
func of(list []netip.Addr, v6 bool) (out []netip.Addr) {
	for _, a := range list {
		if a.Is6() == v6 {
			out = append(out, a)
		}
	}
	return out
}
