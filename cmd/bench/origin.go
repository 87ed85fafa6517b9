//go:build linux

package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
)

// originRole serves answers of -body bytes until it is told to stop. It prints
// its address, a free port of loopback unless -listen says another.
func originRole(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("origin", flag.ContinueOnError)
	body := f.Int("body", 0, "bytes of an answer")
	address := f.String("listen", "127.0.0.1:0", "host:port")
	if err := f.Parse(args); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", *address)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { ln.Close() })
	fmt.Fprintln(out, ln.Addr())
	return serveOrigin(ctx, ln, *body)
}

// serveOrigin answers every request without a body until ctx ends.
func serveOrigin(ctx context.Context, ln net.Listener, body int) error {
	answer := []byte(responseHead(body))
	answer = append(answer, pattern[:min(body, blockSize)]...)
	for {
		c, err := ln.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			answerAll(c, answer, max(body-blockSize, 0))
		}()
	}
}

// answerAll writes answer and rest further bytes for each head that it reads.
func answerAll(c net.Conn, answer []byte, rest int) {
	buf := make([]byte, 16<<10)
	n := 0
	for {
		got, err := c.Read(buf[n:])
		n += got
		for {
			end := bytes.Index(buf[:n], []byte("\r\n\r\n"))
			if end < 0 {
				break
			}
			n = copy(buf, buf[end+4:n])
			if !writeAnswer(c, answer, rest) {
				return
			}
		}
		if err != nil || n == len(buf) {
			return
		}
	}
}

func writeAnswer(c net.Conn, answer []byte, rest int) bool {
	if _, err := c.Write(answer); err != nil {
		return false
	}
	for ; rest > 0; rest -= blockSize {
		if _, err := c.Write(pattern[:min(rest, blockSize)]); err != nil {
			return false
		}
	}
	return true
}
