//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// round is what one load cost a proxy.
type round struct {
	cpu time.Duration // of the proxy, all requests together
	result
}

// compare starts all proxies that are installed, gives each the same rounds in
// turn, and prints the table.
func compare(ctx context.Context, o options, w Workload, out, logTo io.Writer) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	origin, err := startOrigin(ctx, o.loadCPU, w.Body, &running)
	if err != nil {
		return fmt.Errorf("origin: %w", err)
	}
	s, err := newSetup(dir, origin, w.TLS)
	if err != nil {
		return err
	}
	entrants := startAll(ctx, o, s, &running, logTo)
	if len(entrants) == 0 {
		return errors.New("no proxy to compare")
	}
	if err := runRounds(ctx, o, w, entrants, logTo); err != nil {
		return err
	}
	return printTable(out, w, entrants)
}

// startOrigin starts the origin and returns its address.
func startOrigin(ctx context.Context, cpu, body int, running *sync.WaitGroup) (string, error) {
	cmd, err := pinnedRole(ctx, cpu, "origin", "-body", strconv.Itoa(body))
	if err != nil {
		return "", err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	cmd.Stdout = w
	_, err = launch(cmd, running)
	w.Close()
	if err != nil {
		return "", err
	}
	line, err := bufio.NewReader(r).ReadString('\n')
	return strings.TrimSpace(line), err
}

// startAll starts what is installed and works, and says what is not.
func startAll(ctx context.Context, o options, s setup, running *sync.WaitGroup, logTo io.Writer) []*entrant {
	var entrants []*entrant
	for _, c := range o.contenders {
		e, err := c.start(ctx, o.proxyCPU, s, running)
		if err != nil {
			fmt.Fprintf(logTo, "%s takes no part: %v\n", c.name, err)
			continue
		}
		entrants = append(entrants, e)
	}
	return entrants
}

// runRounds warms each proxy up once, then measures. Who begins moves on by
// one each round.
func runRounds(ctx context.Context, o options, w Workload, entrants []*entrant, logTo io.Writer) error {
	for i := range o.rounds + 1 {
		for j := range entrants {
			e := entrants[(i+j)%len(entrants)]
			r, err := e.round(ctx, o.loadCPU, w)
			if err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
			if i > 0 {
				e.rounds = append(e.rounds, r)
			}
		}
		fmt.Fprintf(logTo, "%s: round %d of %d\n", w.Name, i, o.rounds)
	}
	return nil
}

// round puts the workload on the proxy once.
func (e *entrant) round(ctx context.Context, cpu int, w Workload) (round, error) {
	before, err := usageOf(e.proxy.pid)
	if err != nil {
		return round{}, err
	}
	text, err := json.Marshal(w)
	if err != nil {
		return round{}, err
	}
	cmd, err := pinnedRole(ctx, cpu, "load", "-to", e.address, "-workload", string(text))
	if err != nil {
		return round{}, err
	}
	b, err := cmd.Output()
	if err != nil {
		return round{}, fmt.Errorf("load: %w", err)
	}
	after, err := usageOf(e.proxy.pid)
	if err != nil {
		return round{}, err
	}
	e.after = after.resident
	r := round{cpu: after.cpu - before.cpu}
	return r, json.Unmarshal(b, &r.result)
}
