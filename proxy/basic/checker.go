package basic

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sync/singleflight"
)

// Verdict is what became of a name and a password.
type Verdict uint8

const (
	Wrong Verdict = iota
	Right
	Busy // too many are being checked: nobody knows
)

const (
	// maxQueue bounds those who wait for a core, and maxWait how long one does.
	maxQueue = 16
	maxWait  = 10 * time.Second
	// maxKnown bounds the successes that are remembered.
	maxKnown = 1000
)

// Gate bounds the hashing of a whole process: bcrypt is slow on purpose, and
// whoever guesses passwords must not take the machine from all others.
type Gate struct {
	cores   chan struct{}
	waiting atomic.Int32
}

// NewGate lets so many be hashed at once.
func NewGate(cores int) *Gate { return &Gate{cores: make(chan struct{}, cores)} }

func (g *Gate) enter() bool {
	select {
	case g.cores <- struct{}{}:
		return true
	default:
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > maxQueue {
		return false
	}
	timeout := time.NewTimer(maxWait)
	defer timeout.Stop()
	select {
	case g.cores <- struct{}{}:
		return true
	case <-timeout.C:
		return false
	}
}

func (g *Gate) leave() { <-g.cores }

// Checker checks passwords and remembers those that were right, by a keyed hash
// that says nothing without its key. The hash covers the user's bcrypt hash, so
// a password that was changed is not remembered.
type Checker struct {
	gate    *Gate
	key     [32]byte
	flights singleflight.Group

	mu    sync.Mutex
	known map[mark]struct{}
}

// mark stands for a name, its hash and a password.
type mark [sha256.Size]byte

// NewChecker makes a Checker that has seen nobody yet.
func NewChecker(g *Gate) *Checker {
	c := &Checker{gate: g, known: map[mark]struct{}{}}
	_, _ = rand.Read(c.key[:]) // never fails
	return c
}

// Check compares a password with the user's hash, and that of somebody who is
// no user with the hash of one who is: it takes as long, and nobody can tell.
func (c *Checker) Check(users *Users, name, password []byte) Verdict {
	hash, isUser := users.hashes[string(name)]
	if !isUser {
		if len(users.all) == 0 {
			return Wrong
		}
		hash = users.all[c.pick(name, len(users.all))]
	}
	m := c.mark(isUser, name, []byte(hash), password)
	if isUser && c.knows(m) {
		return Right
	}
	// A page asks for many things at once: all wait for the same hash.
	verdict, _, _ := c.flights.Do(string(m[:]), func() (any, error) {
		return c.hash(m, isUser, []byte(hash), password), nil
	})
	return verdict.(Verdict)
}

func (c *Checker) hash(m mark, isUser bool, hash, password []byte) Verdict {
	if !c.gate.enter() {
		return Busy
	}
	defer c.gate.leave()
	same := bcrypt.CompareHashAndPassword(hash, password) == nil
	if !same || !isUser {
		return Wrong
	}
	c.remember(m)
	return Right
}

// pick gives a name always the same hash: one that answered in another time on
// another day would be no user.
func (c *Checker) pick(name []byte, n int) int {
	sum := c.mark(false, name)
	return int(binary.BigEndian.Uint64(sum[:8]) % uint64(n))
}

// mark hashes parts with their lengths, so that none reaches into the next.
func (c *Checker) mark(isUser bool, parts ...[]byte) (m mark) {
	h := hmac.New(sha256.New, c.key[:])
	head := []byte{0}
	if isUser {
		head[0] = 1
	}
	h.Write(head)
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p))))
		h.Write(p)
	}
	h.Sum(m[:0])
	return m
}

func (c *Checker) knows(m mark) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.known[m]
	return ok
}

// remember makes place by forgetting anyone: who comes again is hashed again.
func (c *Checker) remember(m mark) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxKnown {
		for other := range c.known {
			delete(c.known, other)
			break
		}
	}
	c.known[m] = struct{}{}
}
