package certs

import (
	"crypto/tls"
	"sync"
	"time"
)

// standIns are certificates that nobody vouches for, served until the real one
// is there: a visitor sees a warning instead of a broken connection.
type standIns struct {
	mu    sync.Mutex
	certs map[string]*tls.Certificate
}

func (s *standIns) of(host string) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if c := s.certs[host]; c != nil && now.After(c.Leaf.NotBefore) && now.Before(c.Leaf.NotAfter) {
		return c, nil
	}
	c, err := makeLeaf(host, now, nil, nil)
	if err != nil {
		return nil, err
	}
	if s.certs == nil || len(s.certs) >= maxLeaves {
		s.certs = map[string]*tls.Certificate{}
	}
	s.certs[host] = c
	return c, nil
}
