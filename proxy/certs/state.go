package certs

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"forge.home.arpa/portico/config/atomicfile"
)

// entry is what is remembered of a name's last attempts, also over a restart:
// an authority counts failures, whether we do or not.
type entry struct {
	Failures int       `json:"failures"` // one after another
	Words    string    `json:"words"`    // the authority's own
	At       time.Time `json:"at"`       // of the last attempt
	Not      time.Time `json:"not_before"`
}

// memory is the file that holds the entries.
type memory struct {
	file  atomicfile.File // Path "" keeps nothing on disk
	mu    sync.Mutex
	Hosts map[string]entry `json:"hosts"` // by issuer.key
	// Attempts are bounded, the newest last, by host.
	Attempts map[string][]Attempt `json:"attempts,omitempty"`
}

const memoryName = "certs.json"

func remember(dir string) (*memory, error) {
	m := &memory{file: atomicfile.InState(dir, memoryName), Hosts: map[string]entry{}}
	if err := m.file.Load(m); err != nil || m.Hosts == nil {
		m.Hosts, m.Attempts = map[string]entry{}, nil
		return m, fmt.Errorf("%s: %w", m.file.Path, errors.Join(err, errors.New("no state of ours")))
	}
	return m, nil
}

func (m *memory) of(key string) entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.Hosts[key]
}

// learn keeps what came of an attempt, durably; the zero entry is forgotten.
func (m *memory) learn(key, host string, e entry, a Attempt) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Hosts[key] = e
	if e == (entry{}) {
		delete(m.Hosts, key)
	}
	m.note(host, a)
	return m.file.Save(m)
}

const (
	// firstPause and lastPause bound the growing pauses after failures. Let's
	// Encrypt allows five failures per name and hour, and an attempt may cost
	// two: one for each kind of challenge.
	firstPause = time.Hour
	lastPause  = 24 * time.Hour
)

// failed is the entry after one more failure; asked is how long the authority
// itself wants to be left alone.
func (e entry) failed(words string, asked time.Duration, now time.Time) entry {
	e.Failures++
	pause := lastPause
	if e.Failures < 6 {
		pause = min(firstPause<<(e.Failures-1), lastPause)
	}
	return entry{Failures: e.Failures, Words: words, At: now, Not: now.Add(max(pause, min(asked, 7*lastPause)))}
}
