package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

func newStatus(s streams, at *places) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the running portico: routes, upstreams, rates",
		Args:  exactly(),
		RunE: func(*cobra.Command, []string) error {
			r, err := at.askStatus()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(s.out, r)
			}
			return printReport(s.out, r)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// statusCommand answers `status` on the control socket.
func (sv *service) statusCommand() command {
	return func(_ context.Context, c *caller) error {
		return c.answer(answer{Status: reportOf(sv.store, sv.server, sv.ports)})
	}
}

func (p *places) askStatus() (*report, error) {
	c, err := p.dial()
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	a, err := c.ask(request{Command: "status"})
	if err != nil {
		return nil, err
	}
	if a.Status == nil {
		return nil, fmt.Errorf("portico on %s answered without a status", c.socket)
	}
	return a.Status, nil
}

func printReport(w io.Writer, r *report) error {
	t := tabwriter.NewWriter(plain{w}, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "portico %s, up %s, %s\n", r.Version, r.Now.Sub(r.Started).Round(time.Second), r.Config)
	if !r.LastGood.IsZero() {
		fmt.Fprintf(t, "%s cannot run: the last good configuration runs in its place, for %s\n", r.Config, r.Now.Sub(r.LastGood).Round(time.Second))
	}
	for _, p := range r.Problems {
		fmt.Fprintln(t, p)
	}
	if p := r.Pending; p != nil {
		fmt.Fprintf(t, "%q of %s is not kept yet%s\n", p.What, p.Who, p.wait(r.Now))
	}
	for _, w := range r.Warnings {
		fmt.Fprintln(t, w)
	}
	if r.Bans.On {
		fmt.Fprintf(t, "clients shut out: %d%s\n", r.Bans.Count, suspended(r.Bans.Suspended))
	}
	fmt.Fprintf(t, "%.1f requests/s, p50 %s, p95 %s, p99 %s, 5xx %s; %d connections, %d requests under way\n\n",
		r.Total.PerSecond, ms(r.Total.P50), ms(r.Total.P95), ms(r.Total.P99), percent(r.Total.Errors), r.Open, r.Active)
	fmt.Fprintln(t, "LISTENER\tTLS\tSTATE")
	for _, l := range r.Listeners {
		fmt.Fprintf(t, "%s\t%s\t%s\n", firstOf(l.Bound, l.Address), yes(l.TLS), l.state())
	}
	if len(r.Ports) > 0 {
		fmt.Fprintln(t, "\nPORT OF THE ROUTER\tTO\tSTATE")
		for _, p := range r.Ports {
			fmt.Fprintf(t, "%d\t%s\t%s\n", p.Port, p.To, p.state())
		}
	}
	fmt.Fprintln(t, "\nROUTE\tHOST\tPATH\tTO\tHEALTH\tREQ/S\tP95\t5XX")
	for _, r := range r.Routes {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%.1f\t%s\t%s\n", r.Name, strings.Join(r.Hosts, " "), firstOf(strings.Join(r.Paths, " "), "all"),
			r.Target, r.state(), r.Rates.PerSecond, ms(r.Rates.P95), percent(r.Rates.Errors))
	}
	fmt.Fprintln(t, "\nUPSTREAM\tHEALTH\tOPEN\tREQ/S\tP95\tREASON")
	for _, u := range r.Upstreams {
		fmt.Fprintf(t, "%s\t%s\t%d\t%.1f\t%s\t%s\n", u.URL, u.Health, u.Open, u.Rates.PerSecond, ms(u.Rates.P95), u.reason())
	}
	if len(r.Certificates) > 0 {
		fmt.Fprintln(t, "\nCERTIFICATE\tFROM\tSTATE\tENDS\tWHY")
		for _, c := range r.Certificates {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", c.Host, c.Kind, c.State, c.ends(r.Now), c.Why)
		}
	}
	return t.Flush()
}

// suspended says why bans are not in force.
func suspended(why string) string {
	if why == "" {
		return ""
	}
	return ", not in force: " + why
}

// reason is why it is not well. What is past stands beside it with its time in
// the JSON and the console.
func (u upstreamReport) reason() string {
	if u.Health == "ok" && u.LastOK.After(u.LastFail) {
		return ""
	}
	return u.Reason
}

// wait says what becomes of an edit that is not kept yet.
func (p *pendingReport) wait(now time.Time) string {
	if p.Stuck != "" {
		return ", and could not go back: portico keep, or portico back (" + p.Stuck + ")"
	}
	return fmt.Sprintf(": it goes back in %s, unless portico keep", max(p.Until.Sub(now), 0).Round(time.Second))
}

func (l listenerReport) state() string {
	switch {
	case l.Error != "":
		return l.Error
	case l.Draining:
		return "draining"
	}
	return "listening"
}

func (r routeReport) state() string {
	if !r.Enabled {
		return "off"
	}
	return firstOf(r.Health, "-")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// ms prints milliseconds, with a fraction where that is most of them.
func ms(n float64) string {
	if n < 10 {
		return fmt.Sprintf("%.1fms", n)
	}
	return fmt.Sprintf("%.0fms", n)
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", share*100) }
