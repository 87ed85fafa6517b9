// Picture takes a picture of the real console for the README: it builds and
// starts portico in a terminal of its own, beside a small home of upstreams
// and visitors, all on loopback and under a temporary folder, and writes what
// the terminal shows as an SVG of text.
//
//	go run ./cmd/picture -o assets/console.svg
//	go run ./cmd/picture -keys 3 -o assets/routes.svg
//
// It also draws any text with SGR escapes: picture -stdin <frame.txt.
//
// Picture owns the scene and the drawing. It knows nothing of the console but
// its keys, and what is in the picture is never put there by hand.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

// options of one picture.
type options struct {
	to         string
	cols, rows int
	stdin      bool
	portico    string
	page, keys string
	after      time.Duration
}

func run(ctx context.Context, args []string, in io.Reader, logTo io.Writer) error {
	var o options
	f := flag.NewFlagSet("picture", flag.ContinueOnError)
	f.SetOutput(logTo)
	f.StringVar(&o.to, "o", "console.svg", "`file` to write")
	f.IntVar(&o.cols, "cols", 100, "columns of the terminal")
	f.IntVar(&o.rows, "rows", 30, "rows of the terminal")
	f.BoolVar(&o.stdin, "stdin", false, "draw the lines of standard input instead")
	f.StringVar(&o.portico, "portico", "", "portico binary; built from this module unless said")
	f.StringVar(&o.page, "page", "", "page to open on")
	f.StringVar(&o.keys, "keys", "", "keys to press before the picture is taken")
	f.DurationVar(&o.after, "after", 20*time.Second, "how long visitors come before the picture is taken")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 || o.cols < 1 || o.rows < 1 {
		return errors.New("columns and rows must be at least 1, and there are no arguments beside the flags")
	}
	picture, err := o.take(ctx, in)
	if err != nil {
		return err
	}
	return os.WriteFile(o.to, picture, 0o644)
}

// take returns the picture.
func (o options) take(ctx context.Context, in io.Reader) ([]byte, error) {
	var b bytes.Buffer
	if !o.stdin {
		err := photograph(ctx, o, &b)
		return b.Bytes(), err
	}
	var lines []string
	s := bufio.NewScanner(in)
	for s.Scan() {
		lines = append(lines, s.Text())
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	err := render(&b, lines, o.cols, o.rows)
	return b.Bytes(), err
}
