package ddns

import (
	"net/netip"
	"time"
)

// Attempt is one request to a provider about a name, and what came of it.
type Attempt struct {
	At       time.Time  `json:"at"`
	Provider string     `json:"provider"`
	V4       netip.Addr `json:"v4"` // as sent
	V6       netip.Addr `json:"v6"`
	Class    Class      `json:"class"`
	Words    string     `json:"words"` // the provider's own, or why there are none
}

// maxAttempts bounds what is remembered of a name.
const maxAttempts = 20

// note keeps an attempt at a name of a table of which something was learnt. The
// list is made anew: those who look may hold the old one.
func (m *memory) note(table, fqdn string, a Attempt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.Tables[table]
	if k.Attempts == nil {
		k.Attempts = map[string][]Attempt{}
	}
	before := k.Attempts[fqdn]
	before = before[max(0, len(before)+1-maxAttempts):]
	k.Attempts[fqdn] = append(before[:len(before):len(before)], a)
	m.Tables[table] = k
}

// attempts are those at a name, the newest last, also from before its table was
// edited.
func (m *memory) attempts(table, fqdn string) []Attempt {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.Tables[table].Attempts[fqdn]
}
