package ddns

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Class is what a provider's reply means for what is done next. Each provider's
// code decides it; nobody guesses it from outside.
type Class uint8

const (
	// OK: accepted.
	OK Class = iota
	// Retry: it may work later; asked again with growing pauses.
	Retry
	// Wait: the provider named a time before which it must not be asked.
	Wait
	// Stop: asking again cannot help, until the configuration changes or a
	// person asks for it.
	Stop
)

var classWords = [...]string{OK: "ok", Retry: "retry", Wait: "wait", Stop: "stop"}

func (c Class) String() string { return classWords[c] }

// MarshalText and UnmarshalText keep the class by its word.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

func (c *Class) UnmarshalText(text []byte) error {
	i := slices.Index(classWords[:], string(text))
	if i < 0 {
		return errors.New("no class of a reply: " + string(text))
	}
	*c = Class(i)
	return nil
}

// Reply is a provider's word on a name.
type Reply struct {
	Class Class
	Words string        // the provider's own, or why there are none
	After time.Duration // of Wait: not before that has passed
	// Unsure tells a Retry whose request may have been carried out: what is
	// published now is looked up before it is sent again.
	Unsure bool
}

// refusal is a Reply other than OK on its way up as an error.
type refusal struct{ Reply }

func (r *refusal) Error() string { return r.Words }

func stop(words string) error  { return &refusal{Reply{Class: Stop, Words: words}} }
func retry(words string) error { return &refusal{Reply{Class: Retry, Words: words}} }
func wait(words string, after time.Duration) error {
	return &refusal{Reply{Class: Wait, Words: words, After: after}}
}

// replyOf turns what a provider's code returned into a Reply. What no provider
// classified, such as a broken connection, may work later.
func replyOf(err error, accepted string) Reply {
	var r *refusal
	switch {
	case err == nil:
		return Reply{Words: accepted}
	case errors.As(err, &r):
		return r.Reply
	}
	return Reply{Class: Retry, Words: err.Error()}
}

// worse returns the reply that more hangs on: of a name's two addresses one may
// have been accepted.
func worse(a, b Reply) Reply {
	if b.Class > a.Class {
		return b
	}
	return a
}

const (
	// shortestWait and longestWait bound what a provider may ask for: a reply is
	// a stranger's word.
	shortestWait = time.Minute
	longestWait  = 24 * time.Hour
	// busyWait is for a provider that is busy and names no time.
	busyWait = 30 * time.Minute
)

// retryAfter reads the field of that name (RFC 9110 section 10.2.3): seconds or
// a date.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	value := h.Get("Retry-After")
	if value == "" {
		return 0, false
	}
	if n, err := strconv.ParseUint(value, 10, 32); err == nil {
		return clampWait(time.Duration(n) * time.Second), true
	}
	if at, err := http.ParseTime(value); err == nil {
		return clampWait(at.Sub(now)), true
	}
	return 0, false
}

func clampWait(d time.Duration) time.Duration { return min(max(d, shortestWait), longestWait) }

// statusRefusal is what an HTTP status alone says, for providers whose status
// says something. words are the answer's own.
func statusRefusal(a *answer, words string) error {
	if words == "" {
		words = a.said()
	}
	switch {
	case a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable:
		if after, ok := retryAfter(a.header, time.Now()); ok {
			return wait(words, after)
		}
		if a.status == http.StatusTooManyRequests {
			return wait(words, busyWait)
		}
		return retry(words)
	case a.status == 401 || a.status == 403 || a.status == 404 || a.status == 400 || a.status == 422:
		return stop(words)
	}
	return retry(words)
}
