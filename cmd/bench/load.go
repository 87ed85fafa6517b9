//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// result is what one load saw. All its requests were answered in full.
type result struct {
	Requests int
	Took     time.Duration
	P50, P99 time.Duration // from when a request was due until its answer was read
}

// loadRole puts the workload of -workload, in JSON, on -to and prints a result.
func loadRole(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("load", flag.ContinueOnError)
	to := f.String("to", "", "address of the proxy")
	text := f.String("workload", "", "the work in JSON")
	if err := f.Parse(args); err != nil {
		return err
	}
	var w Workload
	if err := json.Unmarshal([]byte(*text), &w); err != nil {
		return fmt.Errorf("workload: %w", err)
	}
	r, err := load(ctx, *to, w)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}

// load does the work once. The first answer that is late, short or other than
// what the origin sent ends it with an error.
func load(ctx context.Context, to string, w Workload) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, w.Deadline)
	defer cancel()
	l := &loader{Workload: w, to: to, took: make([]time.Duration, w.Requests), start: time.Now()}
	g, ctx := errgroup.WithContext(ctx)
	work := l.overH1
	if w.Streams > 0 {
		work = l.overH2
	}
	for range w.Connections {
		g.Go(func() error { return work(ctx) })
	}
	if err := g.Wait(); err != nil {
		return result{}, err
	}
	r := result{Requests: w.Requests, Took: time.Since(l.start)}
	slices.Sort(l.took)
	r.P50, r.P99 = l.took[w.Requests/2], l.took[w.Requests*99/100]
	return r, nil
}

// loader is shared by the clients of one load; each takes the next request
// that nobody took.
type loader struct {
	Workload
	to    string
	start time.Time
	next  atomic.Int64
	took  []time.Duration
}

// take returns the index of the next request; a negative one when none is
// left or the load has failed.
func (l *loader) take(ctx context.Context) (int, error) {
	i := int(l.next.Add(1)) - 1
	if i >= l.Requests || ctx.Err() != nil {
		return -1, ctx.Err()
	}
	return i, nil
}

// overH1 makes requests over one HTTP/1.1 connection, or over one for each,
// until none is left.
func (l *loader) overH1(ctx context.Context) error {
	var c *client
	for {
		i, err := l.take(ctx)
		if i < 0 {
			c.close()
			return err
		}
		due := l.wait(i)
		if c == nil {
			conn, err := l.dial(ctx, "http/1.1")
			if err != nil {
				return fmt.Errorf("request %d: %w", i, err)
			}
			c = &client{conn: conn, buf: make([]byte, blockSize)}
		}
		if err := c.do(l.Body); err != nil {
			c.close()
			return fmt.Errorf("request %d: %w", i, err)
		}
		l.took[i] = time.Since(due)
		if l.NewConn {
			c.close()
			c = nil
		}
	}
}

// wait returns when request i is due, at that time. A request that is late
// counts from when it was due: what the proxy delayed is the proxy's.
func (l *loader) wait(i int) time.Time {
	if l.Rate == 0 {
		return time.Now()
	}
	due := l.start.Add(time.Duration(i) * time.Second / time.Duration(l.Rate))
	time.Sleep(time.Until(due))
	return due
}

func (l *loader) dial(ctx context.Context, protocol string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", l.to)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, err
	}
	if l.TLS {
		// The proxy under test presents a certificate made for this run.
		conn = tls.Client(conn, &tls.Config{
			ServerName: host, InsecureSkipVerify: true, NextProtos: []string{protocol},
		})
	}
	return conn, nil
}
