//go:build linux

// Bench starts nginx, HAProxy, Caddy and portico on the same work in one run
// and prints what each costs: CPU of the proxy for a request, and its resident
// memory. The proxy has one core, the origin and the load have the other, and
// the rounds of all proxies are interleaved, so that what disturbs the machine
// disturbs all of them.
//
// Bench owns the origin, the load and the configurations of the proxies. It
// re-executes itself for the origin, the load and to pin a process to a core.
// It tells nothing about a machine other than the one it runs on.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// roles are what bench starts itself as; each gets the rest of the arguments.
var roles = map[string]func(ctx context.Context, args []string, out io.Writer) error{
	"pin":    pinRole,
	"origin": originRole,
	"load":   loadRole,
}

func run(ctx context.Context, args []string, out, logTo io.Writer) error {
	if len(args) > 0 {
		if role, ok := roles[args[0]]; ok {
			return role(ctx, args[1:], out)
		}
	}
	o, err := parseOptions(args, logTo)
	if err != nil {
		return err
	}
	for _, w := range o.workloads {
		if err := compare(ctx, o, w, out, logTo); err != nil {
			return fmt.Errorf("workload %s: %w", w.Name, err)
		}
	}
	return nil
}

// options of one run.
type options struct {
	workloads  []Workload
	contenders []contender
	rounds     int
	proxyCPU   int
	loadCPU    int
	portico    string // a binary to use in place of one built from this module
}

func parseOptions(args []string, logTo io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(logTo)
	names := f.String("workload", "http1", "which work, of: "+strings.Join(workloadNames(), " "))
	only := f.String("only", "", "which proxies, comma separated; all unless said")
	requests := f.Int("requests", 0, "requests in a round, in place of the workload's own")
	f.IntVar(&o.rounds, "rounds", 5, "measured rounds; one more warms up")
	f.IntVar(&o.proxyCPU, "proxy-cpu", 0, "core of the proxy")
	f.IntVar(&o.loadCPU, "load-cpu", 1, "core of the origin and the load")
	f.StringVar(&o.portico, "portico", "", "portico binary; built from this module unless said")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 || o.rounds < 1 {
		return o, errors.New("rounds must be at least 1, and there are no arguments beside the flags")
	}
	return o, o.choose(*names, *only, *requests)
}

func (o *options) choose(names, only string, requests int) error {
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(workloads, func(w Workload) bool { return w.Name == name })
		if i < 0 {
			return fmt.Errorf("no workload %q; there are: %s", name, strings.Join(workloadNames(), " "))
		}
		w := workloads[i]
		if requests > 0 {
			w.Requests = requests
		}
		o.workloads = append(o.workloads, w)
	}
	o.contenders = slices.DeleteFunc(contenders(o.portico), func(c contender) bool {
		return only != "" && !slices.Contains(strings.Split(only, ","), c.name)
	})
	if len(o.contenders) == 0 {
		return fmt.Errorf("no proxy is called %q", only)
	}
	return nil
}
