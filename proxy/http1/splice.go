package http1

import (
	"io"
	"net"

	"forge.home.arpa/portico/proxy/message"
)

const (
	// spliceFrom is how much of a body must be left for the kernel to move it.
	spliceFrom = 64 << 10
	// splicePiece is moved under one deadline: even a line of a kilobyte a
	// second gets it through within the usual five minutes.
	splicePiece = 256 << 10
)

// splice lets the kernel move the rest of a large body from socket to socket
// (TCPConn.ReadFrom uses splice on Linux). It does nothing where one of them is
// no plain TCP connection.
func (w *answer) splice() (done bool, err error) {
	from, ok := w.body.(*body)
	if !ok || from.kind != byLength || from.left < spliceFrom || !from.src.empty() {
		return false, nil
	}
	out, ok := w.c.conn.(*net.TCPConn)
	if !ok {
		return false, nil
	}
	if _, ok := from.src.conn.(*net.TCPConn); !ok {
		return false, nil
	}
	return true, w.move(out, from)
}

func (w *answer) move(out *net.TCPConn, from *body) error {
	piece := io.LimitedReader{R: from.src.conn}
	for from.left > 0 {
		if err := from.src.until.arm(from.wait); err != nil {
			return err
		}
		if err := w.c.out.until.arm(w.c.out.idle); err != nil {
			return &ClientError{err}
		}
		piece.N = min(splicePiece, from.left)
		n, err := out.ReadFrom(&piece)
		from.left -= n
		w.left -= n
		w.c.out.bytes += n
		if err != nil {
			return w.moveError(err)
		}
		if n == 0 {
			from.err = io.ErrUnexpectedEOF
			return from.err
		}
	}
	from.err = io.EOF
	return nil
}

// moveError tells which side failed: ReadFrom does not.
func (w *answer) moveError(err error) error {
	if !writable(w.c.conn) {
		return &ClientError{err}
	}
	return err
}

var _ message.Body = (*body)(nil)
