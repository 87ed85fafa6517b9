package upstream

import (
	"fmt"
	"slices"
	"time"
)

// health is what real requests have found, and checks where there are any.
// Guarded by the upstream's mutex.
type health struct {
	told     time.Time // when a failed request was logged last
	untold   int       // failures since then
	down     bool
	since    time.Time // of the present state
	failures int       // to connect, one after another
	reason   string    // of the last failure
	lastFail time.Time
	lastOK   time.Time
	until    time.Time // when down without checks: not before then

	missed, passed int // checks, one after another
	checked        time.Time
	changes        []Change // the last maxChanges, oldest first
}

// Change is one turn of an upstream's state.
type Change struct {
	At     time.Time `json:"at"`
	Down   bool      `json:"down"`
	Reason string    `json:"reason"`
}

const maxChanges = 20

// Health is a copy of an upstream's state.
type Health struct {
	Known    bool // at least one request or check was sent
	Down     bool
	Since    time.Time
	Failures int // to connect, one after another
	Missed   int // checks, one after another
	Reason   string
	LastFail time.Time
	LastOK   time.Time
	NextTry  time.Time // when down and not checked
	Checked  time.Time // the last check; zero without one
	Share    float64   // of its weight, from 0 to 1: one that has returned gets more and more
	Changes  []Change  // the last of them, oldest first
}

// okEvery is how exactly the time of the last success is kept: a success that
// changes nothing else is not worth a lock for every request.
const okEvery = time.Second

// Succeeded notes that the upstream answered a request. Where it is checked,
// the checks alone bring it back.
func (u *Upstream) Succeeded(now time.Time) {
	if last := u.okAt.Load(); now.UnixNano()-last < int64(okEvery) && !u.failing.Load() {
		return
	}
	u.okAt.Store(now.UnixNano())
	u.mu.Lock()
	defer u.mu.Unlock()
	h := &u.health
	h.failures = 0
	switch {
	case h.wasDown():
		h.turned(Change{now, false, "answers again"})
	case h.down && !u.Check.on():
		u.rise(now, "answers again")
	}
	u.failing.Store(h.down)
}

// Failed notes that the upstream could not be reached by a request.
func (u *Upstream) Failed(now time.Time, reason string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	h := &u.health
	h.failures++
	h.passed = 0
	h.reason, h.lastFail = reason, now
	u.tell(now, reason)
	u.failing.Store(true)
	if u.MaxFails == 0 || h.failures < u.MaxFails {
		return
	}
	h.until = now.Add(u.FailTime)
	if !h.down {
		u.fall(now, reason)
	}
}

// Noted keeps the reason of a failure that says nothing of whether the upstream
// can be reached: one bad page must not take it from everybody.
func (u *Upstream) Noted(now time.Time, reason string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.health.reason, u.health.lastFail = reason, now
	u.tell(now, reason)
}

// tellEvery is how often the log says that requests to an upstream fail: a flood
// of them must not become one of the log.
const tellEvery = 10 * time.Second

// tell logs a failure; the mutex is held.
func (u *Upstream) tell(now time.Time, reason string) {
	h := &u.health
	if !h.told.IsZero() && now.Sub(h.told) < tellEvery {
		h.untold++
		return
	}
	u.log.Warn("a request failed", "upstream", u.URL, "reason", reason, "others_since_last_told", h.untold)
	h.told, h.untold = now, 0
}

// found notes what a check found.
func (u *Upstream) found(now time.Time, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	h := &u.health
	h.checked = now
	if err != nil {
		h.missed, h.passed = h.missed+1, 0
		h.reason, h.lastFail = "check: "+err.Error(), now
		if !h.down && h.missed >= u.Check.Fall {
			u.fall(now, h.reason)
		}
		return
	}
	u.okAt.Store(now.UnixNano())
	if h.wasDown() {
		h.turned(Change{now, false, "passed a check"})
	}
	h.missed, h.passed = 0, h.passed+1
	if h.down && h.passed >= u.Check.Rise {
		h.failures = 0
		u.rise(now, fmt.Sprintf("passed %d checks", h.passed))
		u.failing.Store(false)
	}
}

// fall and rise turn the state; the mutex is held.
func (u *Upstream) fall(now time.Time, reason string) {
	h := &u.health
	if h.wasDown() {
		now = h.changes[len(h.changes)-1].At
	} else {
		h.turned(Change{now, true, reason})
	}
	h.down, h.since = true, now
	u.failing.Store(true)
	u.log.Warn("upstream is down", "upstream", u.URL, "reason", reason, "failures", max(h.failures, h.missed))
}

func (u *Upstream) rise(now time.Time, reason string) {
	h := &u.health
	u.log.Info("upstream is up again", "upstream", u.URL, "reason", reason, "after", now.Sub(h.since).Round(time.Second))
	h.down, h.since = false, now
	h.turned(Change{now, false, reason})
	u.back.Store(now.UnixNano())
}

func (h *health) turned(c Change) {
	if len(h.changes) == maxChanges {
		h.changes = slices.Delete(h.changes, 0, 1)
	}
	h.changes = append(h.changes, c)
}

// Recall gives a new upstream the turns of its past, oldest first: those of
// before a restart, or an edit. It begins with a chance nevertheless, but one
// that was down and falls again has been down since then.
func (u *Upstream) Recall(past []Change) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.health.changes = slices.Clone(past[max(len(past)-maxChanges, 0):])
}

// wasDown tells whether it was down in the past and was not heard of since.
func (h *health) wasDown() bool {
	n := len(h.changes)
	return !h.down && n > 0 && h.changes[n-1].Down
}

// Available tells whether requests may go there now: also where it is down, but
// the time has come to try it.
func (u *Upstream) Available(now time.Time) bool {
	if !u.failing.Load() {
		return true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.available(now)
}

func (u *Upstream) available(now time.Time) bool {
	return !u.health.down || !u.Check.on() && !now.Before(u.health.until)
}

// claim is Available for one who goes there: when the time of a down upstream
// has come, one request tries it and the others wait another time.
func (u *Upstream) claim(now time.Time) bool {
	if !u.failing.Load() {
		return true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.available(now) {
		return false
	}
	if u.health.down {
		u.health.until = now.Add(u.FailTime)
	}
	return true
}

// returnTime is how long an upstream that has returned gets less than its
// share: caches are cold, and whatever took it down may do so again.
const returnTime = 20 * time.Second

// share is how much of its weight it has now, of whole.
func (u *Upstream) share(now time.Time) int64 {
	back := u.back.Load()
	if back == 0 {
		return whole
	}
	since := now.UnixNano() - back
	if since >= int64(returnTime) {
		u.back.CompareAndSwap(back, 0)
		return whole
	}
	return max(whole*since/int64(returnTime), whole/20)
}

// Health returns a copy of the state.
func (u *Upstream) Health(now time.Time) Health {
	u.mu.Lock()
	defer u.mu.Unlock()
	h := u.health
	if at := u.okAt.Load(); at > 0 {
		h.lastOK = time.Unix(0, at)
	}
	out := Health{Known: !h.lastOK.IsZero(), Down: h.down, Since: h.since,
		Failures: h.failures, Missed: h.missed, Reason: h.reason, LastFail: h.lastFail, LastOK: h.lastOK,
		Checked: h.checked, Share: float64(u.share(now)) / whole, Changes: slices.Clone(h.changes)}
	if h.down && !u.Check.on() {
		out.NextTry = h.until
	}
	return out
}
