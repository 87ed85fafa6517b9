package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// report is what the running portico says of itself.
type report struct {
	Version  string        `json:"version"`
	Config   string        `json:"config"`   // path of the file
	Sum      string        `json:"sum"`      // SHA-256 of the text that runs
	Problems []problemJSON `json:"problems"` // of the file, while an older text runs
	Status   proxy.Status  `json:"status"`
}

func reportOf(store *config.Store, server *proxy.Server) *report {
	problems, _ := store.Problems()
	sum := store.Current().Sum
	return &report{
		Version:  version(),
		Config:   store.Path(),
		Sum:      hex.EncodeToString(sum[:]),
		Problems: problemsJSON(store.Path(), problems),
		Status:   server.Status(),
	}
}

// statusCommand answers `status` on the control socket.
func statusCommand(store *config.Store, server *proxy.Server) command {
	return func(_ context.Context, c *caller) error {
		return c.answer(answer{Status: reportOf(store, server)})
	}
}

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
	st := r.Status
	t := tabwriter.NewWriter(plain{w}, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "portico %s, up %s, %s\n", r.Version, st.Now.Sub(st.Started).Round(time.Second), r.Config)
	for _, p := range r.Problems {
		fmt.Fprintf(t, "%s:%d:%d: %s\n", p.File, p.Line, p.Col, p.Message)
	}
	fmt.Fprintf(t, "%s, %d connections, %d requests under way\n\n", rates(st.Total), st.Open, st.Active)

	fmt.Fprintln(t, "LISTENER\tTLS\tSTATE")
	for _, l := range st.Listeners {
		fmt.Fprintf(t, "%s\t%s\t%s\n", firstOf(l.Bound, l.Address), yes(l.TLS), listenerState(l))
	}
	fmt.Fprintln(t, "\nROUTE\tHOST\tTO\tHEALTH\tREQ/S\tP95\t5XX")
	for _, route := range st.Routes {
		health := firstOf(route.Health.String(), "-")
		if !route.Enabled {
			health = "off"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.1f\t%s\t%.1f%%\n", route.Name, strings.Join(route.Hosts, " "), route.Target,
			health, route.Rates.PerSecond, short(route.Rates.P95), route.Rates.Errors*100)
	}
	fmt.Fprintln(t, "\nUPSTREAM\tSTATE\tOPEN\tREQ/S\tP95\tREASON")
	for _, u := range st.Upstreams {
		fmt.Fprintf(t, "%s\t%s\t%d\t%.1f\t%s\t%s\n", u.URL, u.State, u.Open, u.Rates.PerSecond, short(u.Rates.P95), u.Reason)
	}
	return t.Flush()
}

func rates(r record.Rates) string {
	return fmt.Sprintf("%.1f requests/s, p50 %s, p95 %s, p99 %s, 5xx %.1f%%",
		r.PerSecond, short(r.P50), short(r.P95), short(r.P99), r.Errors*100)
}

func listenerState(l proxy.ListenerStatus) string {
	switch {
	case l.Error != "":
		return l.Error
	case l.Draining:
		return "draining"
	}
	return "listening"
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// short rounds a duration to three digits or so.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
