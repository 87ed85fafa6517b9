package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"forge.home.arpa/portico/proxy"
)

// probeTime bounds a whole probe, however many upstreams the route has.
const probeTime = 2 * time.Minute

func newProbe(s streams, at *places) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "probe URL|ROUTE",
		Short:             "Climb to an upstream step by step, say where it stops and what to write in the file",
		Args:              exactly("a URL or a ROUTE"),
		ValidArgsFunction: at.completeRoute,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := at.parsedConfig(s.err)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), probeTime)
			defer cancel()
			found, err := proxy.ProbeTarget(ctx, c, args[0])
			if errors.As(err, new(*proxy.BadTarget)) {
				return usageError{err}
			}
			if err != nil {
				return fmt.Errorf("probe: %w", err)
			}
			if err := printProbes(s.out, found, asJSON); err != nil {
				return err
			}
			return allReached(found)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// allReached exits with 1 where an upstream is not reached; which one was
// printed.
func allReached(found []proxy.Probe) error {
	for _, p := range found {
		if !p.OK {
			return errSilent
		}
	}
	return nil
}

func printProbes(w io.Writer, found []proxy.Probe, asJSON bool) error {
	if asJSON {
		return printJSON(w, each(found, probeOf))
	}
	t := tabwriter.NewWriter(plain{w}, 0, 0, 2, ' ', 0)
	for i, p := range found {
		if i > 0 {
			fmt.Fprintln(t)
		}
		printProbe(t, p)
	}
	return t.Flush()
}

func printProbe(t io.Writer, p proxy.Probe) {
	route := ""
	if p.Route != "" {
		route = ", route " + p.Route
	}
	fmt.Fprintf(t, "%s%s\n", p.URL, route)
	for _, s := range p.Steps {
		state := "ok"
		if !s.OK {
			state = "STOPS"
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", s.Name, state, ms(float64(s.Took.Microseconds())/1000), s.Detail)
	}
	switch {
	case p.OK:
		fmt.Fprintln(t, "  reached")
	case p.Cause != 0:
		fmt.Fprintf(t, "  not reached: %s\n", p.Cause)
	default:
		fmt.Fprintf(t, "  not reached: %s\n", p.Detail)
	}
	if c := p.Certificate; c != nil {
		fmt.Fprintf(t, "  certificate: %s\n", certificateWords(c))
	}
	for _, m := range p.Mends {
		fmt.Fprintf(t, "  → %s\n", m.Words)
		for _, line := range m.There {
			fmt.Fprintf(t, "      %s\n", line)
		}
	}
}

func certificateWords(c *proxy.Certificate) string {
	words := c.Subject + ", issued by " + c.Issuer
	if c.SelfSigned {
		words = c.Subject + ", self-signed"
	}
	if len(c.Names) > 0 {
		words += ", for " + strings.Join(c.Names, " ")
	}
	return fmt.Sprintf("%s, until %s, %s", words, c.NotAfter.Format(time.DateOnly), c.Pin)
}

// probeReport is a proxy.Probe as scripts read it.
type probeReport struct {
	URL         string             `json:"url"`
	Route       string             `json:"route,omitempty"`
	Reached     bool               `json:"reached"`
	Cause       string             `json:"cause,omitempty"`
	Detail      string             `json:"detail,omitempty"`
	Advice      []string           `json:"advice"`
	Steps       []stepReport       `json:"steps"`
	Certificate *certificateReport `json:"certificate,omitempty"`
}

type stepReport struct {
	Step   string  `json:"step"`
	OK     bool    `json:"ok"`
	Ms     float64 `json:"ms"`
	Detail string  `json:"detail,omitempty"`
}

type certificateReport struct {
	Subject    string    `json:"subject"`
	Issuer     string    `json:"issuer"`
	Names      []string  `json:"names"`
	SelfSigned bool      `json:"self_signed"`
	NotBefore  time.Time `json:"not_before"`
	NotAfter   time.Time `json:"not_after"`
	Pin        string    `json:"pin"`
	Refused    string    `json:"refused,omitempty"`
}

func probeOf(p proxy.Probe) probeReport {
	r := probeReport{URL: p.URL, Route: p.Route, Reached: p.OK, Detail: p.Detail, Advice: listed(p.Advice()),
		Certificate: certificateOf(p.Certificate)}
	if p.Cause != 0 {
		r.Cause = p.Cause.String()
	}
	r.Steps = each(p.Steps, func(s proxy.Step) stepReport {
		return stepReport{s.Name, s.OK, float64(s.Took.Microseconds()) / 1000, s.Detail}
	})
	return r
}

func certificateOf(c *proxy.Certificate) *certificateReport {
	if c == nil {
		return nil
	}
	return &certificateReport{c.Subject, c.Issuer, listed(c.Names), c.SelfSigned, c.NotBefore, c.NotAfter, c.Pin, c.Refused}
}
