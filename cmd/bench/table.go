//go:build linux

package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// printTable prints the median of the rounds for each proxy, and the ratio of
// its CPU to that of the first. Differences under 10% are noise.
func printTable(out io.Writer, w Workload, entrants []*entrant) error {
	fmt.Fprintf(out, "\n%s; medians of %d rounds\n", w, len(entrants[0].rounds))
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "proxy\tCPU µs/request\tratio\tlowest\thighest\trequests/s\tp50 ms\tp99 ms\tMB at start\tMB after\t")
	first := median(entrants[0].rounds, round.each)
	for _, e := range entrants {
		each := median(e.rounds, round.each)
		fmt.Fprintf(t, "%s\t%.1f\t%.2f\t%.1f\t%.1f\t%.0f\t%.2f\t%.2f\t%.1f\t%.1f\t\n", e.name, each, each/first,
			slices.Min(collect(e.rounds, round.each)), slices.Max(collect(e.rounds, round.each)),
			median(e.rounds, round.perSecond), median(e.rounds, round.p50), median(e.rounds, round.p99),
			megabytes(e.atStart), megabytes(e.after))
	}
	return t.Flush()
}

func (r round) each() float64      { return float64(r.cpu.Microseconds()) / float64(r.Requests) }
func (r round) perSecond() float64 { return float64(r.Requests) / r.Took.Seconds() }
func (r round) p50() float64       { return milliseconds(r.P50) }
func (r round) p99() float64       { return milliseconds(r.P99) }

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }
func megabytes(n int64) float64            { return float64(n) / (1 << 20) }

func collect[T any, V cmp.Ordered](of []T, value func(T) V) []V {
	var out []V
	for _, x := range of {
		out = append(out, value(x))
	}
	return out
}

func median[T any, V cmp.Ordered](of []T, value func(T) V) V {
	values := collect(of, value)
	slices.Sort(values)
	return values[len(values)/2]
}
