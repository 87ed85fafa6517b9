package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/config/atomicfile"
)

// alerter tells the webhook of [alert] what is wrong: each thing once, and once
// when it is over, also over a restart.
type alerter struct {
	log    *slog.Logger
	config func() *config.Alert // as it is now; nil for none
	look   func() view
	post   func(ctx context.Context, url string, n note) error
	file   atomicfile.File // of what was told; Path "" keeps nothing
	wake   chan struct{}

	mu sync.Mutex
	alertMemory
	held   map[string]int   // looks since which a state differs from what was told
	moving map[string]move  // public addresses that are not told yet, as in view
	bouts  map[string]*bout // by key
}

// alertMemory is what an alerter remembers over a restart.
type alertMemory struct {
	Told  map[string]fault  `json:"told"`  // by key
	Home  map[string]string `json:"home"`  // public addresses, as in view
	Queue []note            `json:"queue"` // not delivered yet
}

// view is one look at everything that may be wrong.
type view struct {
	wrong   []fault
	unknown map[string]bool   // keys of which nothing can be said now
	home    map[string]string // public addresses, by family and where they come from
}

// fault is one thing that is wrong.
type fault struct {
	Event string `json:"event"` // as [alert] on names it
	About string `json:"about"`
	Says  string `json:"says"`
}

func (f fault) key() string { return f.Event + " " + f.About }

// note is what the webhook gets.
type note struct {
	Time  time.Time `json:"time"`
	Host  string    `json:"host"` // this machine's name
	Event string    `json:"event"`
	About string    `json:"about"`
	State string    `json:"state"` // wrong, over, news
	Text  string    `json:"text"`
}

const (
	// lookEvery is how often everything is looked at.
	lookEvery = 5 * time.Second
	// settled is how many looks a state must last before it is told: what heals
	// by itself at once is nothing to get up for. What comes back must be away
	// for longer each time, up to calmest looks, before it is called over.
	settled = 3
	calmest = 720
	// calmDay is after how long without a bout all is as the first time.
	calmDay = 24 * time.Hour
	// maxNotes bounds those that wait for delivery; the oldest give way.
	maxNotes = 50
	// toldName is the file of the state directory.
	toldName = "alerts.json"
)

func newAlerter(sv *service, state string) *alerter {
	return &alerter{log: sv.log, look: sv.view, post: newPoster().post, wake: make(chan struct{}, 1),
		config: func() *config.Alert { return sv.store.Current().Config.Alert }, file: atomicfile.InState(state, toldName)}
}

// Run looks and tells until ctx ends.
func (a *alerter) Run(ctx context.Context) error {
	a.remember()
	var delivery sync.WaitGroup
	defer delivery.Wait()
	delivery.Go(func() { a.deliver(ctx) })
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if c := a.config(); c != nil {
				a.compare(c, a.look(), time.Now())
			}
		}
	}
}

// compare tells what has begun and what is over.
func (a *alerter) compare(c *config.Alert, v view, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	wrong := map[string]fault{}
	for _, f := range v.wrong {
		if wants(c, f.Event) {
			wrong[f.key()] = f
		}
	}
	changed := false
	for key, f := range wrong {
		if _, known := a.Told[key]; !known && a.lasts(key, settled) {
			a.Told[key], changed = f, true
			a.begins(key, now)
			a.enqueue(note{now, "", f.Event, f.About, "wrong", f.Says})
		}
	}
	for key, f := range a.Told {
		if !wants(c, f.Event) {
			delete(a.Told, key) // its end interests nobody any more
			changed = true
			continue
		}
		if _, still := wrong[key]; !still && !v.unknown[key] && a.lasts(key, a.calm(key)) {
			delete(a.Told, key)
			changed = true
			a.enqueue(note{now, "", f.Event, f.About, "over", "over: " + f.Says})
		}
	}
	for key := range a.held { // what has turned back
		_, is := wrong[key]
		if _, known := a.Told[key]; is == known {
			delete(a.held, key)
		}
	}
	if a.compareHome(c, v.home, now) || changed {
		a.keep()
	}
}

// wants tells whether an event is to be told; all are unless the table names
// some.
func wants(c *config.Alert, event string) bool { return len(c.On) == 0 || slices.Contains(c.On, event) }

// lasts counts looks.
func (a *alerter) lasts(key string, need int) bool {
	a.held[key]++
	if a.held[key] < need {
		return false
	}
	delete(a.held, key)
	return true
}

// bout is how often a thing went wrong without a day between.
type bout struct {
	times int
	last  time.Time
}

// begins counts a bout.
func (a *alerter) begins(key string, now time.Time) {
	for k, b := range a.bouts {
		if now.Sub(b.last) > calmDay {
			delete(a.bouts, k)
		}
	}
	if a.bouts[key] == nil {
		a.bouts[key] = &bout{}
	}
	a.bouts[key].times++
	a.bouts[key].last = now
}

// calm is how many looks a thing must be well before that is told: one that
// comes and goes must not fill a telephone.
func (a *alerter) calm(key string) int {
	need := settled
	if b := a.bouts[key]; b != nil {
		for range min(b.times-1, 5) {
			need *= 4
		}
	}
	return min(need, calmest)
}

// move is another public address, and how many looks it lasts.
type move struct {
	to    string
	looks int
}

// compareHome tells of a public address that is another than before, and whether
// there is anything new to keep. One that is not known at the moment is no news.
func (a *alerter) compareHome(c *config.Alert, home map[string]string, now time.Time) (changed bool) {
	for place, addr := range home {
		was, key := a.Home[place], "home "+place
		if was == addr {
			delete(a.moving, place)
			continue
		}
		m := a.moving[place]
		if m.to != addr {
			m = move{to: addr}
		}
		m.looks++
		a.moving[place] = m
		if was != "" && m.looks < a.calm(key) {
			continue
		}
		a.Home[place], changed = addr, true
		delete(a.moving, place)
		if family, _, _ := strings.Cut(place, " "); was != "" && wants(c, "ddns") {
			a.begins(key, now)
			a.enqueue(note{now, "", "ddns", family, "news", fmt.Sprintf("the public address is %s now, it was %s", addr, was)})
		}
	}
	return changed
}

// enqueue has a note delivered; the lock is held.
func (a *alerter) enqueue(n note) {
	if len(a.Queue) >= maxNotes {
		a.log.Warn("an alert gives way to newer ones that cannot be delivered either", "event", a.Queue[0].Event, "about", a.Queue[0].About)
		a.Queue = slices.Delete(a.Queue, 0, 1)
	}
	a.Queue = append(a.Queue, n)
	nudge(a.wake)
}

// remember reads what an earlier run told, and what it could not deliver.
func (a *alerter) remember() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.held, a.moving, a.bouts = map[string]int{}, map[string]move{}, map[string]*bout{}
	if err := a.file.Load(&a.alertMemory); err != nil {
		a.alertMemory = alertMemory{}
		a.log.Warn("which alerts were sent is not known: they are sent again", "error", err)
	}
	if a.Told == nil {
		a.Told = map[string]fault{}
	}
	if a.Home == nil {
		a.Home = map[string]string{}
	}
	nudge(a.wake)
}

// keep writes it; the lock is held.
func (a *alerter) keep() {
	if err := a.file.Save(a.alertMemory); err != nil {
		a.log.Warn("which alerts were sent cannot be kept over a restart", "error", err)
	}
}
