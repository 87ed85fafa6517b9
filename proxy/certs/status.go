package certs

import (
	"crypto/tls"
	"slices"
	"strings"
	"time"
)

// Status is one name's certificate.
type Status struct {
	Host    string
	Kind    Kind
	Issuer  string
	From    time.Time // its validity; zero where there is none yet
	Until   time.Time
	Pending bool      // a stand-in is served until it is there
	Why     string    // why there is none, or none newer: the authority's own last words, or the closed gate
	Next    time.Time // the next try after a failure; zero for none

	Attempts []Attempt // the last ones, the newest last; not to be changed
}

// Status returns a copy of the state, sorted by host.
func (k *Keeper) Status() []Status {
	table := k.names.Load()
	list := make([]Status, 0, len(table.hosts))
	for _, c := range table.hosts {
		if c.Kind != None {
			list = append(list, k.statusOf(c))
		}
	}
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(a.Host, b.Host) })
	return list
}

func (k *Keeper) statusOf(c choice) Status {
	s := Status{Host: c.Host, Kind: c.Kind}
	s.describe(c.present())
	switch {
	case c.pair != nil:
		s.Why = c.pair.why(c.Host)
	case c.issuer != nil:
		e := k.memory.of(c.issuer.key())
		s.Next, s.Attempts = e.Not, k.memory.attempts(c.Host)
		if s.Why = c.issuer.why(); s.Why == "" || e.holds(time.Now()) {
			s.Why = e.Words // Next says the rest
		}
	case c.Kind == Local:
		s.Issuer = "local authority"
		if !strings.Contains(c.Host, "*") {
			if leaf, err := k.local.leaf(c.Host); err == nil {
				s.describe(leaf)
			} else {
				s.Why, s.Pending = err.Error(), true
			}
		}
		return s
	default:
		s.Why = "there is no [acme] table to get a certificate with"
	}
	s.Pending = s.Until.IsZero()
	return s
}

func (s *Status) describe(c *tls.Certificate) {
	if c == nil || c.Leaf == nil {
		return
	}
	s.Issuer, s.From, s.Until = c.Leaf.Issuer.CommonName, c.Leaf.NotBefore, c.Leaf.NotAfter
}

// Valid tells whether a name has a certificate that visitors' browsers take.
// Every request over plain HTTP may ask.
func (k *Keeper) Valid(host string) bool {
	c, ok := k.names.Load().find(host)
	return ok && isValid(c.present())
}
