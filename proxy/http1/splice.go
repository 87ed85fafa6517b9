package http1

import (
	"io"
	"net"

	"forge.home.arpa/portico/proxy/message"
)

// spliceFrom is how much of a body must be left for the kernel to move it.
const spliceFrom = 64 << 10

// moveBody lets the kernel move what it can of a large body, once all that is at
// hand was sent: from socket to socket or from a file. It does nothing where the
// client's connection is no plain TCP.
func (w *stream) moveBody() (done bool, err error) {
	out, ok := w.to.conn.(*net.TCPConn)
	if !w.movable || !ok {
		return false, nil
	}
	switch from := w.body.(type) {
	case *body:
		return w.splice(out, from)
	case message.InFile:
		return false, w.sendFile(out, from)
	}
	return false, nil
}

// sendFile moves the next bytes of a body that lie in a file (sendfile on
// Linux). The body may go on after them.
func (w *stream) sendFile(out *net.TCPConn, body message.InFile) error {
	from, left := body.File()
	piece := io.LimitedReader{R: from}
	for left > 0 && left <= w.left {
		if err := w.to.until.arm(w.to.idle); err != nil {
			return writeError{err}
		}
		piece.N = min(left, pieceWithin(w.to.idle))
		n, err := out.ReadFrom(&piece)
		body.Took(n)
		left, w.left, w.to.bytes = left-n, w.left-n, w.to.bytes+n
		switch {
		case err != nil && (gone(out) || !writable(out)):
			return writeError{err}
		case err != nil:
			return err
		case n == 0:
			return io.ErrUnexpectedEOF
		}
	}
	return nil
}

// splice lets the kernel move the rest of a body from socket to socket
// (TCPConn.ReadFrom uses splice on Linux).
func (w *stream) splice(out *net.TCPConn, from *body) (done bool, err error) {
	if from.kind != byLength || from.left < spliceFrom {
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
