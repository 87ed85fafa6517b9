package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// postTime bounds one delivery.
const postTime = 15 * time.Second

// postPauses are those between the attempts to deliver a note; the last one
// lasts, until the note is older than postAge: what happens while the line is
// down is told when it is back.
var postPauses = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}

const postAge = 24 * time.Hour

// deliver sends what waits, one after the other, until ctx ends.
func (a *alerter) deliver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.wake:
		}
		for n, ok := a.next(); ok && ctx.Err() == nil; n, ok = a.next() {
			a.send(ctx, n)
			if ctx.Err() == nil {
				a.done(n)
			}
		}
	}
}

// next is the oldest note.
func (a *alerter) next() (n note, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.Queue) == 0 {
		return note{}, false
	}
	return a.Queue[0], true
}

// done takes a note off, unless it gave way to newer ones meanwhile.
func (a *alerter) done(n note) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.Queue) > 0 && a.Queue[0] == n {
		a.Queue = slices.Delete(a.Queue, 0, 1)
		a.keep()
	}
}

// send tries a few times, at the address that [alert] names then.
func (a *alerter) send(ctx context.Context, n note) {
	n.Host, _ = os.Hostname()
	for try := 0; ; try++ {
		c := a.config()
		if c == nil {
			return
		}
		err := a.post(ctx, c.URL.Reveal(), n)
		var refused *refusedError
		switch {
		case err == nil || ctx.Err() != nil:
			return
		case errors.As(err, &refused) || time.Since(n.Time) > postAge:
			a.log.Warn("an alert could not be delivered", "event", n.Event, "about", n.About, "state", n.State, "error", err)
			return
		case try == 0:
			a.log.Warn("an alert is not delivered yet: it is tried again", "event", n.Event, "about", n.About, "state", n.State, "error", err)
		}
		pause(ctx, postPauses[min(try, len(postPauses)-1)])
	}
}

// poster carries notes. It follows no redirect: who knows the address of an
// alert has a right.
type poster struct{ http *http.Client }

func newPoster() poster {
	return poster{&http.Client{Timeout: postTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// refusedError is what the same note would get again.
type refusedError struct{ words string }

func (e *refusedError) Error() string { return e.words }

// post delivers a note: as text with ntfy's fields where the host is called so,
// else as JSON. Its errors do not hold the address.
func (p poster) post(ctx context.Context, to string, n note) error {
	r, err := noteRequest(ctx, to, n)
	if err != nil {
		return &refusedError{"url in [alert] is no URL, or its secret is not set"}
	}
	resp, err := p.http.Do(r)
	if err != nil {
		for quoted := (*url.Error)(nil); errors.As(err, &quoted); {
			err = quoted.Err
		}
		return errors.New(strings.ReplaceAll(err.Error(), to, "(hidden)"))
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	switch {
	case resp.StatusCode/100 == 2:
		return nil
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusRequestTimeout:
		return fmt.Errorf("the webhook answered %d", resp.StatusCode)
	}
	return &refusedError{fmt.Sprintf("the webhook answered %d", resp.StatusCode)}
}

func noteRequest(ctx context.Context, to string, n note) (*http.Request, error) {
	text, kind := []byte(n.Text), "text/plain; charset=utf-8"
	target, err := url.Parse(to)
	if err != nil || target.Host == "" {
		return nil, errors.New("no URL")
	}
	ntfy := strings.HasPrefix(target.Hostname(), "ntfy")
	if !ntfy {
		if text, err = json.Marshal(n); err != nil {
			return nil, err
		}
		kind = "application/json"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("User-Agent", "portico")
	if ntfy {
		r.Header.Set("Title", "portico on "+n.Host+": "+n.Event)
		r.Header.Set("Tags", map[string]string{"wrong": "warning", "over": "white_check_mark", "news": "information_source"}[n.State])
	}
	return r, nil
}
