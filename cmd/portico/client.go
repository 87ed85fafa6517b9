package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// client is the other end of the control socket.
type client struct {
	conn   *net.UnixConn
	socket string
	lines  *json.Decoder
}

// errNobody says that no portico runs, as far as its socket tells.
var errNobody = errors.New("no portico answers")

// notYours says that a socket is there for others.
type notYours struct{ socket string }

func (e *notYours) Error() string {
	return fmt.Sprintf("%s is not yours to use (be root, the user portico runs as, or in the group %s)", e.socket, controlGroup)
}

func (e *notYours) Is(target error) bool { return target == fs.ErrPermission }

// dial connects to the running portico; errNobody where there is none.
func (p *places) dial() (*client, error) {
	sockets := p.clientSockets()
	for _, path := range sockets {
		conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		switch {
		case err == nil:
			return &client{conn, path, json.NewDecoder(io.LimitReader(conn, answerLimit))}, nil
		case errors.Is(err, fs.ErrPermission):
			return nil, &notYours{path}
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ECONNREFUSED) && !errors.Is(err, unix.ENOTDIR):
			return nil, fmt.Errorf("control socket: %w", err)
		}
	}
	if len(sockets) == 0 {
		return nil, fmt.Errorf("%w: there is no control socket to ask (name one with --socket)", errNobody)
	}
	return nil, fmt.Errorf("%w on %s (start one with `portico run`, or name its socket with --socket)",
		errNobody, strings.Join(sockets, " or "))
}

// ask sends a request, with open files where the command takes some, and
// returns the answer.
func (c *client) ask(r request, fds ...int) (answer, error) {
	return c.askWithin(answerWait, r, fds...)
}

// askWithin is ask for what takes its time.
func (c *client) askWithin(wait time.Duration, r request, fds ...int) (answer, error) {
	// A service that refuses a caller hangs up without reading, and has said why.
	if err := send(c.conn, requestWait, r, fds...); err != nil && !errors.Is(err, unix.EPIPE) {
		return answer{}, fmt.Errorf("ask portico on %s: %w", c.socket, err)
	}
	a, err := c.hear(wait)
	if err != nil {
		return answer{}, fmt.Errorf("portico on %s gave no answer: %w", c.socket, err)
	}
	return a, a.problem()
}

// hear waits for an answer.
func (c *client) hear(wait time.Duration) (answer, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return answer{}, err
	}
	return c.next()
}

// next reads one more answer.
func (c *client) next() (a answer, err error) {
	err = c.lines.Decode(&a)
	return a, err
}
