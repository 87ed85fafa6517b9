package config

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// timing of the watch.
type timing struct {
	settle time.Duration // the file is left alone for so long after a change
	hurry  time.Duration // but a file that never rests is read all the same
	poll   time.Duration // network file systems and bind mounts tell nothing
}

var usual = timing{settle: 200 * time.Millisecond, hurry: 5 * time.Second, poll: 30 * time.Second}

// blindPoll is the poll where the system grants no watch.
const blindPoll = 2 * time.Second

// Run follows changes of the file made by others, and takes changes back that
// nobody kept, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	var countdown sync.WaitGroup
	countdown.Go(func() { s.countDown(ctx) })
	defer countdown.Wait()
	timing := s.timing
	w := s.newWatch()
	if w.Watcher == nil {
		timing.poll = min(timing.poll, blindPoll)
	} else {
		defer w.Close()
	}
	events, lost := w.channels()
	var first time.Time       // of the changes not looked at yet
	timer := time.NewTimer(0) // the first look is for what happened since Open
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-events:
			if !w.names[filepath.Base(e.Name)] {
				continue
			}
			if first.IsZero() {
				first = time.Now()
			}
			timer.Reset(min(timing.settle, time.Until(first.Add(timing.hurry))))
		case <-lost:
			timer.Reset(timing.settle)
		case <-timer.C:
			if time.Since(first) < timing.hurry && beingWritten(s.file.Path) {
				timer.Reset(timing.settle)
				continue
			}
			first = time.Time{}
			timer.Reset(timing.poll)
			w.refresh()
			s.glance(ctx)
		}
	}
}

// glance follows the file unless ctx ends before the turn is ours. What is wrong
// is logged and shown where it is found.
func (s *Store) glance(ctx context.Context) {
	giveBack, err := s.take(ctx)
	if err != nil {
		return
	}
	defer giveBack()
	_ = s.follow(false)
}

// watch is of the folders of the file and, if that is a link, of its target. The
// file itself is not watched: editors put a new one in its place.
type watch struct {
	*fsnotify.Watcher // nil where the system grants none
	store             *Store
	names             map[string]bool // of the entries that concern us
}

func (s *Store) newWatch() *watch {
	w := &watch{store: s}
	var err error
	if w.Watcher, err = fsnotify.NewWatcher(); err != nil {
		s.log.Warn("the configuration file is polled, the system grants no watch", "path", s.path, "every", blindPoll, "error", err)
	}
	w.refresh()
	return w
}

// refresh finds folders that were made, and links that were turned, since.
func (w *watch) refresh() {
	paths := []string{w.store.file.Path}
	if target, err := w.store.file.Target(); err == nil {
		paths = append(paths, target)
	}
	w.names = map[string]bool{}
	for _, path := range paths {
		w.names[filepath.Base(path)] = true
		if w.Watcher != nil {
			_ = w.Add(filepath.Dir(path)) // a folder that is not there yet is for the poll
		}
	}
}

func (w *watch) channels() (<-chan fsnotify.Event, <-chan error) {
	if w.Watcher == nil {
		return nil, nil
	}
	return w.Events, w.Errors
}
