package proxy

import (
	"errors"
	"fmt"
	"io"
	"os"

	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/record"
)

const (
	// gatherMemory is how much of a body of unknown length lies in memory, in
	// bytes; what is longer lies in a file.
	gatherMemory = 1 << 20
	gatherRead   = 32 << 10
	// gatherWhole is the longest body that is sent before the answer is looked
	// at: an application may answer while it reads, and both would wait for
	// each other.
	gatherWhole = 16 << 10
)

// gathered is a body that was taken in whole, because the upstream must be told
// its length first. It implements message.Body.
type gathered struct {
	memory []byte
	file   *os.File // unlinked; nil while memory is enough
	length int64
	begun  bool
	buf    []byte
}

// gather takes in the body and says its length; otherwise it answers.
func (v *visit) gather() bool {
	r := &v.x.Request
	g := new(gathered)
	err := g.take(r.Body, unlinked)
	var disk *diskError
	switch {
	case err == nil:
		r.Body, r.Length = g, g.length
		return true
	case errors.As(err, &disk):
		v.row.Cause, v.row.Detail = record.CauseTooLarge, err.Error()
		v.front.CloseAfter()
		v.fail(507)
	default:
		v.cutBody(err)
	}
	v.row.BytesIn = g.length
	g.release()
	return false
}

// diskError says that the file failed, not the client.
type diskError struct{ err error }

func (e *diskError) Error() string {
	return "an upload without a length, which must be gathered first, found no place: " + e.err.Error()
}
func (e *diskError) Unwrap() error { return e.err }

// unlinked makes a file that has no name: it goes with its last user, however
// that ends.
func unlinked() (*os.File, error) {
	f, err := os.CreateTemp("", "portico-upload-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// take reads the whole body; create makes the file where one is needed.
func (g *gathered) take(body message.Body, create func() (*os.File, error)) error {
	for {
		data, err := body.Next()
		if err == io.EOF {
			return g.rewind()
		}
		if err != nil {
			return err
		}
		if err := g.add(data, create); err != nil {
			return &diskError{err}
		}
	}
}

func (g *gathered) add(data []byte, create func() (*os.File, error)) error {
	g.length += int64(len(data))
	if g.file == nil && g.length <= gatherMemory {
		g.memory = append(g.memory, data...)
		return nil
	}
	if g.file == nil {
		f, err := create()
		if err != nil {
			return err
		}
		g.file = f
		if _, err := f.Write(g.memory); err != nil {
			return err
		}
		g.memory = nil
	}
	_, err := g.file.Write(data)
	return err
}

func (g *gathered) rewind() error {
	if g.file == nil {
		return nil
	}
	if _, err := g.file.Seek(0, io.SeekStart); err != nil {
		return &diskError{err}
	}
	g.buf = make([]byte, gatherRead)
	return nil
}

// Whole implements what message.Whole asks for.
func (g *gathered) Whole() ([]byte, bool) { return g.memory, g.length <= gatherWhole }

// Ready implements message.Body: a disk is not waited for.
func (g *gathered) Ready() bool { return true }

// Next implements message.Body.
func (g *gathered) Next() ([]byte, error) {
	if g.file == nil {
		if g.begun || len(g.memory) == 0 {
			return nil, io.EOF
		}
		g.begun = true
		return g.memory, nil
	}
	n, err := g.file.Read(g.buf)
	if n > 0 {
		return g.buf[:n], nil
	}
	if err != io.EOF {
		err = fmt.Errorf("the gathered upload: %w", err)
	}
	return nil, err
}

func (g *gathered) release() {
	if g.file != nil {
		g.file.Close()
	}
}
