package http1

import (
	"io"
	"net"
)

// spliceFrom is how much of a body must be left for the kernel to move it.
const spliceFrom = 64 << 10

// splice lets the kernel move the rest of a large body from socket to socket
// (TCPConn.ReadFrom uses splice on Linux), once all that is at hand was sent. It
// does nothing where one of them is no plain TCP connection.
func (w *stream) splice() (done bool, err error) {
	from, ok := w.body.(*body)
	if !w.movable || !ok || from.kind != byLength || from.left < spliceFrom {
		return false, nil
	}
	out, ok := w.to.conn.(*net.TCPConn)
	if !ok {
		return false, nil
	}
	if _, ok := from.src.conn.(*net.TCPConn); !ok {
		return false, nil
	}
	return true, w.move(out, from)
}

func (w *stream) move(out *net.TCPConn, from *body) error {
	piece := io.LimitedReader{R: from.src.conn}
	for from.left > 0 {
		if err := from.src.until.arm(from.patience()); err != nil {
			return err
		}
		if err := w.to.until.arm(w.to.idle); err != nil {
			return writeError{err}
		}
		piece.N = min(from.left, pieceWithin(from.wait), pieceWithin(w.to.idle))
		if !from.begun {
			piece.N = 1 // from then on no wait is for ever
		}
		n, err := out.ReadFrom(&piece)
		from.left -= n
		from.begun = from.begun || n > 0
		w.left -= n
		w.to.bytes += n
		if err != nil {
			return moveError(err, out, from.src.conn)
		}
		if n == 0 {
			from.err = io.ErrUnexpectedEOF
			return from.err
		}
	}
	return nil
}

// moveError tells which side failed, since ReadFrom does not: the one that is
// gone, else the client if it takes nothing.
func moveError(err error, to, from net.Conn) error {
	if gone(to) || !gone(from) && !writable(to) {
		return writeError{err}
	}
	return err
}
