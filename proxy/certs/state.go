package certs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
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
	// Orders are those of the last hour, by issuer.ordersKey.
	Orders map[string][]time.Time `json:"orders,omitempty"`
}

func newMemory(file atomicfile.File) *memory {
	return &memory{file: file, Hosts: map[string]entry{}, Orders: map[string][]time.Time{}}
}

const memoryName = "certs.json"

func remember(dir string) (*memory, error) {
	m := newMemory(atomicfile.InState(dir, memoryName))
	if err := m.file.Load(m); err != nil || m.Hosts == nil || m.Orders == nil { // "null" takes a map away
		m = newMemory(m.file)
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

// order changes the orders of a name, durably. What is older than an hour is
// forgotten.
func (m *memory) order(name string, now time.Time, f func([]time.Time) []time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.Orders[name]
	after := f(slices.DeleteFunc(slices.Clone(before), func(at time.Time) bool { return now.Sub(at).Abs() >= time.Hour }))
	if slices.Equal(before, after) {
		return nil
	}
	m.Orders[name] = after
	maps.DeleteFunc(m.Orders, func(_ string, list []time.Time) bool {
		return len(list) == 0 || now.Sub(list[len(list)-1]).Abs() >= time.Hour
	})
	return m.file.Save(m)
}

const (
	// firstPause and lastPause bound the growing pauses after failures. Let's
	// Encrypt allows five failures per name and hour, and an attempt may cost
	// two: one for each kind of challenge.
	firstPause = time.Hour
	lastPause  = 24 * time.Hour
)

// holds tells whether nothing is asked yet. An entry from the future was made by
// a clock that was wrong.
func (e entry) holds(now time.Time) bool {
	return now.Before(e.Not) && e.At.Sub(now) < firstPause
}

// failed is the entry after one more failure; asked is how long the authority
// itself wants to be left alone. One that was not reached counts nothing: after
// a power cut a router may be slower than we are.
func (e entry) failed(words string, asked time.Duration, reached bool, now time.Time) entry {
	e.Failures++
	pause := lastPause
	switch {
	case !reached:
		pause = min(time.Minute<<min(e.Failures-1, 6), firstPause)
	case e.Failures < 6:
		pause = min(firstPause<<(e.Failures-1), lastPause)
	}
	return entry{Failures: e.Failures, Words: words, At: now, Not: now.Add(max(pause, min(asked, 7*lastPause)))}
}
