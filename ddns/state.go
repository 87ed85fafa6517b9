package ddns

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/config/atomicfile"
)

// entry is what is remembered of one name of one table, also over a restart.
type entry struct {
	V4       netip.Addr `json:"v4"` // last accepted
	V6       netip.Addr `json:"v6"`
	Class    Class      `json:"class"` // of the last reply
	Words    string     `json:"words"`
	At       time.Time  `json:"at"`         // of the last reply
	OK       time.Time  `json:"ok"`         // of the last that accepted
	Not      time.Time  `json:"not_before"` // zero for any time
	Failures int        `json:"failures"`   // one after another
	Failing  time.Time  `json:"failing"`    // since when; zero while it does not
	Drifted  bool       `json:"drifted"`    // the zone publishes something else
	Unsure   bool       `json:"unsure"`     // the last request may have been carried out
}

// kept are the entries of a table, by name. A table with another sum was edited:
// what stopped it may be mended.
type kept struct {
	Sum   string           `json:"sum"`
	Names map[string]entry `json:"names"`
	// Attempts are bounded, the newest last; an edit leaves them.
	Attempts map[string][]Attempt `json:"attempts,omitempty"`
}

// memory is the file of the state directory. It is written when something was
// learnt, never while all is well.
type memory struct {
	file atomicfile.File // Path "" keeps nothing on disk

	mu     sync.Mutex
	Salt   string          `json:"salt"`
	Tables map[string]kept `json:"tables"`
}

const memoryName = "ddns.json"

// remember reads what an earlier run learnt. A file that cannot be read is as
// good as none: the error says what was lost.
func remember(dir string) (*memory, error) {
	m := &memory{file: atomicfile.InState(dir, memoryName), Salt: rand.Text(), Tables: map[string]kept{}}
	err := m.file.Load(m)
	if err != nil || m.Salt == "" || m.Tables == nil {
		m.Salt, m.Tables = rand.Text(), map[string]kept{}
		return m, fmt.Errorf("what dynamic DNS remembered is lost: %w", errors.Join(err, errors.New(m.file.Path+" is no state of ours")))
	}
	return m, nil
}

// sum tells one state of a table from another, its secrets included; salted, so
// that the file does not help to guess them.
func (m *memory) sum(c *config.DDNS) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%q %q %q %q %q %q %q %q %q", m.Salt, c.Provider, c.Domain, c.Username, c.Zone, c.Server, c.URL, c.Success,
		c.Address, c.Sources)
	for _, s := range []config.Secret{c.Password, c.Token, c.Key, c.Secret} {
		fmt.Fprintf(h, "\x00%q", s.Reveal())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// entry returns what is known of a name; nothing where its table was edited,
// which may have led it to another provider.
func (m *memory) entry(c *config.DDNS, fqdn string) entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	table := m.Tables[c.Name]
	e := table.Names[fqdn]
	if table.Sum != m.sum(c) {
		return entry{}
	}
	return e
}

// learn keeps an entry; save writes it.
func (m *memory) learn(c *config.DDNS, fqdn string, e entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	table := m.Tables[c.Name]
	if sum := m.sum(c); table.Sum != sum || table.Names == nil {
		table = kept{Sum: sum, Names: map[string]entry{}, Attempts: table.Attempts}
	}
	table.Names[fqdn] = e
	m.Tables[c.Name] = table
}

// maxKept bounds the names of a table that are remembered though nobody wants
// them now.
const maxKept = 200

// forget drops tables and names that are no longer configured. A name that is
// published stays so: a route that is switched off and on again must not bother
// the provider.
func (m *memory) forget(wanted map[string]map[string]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for table, k := range m.Tables {
		for fqdn, e := range k.Names {
			if !wanted[table][fqdn] && (e.Class != OK || e.Drifted || len(k.Names) > maxKept) {
				delete(k.Names, fqdn)
			}
		}
		for fqdn := range k.Attempts {
			if _, known := k.Names[fqdn]; !known && !wanted[table][fqdn] {
				delete(k.Attempts, fqdn)
			}
		}
		if wanted[table] == nil {
			delete(m.Tables, table)
		}
	}
}

// save writes the file, durably: a STOP that a power cut forgets would knock at
// the provider's door again.
func (m *memory) save() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.file.Save(m)
}
