package upstream

import (
	"time"
)

// health is what real requests have found (passive health). Guarded by the
// upstream's mutex.
type health struct {
	down     bool
	since    time.Time // of the present state
	failures int       // one after another
	reason   string    // of the last failure
	lastFail time.Time
	lastOK   time.Time
	until    time.Time // when down: not before then
}

// Health is a copy of an upstream's state.
type Health struct {
	Known    bool // at least one request was sent
	Down     bool
	Since    time.Time
	Failures int
	Reason   string
	LastFail time.Time
	LastOK   time.Time
	NextTry  time.Time
}

// okEvery is how exactly the time of the last success is kept: a success that
// changes nothing else is not worth a lock for every request.
const okEvery = time.Second

// Succeeded notes that the upstream answered.
func (u *Upstream) Succeeded(now time.Time) {
	if last := u.okAt.Load(); now.UnixNano()-last < int64(okEvery) && !u.failing.Load() {
		return
	}
	u.okAt.Store(now.UnixNano())
	u.mu.Lock()
	defer u.mu.Unlock()
	h := &u.health
	if h.down {
		u.log.Info("upstream answers again", "upstream", u.URL, "after", now.Sub(h.since).Round(time.Second))
		h.down, h.since = false, now
	}
	h.failures, h.lastOK = 0, now
	u.failing.Store(false)
}

// Failed notes that the upstream could not be reached.
func (u *Upstream) Failed(now time.Time, reason string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	h := &u.health
	h.failures++
	h.reason, h.lastFail = reason, now
	u.failing.Store(true)
	if u.MaxFails == 0 || h.failures < u.MaxFails {
		return
	}
	h.until = now.Add(u.FailTime)
	if !h.down {
		h.down, h.since = true, now
		u.log.Warn("upstream is down", "upstream", u.URL, "reason", reason, "failures", h.failures)
	}
}

// Noted keeps the reason of a failure that says nothing of whether the upstream
// can be reached: one bad page must not take it from everybody.
func (u *Upstream) Noted(now time.Time, reason string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.health.reason, u.health.lastFail = reason, now
}

// Available tells whether requests should go there now. When the time of a down
// upstream has come, one request tries it and the others wait another time.
func (u *Upstream) Available(now time.Time) bool {
	if !u.failing.Load() {
		return true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.health.down {
		return true
	}
	if now.Before(u.health.until) {
		return false
	}
	u.health.until = now.Add(u.FailTime)
	return true
}

// Down tells what Available would find, and changes nothing.
func (u *Upstream) Down() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.health.down
}

// Health returns a copy of the state.
func (u *Upstream) Health() Health {
	u.mu.Lock()
	defer u.mu.Unlock()
	h := u.health
	if at := u.okAt.Load(); at > 0 {
		h.lastOK = time.Unix(0, at)
	}
	out := Health{Known: !h.lastOK.IsZero() || !h.lastFail.IsZero(), Down: h.down, Since: h.since,
		Failures: h.failures, Reason: h.reason, LastFail: h.lastFail, LastOK: h.lastOK}
	if h.down {
		out.NextTry = h.until
	}
	return out
}
