package http1

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"forge.home.arpa/portico/proxy/message"
)

// stream is one message on its way out: its head if w.b holds it, and its body
// as that comes. All that is ready goes in one write, nothing waits for more,
// and a buffer is held only while there is something to send.
type stream struct {
	to       *sink
	body     message.Body // nil when none is sent
	trailers *message.Fields
	drop     func(*message.Field) bool // trailers not to be passed on; may be nil
	chunked  bool
	movable  bool          // the kernel may move the body by itself
	left     int64         // of a body with a length, else message.Unknown
	sent     *atomic.Int64 // bytes of the body; nil where nobody asks
	writing  sync.Locker   // given up while the body is waited for; may be nil

	buf   *buffer
	b     []byte // what is to be sent, in buf unless it is too long
	chunk int    // where the room for the chunk's size is; -1 outside a chunk
}

// writeError tells a failure to write from one to read the body.
type writeError struct{ error }

var (
	errTooMuch   = errors.New("a body longer than its length")
	errTooLittle = errors.New("a body shorter than its length")
)

func (w *stream) acquire() {
	w.buf = getBuffer()
	w.b, w.chunk = w.buf[:0], -1
}

func (w *stream) release() {
	if w.buf != nil {
		putBuffer(w.buf)
	}
	w.buf, w.b = nil, nil
}

// run sends the body to its end. The error is a writeError where it is not the
// body's own.
func (w *stream) run() error {
	for {
		for w.body.Ready() {
			if done, err := w.next(); done || err != nil {
				return err
			}
		}
		if err := w.pause(); err != nil {
			return err
		}
		if done, err := w.moveBody(); done || err != nil {
			return err
		}
		if done, err := w.take(w.await()); done || err != nil {
			return err
		}
	}
}

// next takes the next bytes of the body, which are there.
func (w *stream) next() (done bool, err error) { return w.take(w.body.Next()) }

// await waits for the next bytes of the body. All that was taken before is on
// its way, so others may write meanwhile.
func (w *stream) await() ([]byte, error) {
	if w.writing != nil {
		w.writing.Unlock()
		defer w.writing.Lock()
	}
	return w.body.Next()
}

// take sends on what the body brought.
func (w *stream) take(data []byte, err error) (done bool, _ error) {
	if w.buf == nil {
		w.acquire()
	}
	switch {
	case err == io.EOF:
		return true, w.finish()
	case err != nil:
		return false, err
	}
	return false, w.add(data)
}

// pause sends what there is and gives the buffer back for the time of waiting.
func (w *stream) pause() error {
	if w.buf == nil {
		return nil
	}
	w.endChunk()
	err := w.flush()
	w.release()
	return err
}

// flush sends what was gathered.
func (w *stream) flush() error {
	if len(w.b) == 0 {
		return nil
	}
	err := w.write(w.b)
	w.b = w.buf[:0]
	return err
}

func (w *stream) write(b []byte) error {
	if err := w.to.write(b); err != nil {
		return writeError{err}
	}
	return nil
}

// add puts body bytes behind what is to be sent, or sends them from where they
// lie when they are many.
func (w *stream) add(data []byte) error {
	if w.sent != nil {
		w.sent.Add(int64(len(data)))
	}
	if w.chunked {
		return w.addChunks(data)
	}
	if w.left != message.Unknown {
		if w.left -= int64(len(data)); w.left < 0 {
			return errTooMuch
		}
	}
	if len(data) <= cap(w.b)-len(w.b) && (len(w.b) > 0 || len(data) < bufferSize/2) {
		w.b = append(w.b, data...)
		return nil
	}
	if err := w.flush(); err != nil {
		return err
	}
	return w.write(data)
}

func (w *stream) addChunks(data []byte) error {
	for len(data) > 0 {
		n := w.addChunk(data)
		if data = data[n:]; n == 0 {
			w.endChunk()
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// addChunk takes as much as fits beside the end of the chunk and of the body.
// A head that has outgrown the buffer goes alone: a chunk's size has four
// digits.
func (w *stream) addChunk(data []byte) int {
	room := min(cap(w.b), bufferSize) - len(w.b) - len(crlf) - len(lastChunk)
	if w.chunk < 0 {
		room -= chunkHead
	}
	if room <= 0 {
		return 0
	}
	if w.chunk < 0 {
		w.chunk = len(w.b)
		w.b = w.b[:len(w.b)+chunkHead]
	}
	n := min(room, len(data))
	w.b = append(w.b, data[:n]...)
	return n
}

func (w *stream) endChunk() {
	if w.chunk < 0 {
		return
	}
	start := w.chunk + chunkHead
	putChunkHead(w.b[w.chunk:start], len(w.b)-start)
	w.b = append(w.b, crlf...)
	w.chunk = -1
}

// finish ends a body that came whole.
func (w *stream) finish() error {
	switch {
	case w.left > 0:
		return errTooLittle
	case !w.chunked:
		return w.flush()
	}
	w.endChunk()
	if w.drop != nil {
		w.trailers.RemoveFunc(w.drop)
	}
	if len(*w.trailers) == 0 {
		w.b = append(w.b, lastChunk...)
		return w.flush()
	}
	w.b = append(w.b, "0\r\n"...)
	w.b = appendFields(w.b, *w.trailers)
	w.b = append(w.b, crlf...)
	return w.flush()
}
