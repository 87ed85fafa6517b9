package certs

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Attempt is one try for a certificate, and what came of it.
type Attempt struct {
	At     time.Time `json:"at"`
	Tried  string    `json:"tried"`  // the challenges that were open, and the authority
	Result string    `json:"result"` // issued, renewed, failed
	Words  string    `json:"words"`  // the authority's own, or why there are none
}

// What came of an attempt.
const (
	issued  = "issued"
	renewed = "renewed"
	failed  = "failed"
)

// maxAttempts bounds what is remembered of a name.
const maxAttempts = 20

// note keeps an attempt. The list is made anew: those who look may hold the old
// one.
func (m *memory) note(host string, a Attempt) {
	if m.Attempts == nil {
		m.Attempts = map[string][]Attempt{}
	}
	before := m.Attempts[host]
	before = before[max(0, len(before)+1-maxAttempts):]
	m.Attempts[host] = append(before[:len(before):len(before)], a)
}

// attempts are those for a host, the newest last, whoever the authority was.
func (m *memory) attempts(host string) []Attempt {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.Attempts[host]
}

// keepOnly forgets the attempts for hosts that get no certificate any more.
func (m *memory) keepOnly(issuers map[string]*issuer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for host := range m.Attempts {
		if issuers[host] == nil {
			delete(m.Attempts, host)
		}
	}
}

// tried says what an attempt could be proved by, and to whom.
func (i *issuer) tried(open opening) string {
	var list []string
	if open.dns {
		list = append(list, "dns-01")
	} else {
		if open.tls {
			list = append(list, "tls-alpn-01")
		}
		if open.http {
			list = append(list, "http-01")
		}
	}
	at := i.authority.Directory
	if u, err := url.Parse(at); err == nil && u.Host != "" {
		at = u.Host
	}
	return fmt.Sprintf("%s at %s", strings.Join(list, " or "), at)
}

// got is an attempt that brought the present certificate.
func (i *issuer) got(result string, open opening) Attempt {
	leaf := i.cert.Load().Leaf
	return Attempt{time.Now(), i.tried(open), result, fmt.Sprintf("from %s, until %s", leaf.Issuer.CommonName, leaf.NotAfter.Format(time.DateOnly))}
}
