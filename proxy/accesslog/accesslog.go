// Package accesslog owns the file that requests are logged to: its two formats,
// the memory before it, and its rotation. It does not know where rows come from.
//
// A Log belongs to one goroutine.
package accesslog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// Options say where and how.
type Options struct {
	Path string
	JSON bool  // else the combined format
	Keep int   // files beside the present one
	Size int64 // bytes after which the file is rotated; 0 for never
}

const (
	// flushAfter and flushSize are how long and how many bytes wait in memory: a
	// write a request would wear out an SD card.
	flushAfter = 10 * time.Second
	flushSize  = 64 << 10
	// maxWaiting bounds what waits while the disk takes nothing, in bytes.
	maxWaiting = 1 << 20
)

// Log writes rows to a file.
type Log struct {
	Options
	waiting []byte
	since   time.Time // of the oldest that waits
	lost    int       // rows, while the disk took nothing
}

// New makes a log; it opens its file when there is something to write.
func New(o Options) *Log { return &Log{Options: o} }

// Add puts a request into memory. head is the request's, as far as it is kept.
func (l *Log) Add(r *record.Row, head []byte) {
	if len(l.waiting) > maxWaiting {
		l.lost++
		return
	}
	if len(l.waiting) == 0 {
		l.since = time.Now()
	}
	if l.JSON {
		l.waiting = appendJSON(l.waiting, r)
		return
	}
	l.waiting = appendCombined(l.waiting, r, head)
}

// Turn writes what has waited long enough. After an error it stays in memory
// and is written with the next turn.
func (l *Log) Turn(now time.Time) error {
	if len(l.waiting) == 0 || len(l.waiting) < flushSize && now.Sub(l.since) < flushAfter {
		return nil
	}
	return l.Flush()
}

// Flush writes all that waits.
func (l *Log) Flush() error {
	if len(l.waiting) == 0 {
		return nil
	}
	if err := l.rotate(); err != nil {
		return err
	}
	f, err := os.OpenFile(l.Path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	n, err := f.Write(l.waiting)
	l.waiting = append(l.waiting[:0], l.waiting[n:]...)
	if closed := f.Close(); err == nil {
		err = closed
	}
	l.since = time.Now() // what is left tries again after its time
	if err == nil && l.lost > 0 {
		err = fmt.Errorf("the access log misses %d requests: the disk took nothing for a while", l.lost)
		l.lost = 0
	}
	return err
}

// rotate moves a full file out of the way: PATH becomes PATH.1, that PATH.2.
func (l *Log) rotate() error {
	info, err := os.Stat(l.Path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err != nil || l.Size == 0 || info.Size()+int64(len(l.waiting)) <= l.Size || info.Size() == 0:
		return nil
	case info.Mode().Type() != 0: // /dev/stdout and the like stay where they are
		return nil
	}
	for n := l.Keep; n > 0; n-- {
		if err := os.Rename(l.numbered(n-1), l.numbered(n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if l.Keep == 0 {
		return os.Remove(l.Path)
	}
	return nil
}

func (l *Log) numbered(n int) string {
	if n == 0 {
		return l.Path
	}
	return l.Path + "." + strconv.Itoa(n)
}
