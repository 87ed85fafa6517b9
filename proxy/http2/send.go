package http2

import (
	"errors"
	"io"
	"net/http"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

// maxPiece is written under one time limit, in bytes: a reader may be slow, but
// not idle.
const maxPiece = 16 << 10

var (
	errTooMuch   = errors.New("a body longer than its length")
	errTooLittle = errors.New("a body shorter than its length")
)

// send passes the body on as it comes; left is what it must come to, or
// message.Unknown.
func (s *Stream) send(body message.Body, left int64) error {
	for {
		if !body.Ready() {
			if err := s.flush(); err != nil {
				return err
			}
		}
		data, err := body.Next()
		switch {
		case err == io.EOF && left > 0:
			err = errTooLittle
		case err == io.EOF:
			return nil
		case err == nil && left != message.Unknown:
			if left -= int64(len(data)); left < 0 {
				err = errTooMuch
			}
		}
		if err != nil {
			_ = s.flush() // the body's failure says more
			return err
		}
		if err := s.write(data); err != nil {
			return err
		}
	}
}

func (s *Stream) write(data []byte) error {
	for len(data) > 0 {
		piece := data[:min(len(data), maxPiece)]
		err := s.timed(func() error {
			n, err := s.w.Write(piece)
			s.bytes += int64(n)
			return err
		})
		if err != nil {
			return err
		}
		data = data[len(piece):]
	}
	return nil
}

func (s *Stream) flush() error {
	return s.timed(http.NewResponseController(s.w).Flush)
}

// timed resets the stream if a write takes longer than it may.
func (s *Stream) timed(write func() error) error {
	if s.idle > 0 {
		timer := time.AfterFunc(s.idle, func() { s.expire((*http.ResponseController).SetWriteDeadline) })
		defer timer.Stop()
	}
	if err := write(); err != nil {
		return &http1.ClientError{Err: err}
	}
	return nil
}

// expire sets a deadline that is over.
func (s *Stream) expire(set func(*http.ResponseController, time.Time) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		_ = set(http.NewResponseController(s.w), past) // a stream that is gone waits for nobody
	}
}

var past = time.Unix(1, 0)
