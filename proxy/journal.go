package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"forge.home.arpa/portico/config/atomicfile"
	"forge.home.arpa/portico/proxy/upstream"
)

// journal keeps the turns of the upstreams' states in a file, so that "down
// since 20:14" is true also after a restart.
type journal struct {
	file atomicfile.File // Path "" keeps nothing on disk
	log  *slog.Logger

	// Of keepJournal alone:
	written []byte
	failing bool // to write

	mu    sync.Mutex
	turns map[string][]upstream.Change // by URL
}

const (
	journalName  = "upstreams.json"
	journalEvery = 5 * time.Second
)

func openJournal(dir string, log *slog.Logger) *journal {
	j := &journal{log: log, file: atomicfile.InState(dir, journalName)}
	if err := j.file.Load(&j.turns); err != nil {
		log.Warn("the upstreams' past cannot be read and begins anew", "file", j.file.Path, "error", err)
	}
	return j
}

// past is what is known of an upstream from before.
func (j *journal) past(url string) []upstream.Change {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.turns[url]
}

// keepJournal writes what has changed, and once more at the end.
func (s *Server) keepJournal(ctx context.Context) {
	keep := func(now time.Time) { s.journal.keep(s.turns(now)) }
	each(ctx, journalEvery, keep)
	keep(time.Now())
}

// turns are those of all upstreams that have had any.
func (s *Server) turns(now time.Time) map[string][]upstream.Change {
	turns := map[string][]upstream.Change{}
	snap := s.snapshot.Load()
	if snap == nil {
		return turns
	}
	for _, u := range snap.upstreams {
		if changes := u.Health(now).Changes; len(changes) > 0 {
			turns[u.URL] = changes
		}
	}
	return turns
}

func (j *journal) keep(turns map[string][]upstream.Change) {
	j.mu.Lock()
	j.turns = turns
	j.mu.Unlock() // an edit asks for the past: it does not wait for the disk
	text, err := json.Marshal(turns)
	if err != nil || j.file.Path == "" || bytes.Equal(text, j.written) {
		return
	}
	err = j.file.Put(text)
	switch {
	case err == nil:
		j.written = text
	case !j.failing: // told once, tried each time
		j.log.Warn("the upstreams' past is not kept", "file", j.file.Path, "error", err)
	}
	j.failing = err != nil
}
