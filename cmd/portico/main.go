// Command portico is the front door of a home lab: a reverse proxy with a
// console in the same process.
//
// This package owns what belongs to the process: the command line, the exit
// code, signals, the state directory and its lock, the control socket, and the
// one place where proxy, configuration and console are put together. It
// deliberately knows nothing of a request, a route's meaning or a screen's
// content. Every long job is a Run(ctx) error under one errgroup in serve.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
)

func main() {
	// Libraries alone write there, and upstreams that break their protocol can
	// make them: it would tear the console.
	log.SetOutput(io.Discard)
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program: it returns the exit code. The streams may be
// anything; where a command needs a terminal it looks whether they are one.
func run(ctx context.Context, args []string, in io.Reader, out, err io.Writer) int {
	started := false
	root := newRoot(streams{in, out, err}, &started)
	root.SetArgs(args)
	failure := root.ExecuteContext(ctx)
	if failure != nil && !started {
		failure = usageError{failure}
	}
	return exitCode(failure, err)
}

// streams are the three that every command is given.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// usageError is a command line that means nothing; it exits with 2.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// errSilent exits with 1 where everything was already said, as by check.
var errSilent = errors.New("already reported")

// exitCode prints what a command returned and gives its number: 0 for nothing,
// 2 for wrong usage, 1 for all else.
func exitCode(failure error, to io.Writer) int {
	var usage usageError
	switch {
	case failure == nil:
		return 0
	case errors.Is(failure, errSilent):
		return 1
	case errors.As(failure, &usage):
		fmt.Fprintf(to, "portico: %v; see portico --help\n", failure)
		return 2
	}
	fmt.Fprintf(to, "portico: %v\n", failure)
	return 1
}
