package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"forge.home.arpa/portico/proxy"
)

func newCerts(s streams, at *places) *cobra.Command {
	var asJSON bool
	var now string
	cmd := &cobra.Command{
		Use:   "certs",
		Short: "Show the certificates: whose, until when, and why one is missing",
		Args:  exactly(),
		RunE: func(*cobra.Command, []string) error {
			list, err := at.askCerts(now)
			if err != nil {
				return err
			}
			if now != "" {
				fmt.Fprintf(s.err, "%s: the authority is asked now, and portico certs tells what came of it\n", now)
			}
			if asJSON {
				return printJSON(s.out, list)
			}
			return printCerts(s.out, list, time.Now())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&now, "now", "", "ask the authority for the certificate of `HOST` at once, once, whatever stands against it")
	return cmd
}

func (p *places) askCerts(now string) ([]certReport, error) {
	c, err := p.dial()
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	a, err := c.ask(request{Command: "certs", Host: now})
	if a.Certs == nil {
		a.Certs = []certReport{}
	}
	return a.Certs, err
}

// certsCommand answers `certs`.
func (sv *service) certsCommand() command {
	return func(_ context.Context, c *caller) error {
		if host := c.request.Host; host != "" {
			if err := sv.server.CertificateNow(host); err != nil {
				return err
			}
		}
		return c.answer(answer{Certs: certReports(sv.server.Certificates())})
	}
}

// certReport is one name's certificate as a script reads it.
type certReport struct {
	Host   string    `json:"host"`
	Kind   string    `json:"kind"`  // acme, local, file
	State  string    `json:"state"` // ok, ending, pending, expired
	Issuer string    `json:"issuer"`
	From   time.Time `json:"from,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	Why    string    `json:"why,omitempty"` // why there is none, or none newer
	Next   time.Time `json:"next,omitzero"`

	Attempts []proxy.CertificateAttempt `json:"attempts"` // the last ones, the newest last
}

func certReports(list []proxy.CertificateStatus) []certReport {
	out := make([]certReport, len(list))
	now := time.Now()
	for i, c := range list {
		out[i] = certReport{Host: c.Host, Kind: c.Kind, State: string(c.State(now)), Issuer: c.Issuer, From: c.From, Until: c.Until, Why: c.Why, Next: c.Next,
			Attempts: append([]proxy.CertificateAttempt{}, c.Attempts...)}
	}
	return out
}

func printCerts(w io.Writer, list []certReport, now time.Time) error {
	if len(list) == 0 {
		fmt.Fprintln(w, "no certificates: no listener speaks TLS (https in [server])")
		return nil
	}
	t := tabwriter.NewWriter(plain{w}, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "HOST\tFROM\tSTATE\tISSUER\tENDS\tWHY\tNEXT TRY")
	for _, c := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.Host, c.Kind, c.State, firstOf(c.Issuer, "-"), c.ends(now), firstOf(c.Why, "-"), c.next(now))
	}
	return t.Flush()
}

func (c certReport) ends(now time.Time) string {
	if c.Until.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%s (%d days)", c.Until.Local().Format(time.DateOnly), int(c.Until.Sub(now).Hours()/24))
}

func (c certReport) next(now time.Time) string {
	if !c.Next.After(now) {
		return "-"
	}
	return "in " + c.Next.Sub(now).Round(time.Second).String()
}
