package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
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

	told map[string]fault // by key
	held map[string]int   // looks since which a state differs from what was told
	home map[string]string

	mu    sync.Mutex
	queue []note
	wake  chan struct{}
}

// view is one look at everything that may be wrong.
type view struct {
	wrong   []fault
	unknown map[string]bool   // keys of which nothing can be said now
	home    map[string]string // public addresses, by family
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
	// by itself at once is nothing to get up for.
	settled = 3
	// maxNotes bounds those that wait for delivery; the oldest give way.
	maxNotes = 50
	// toldName is the file of the state directory.
	toldName = "alerts.json"
)

func newAlerter(sv *service, state string) *alerter {
	return &alerter{log: sv.log, look: sv.view, post: newPoster().post, held: map[string]int{}, told: map[string]fault{}, wake: make(chan struct{}, 1),
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
	wrong := map[string]fault{}
	for _, f := range v.wrong {
		if wants(c, f.Event) {
			wrong[f.key()] = f
		}
	}
	changed := false
	for key, f := range wrong {
		if _, known := a.told[key]; !known && a.lasts(key) {
			a.told[key], changed = f, true
			a.enqueue(note{now, "", f.Event, f.About, "wrong", f.Says})
		}
	}
	for key, f := range a.told {
		if !wants(c, f.Event) {
			delete(a.told, key) // its end interests nobody any more
			changed = true
			continue
		}
		if _, still := wrong[key]; !still && !v.unknown[key] && a.lasts(key) {
			delete(a.told, key)
			changed = true
			a.enqueue(note{now, "", f.Event, f.About, "over", "over: " + f.Says})
		}
	}
	for key := range a.held { // what has turned back
		_, is := wrong[key]
		if _, known := a.told[key]; is == known {
			delete(a.held, key)
		}
	}
	a.compareHome(c, v.home, now)
	if changed {
		a.keep()
	}
}

// wants tells whether an event is to be told; all are unless the table names
// some.
func wants(c *config.Alert, event string) bool { return len(c.On) == 0 || slices.Contains(c.On, event) }

// lasts counts looks.
func (a *alerter) lasts(key string) bool {
	a.held[key]++
	if a.held[key] < settled {
		return false
	}
	delete(a.held, key)
	return true
}

// compareHome tells of a public address that is another than before. One that is
// not known at the moment is no news.
func (a *alerter) compareHome(c *config.Alert, home map[string]string, now time.Time) {
	for family, addr := range home {
		if was := a.home[family]; was != "" && was != addr && wants(c, "ddns") {
			a.enqueue(note{now, "", "ddns", family, "news", fmt.Sprintf("the public address is %s now, it was %s", addr, was)})
		}
		if a.home == nil {
			a.home = map[string]string{}
		}
		a.home[family] = addr
	}
}

func (a *alerter) enqueue(n note) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.queue) >= maxNotes {
		a.log.Warn("an alert gives way to newer ones that cannot be delivered either", "event", a.queue[0].Event, "about", a.queue[0].About)
		a.queue = slices.Delete(a.queue, 0, 1)
	}
	a.queue = append(a.queue, n)
	nudge(a.wake)
}

// remember reads what an earlier run told.
func (a *alerter) remember() {
	err := a.file.Load(&a.told)
	if err != nil || a.told == nil {
		a.told = map[string]fault{}
		a.log.Warn("which alerts were sent is not known: they are sent again", "error", err)
	}
}

func (a *alerter) keep() {
	if err := a.file.Save(a.told); err != nil {
		a.log.Warn("which alerts were sent cannot be kept over a restart", "error", err)
	}
}
