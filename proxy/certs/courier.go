package certs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"golang.org/x/crypto/acme"
)

// courier carries an issuer's requests to its authority. It is where the
// authority's own words are heard, which autocert drops; where a challenge that
// cannot succeed is kept from being tried; and the switch that stops autocert's
// renewals, which ask no policy.
type courier struct {
	base    http.RoundTripper
	allowed func(context.Context) error // why nothing may be asked now; nil where it may
	cached  atomic.Bool                 // only what is kept is looked at: nothing may be asked
	tlsALPN atomic.Bool                 // the authority can reach us over TLS
	pressed atomic.Bool                 // a person asked for what is done now

	mu       sync.Mutex
	words    string          // of the last refusal
	after    time.Duration   // that it asks for
	life     context.Context // of the keeper's run; nil before it
	newOrder string          // URL, as the directory says; "" before it was read
	orders   []time.Time     // of the last hour
}

const (
	// maxReply bounds an authority's answer, in bytes.
	maxReply = 1 << 20
	// maxOrders and mostOrders bound the orders of an hour, the second with those
	// that a person asks for: Let's Encrypt counts five failures.
	maxOrders  = 2
	mostOrders = 4
)

// RoundTrip implements http.RoundTripper.
func (c *courier) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.cached.Load() {
		return nil, errCacheOnly
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel() // the answer is read before this returns
	defer context.AfterFunc(c.lifetime(), cancel)()
	if err := c.allowed(ctx); err != nil {
		return nil, err
	}
	if err := c.mayOrder(r.URL.String(), time.Now()); err != nil {
		return nil, err
	}
	resp, err := c.base.RoundTrip(r.WithContext(ctx))
	if err != nil {
		c.hear(r.URL.Hostname()+": "+err.Error(), 0)
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	c.noteOrder(r, resp)
	body = c.read(resp, body)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return resp, nil
}

func (c *courier) lifetime() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life == nil {
		return context.Background()
	}
	return c.life
}

// live ends what is under way when ctx does: autocert knows no context of ours.
func (c *courier) live(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.life = ctx
}

// mayOrder bounds the orders of an hour, whoever places them: this attempt, or a
// renewal of autocert's own. Autocert opens one for each kind of challenge, and
// one more to find that there is no further kind.
func (c *courier) mayOrder(url string, now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.newOrder == "" || url != c.newOrder {
		return nil
	}
	c.orders = slices.DeleteFunc(c.orders, func(at time.Time) bool { return now.Sub(at) >= time.Hour })
	most := maxOrders
	if c.pressed.Load() {
		most = mostOrders
	}
	if len(c.orders) >= most {
		return fmt.Errorf("%d orders were placed within the hour: the next is held back, because the authority counts them", len(c.orders))
	}
	return nil
}

func (c *courier) noteOrder(r *http.Request, resp *http.Response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.URL.String() == c.newOrder && resp.StatusCode == http.StatusCreated {
		c.orders = append(c.orders, time.Now())
	}
}

// read hears what the answer says, and takes challenges out of it that cannot
// succeed.
func (c *courier) read(resp *http.Response, body []byte) []byte {
	var doc struct {
		Type       string            `json:"type"` // of a problem (RFC 7807)
		Detail     string            `json:"detail"`
		Error      *acmeProblem      `json:"error"`
		Challenges []json.RawMessage `json:"challenges"` // of an authorization
		NewOrder   string            `json:"newOrder"`   // of a directory
	}
	if json.Unmarshal(body, &doc) != nil {
		return body
	}
	if doc.Detail != "" && !strings.HasSuffix(doc.Type, ":badNonce") && resp.StatusCode >= 400 {
		c.hear(doc.Detail, retryAfter(resp))
	}
	if doc.Error != nil {
		c.hear(doc.Error.Detail, 0)
	}
	if doc.NewOrder != "" {
		c.mu.Lock()
		c.newOrder = doc.NewOrder
		c.mu.Unlock()
	}
	if len(doc.Challenges) == 0 {
		return body
	}
	return c.readChallenges(body, doc.Challenges)
}

type acmeProblem struct {
	Detail string `json:"detail"`
}

func (c *courier) readChallenges(body []byte, list []json.RawMessage) []byte {
	kept := list[:0:0]
	for _, raw := range list {
		var one struct {
			Type  string       `json:"type"`
			Error *acmeProblem `json:"error"`
		}
		if json.Unmarshal(raw, &one) == nil && one.Error != nil {
			c.hear(one.Error.Detail, 0)
		}
		if one.Type != "tls-alpn-01" || c.tlsALPN.Load() {
			kept = append(kept, raw)
		}
	}
	if len(kept) == len(list) {
		return body
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(body, &all) != nil {
		return body
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return body
	}
	all["challenges"] = text
	if text, err = json.Marshal(all); err != nil {
		return body
	}
	return text
}

func (c *courier) hear(words string, after time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.words, c.after = clean(words), after
}

// heard takes what was heard since the last call.
func (c *courier) heard() (words string, after time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	words, after = c.words, c.after
	c.words, c.after = "", 0
	return words, after
}

func retryAfter(resp *http.Response) time.Duration {
	e := &acme.Error{StatusCode: http.StatusTooManyRequests, ProblemType: "urn:ietf:params:acme:error:rateLimited", Header: resp.Header}
	d, _ := acme.RateLimit(e)
	return d
}

// clean makes a stranger's words fit for a log and a screen.
func clean(text string) string {
	const most = 300
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

var errCacheOnly = errors.New("only what is kept is looked at")

var errByDNS = errors.New("the name is proved by a record now")

var errRetired = errors.New("the name is no longer served")
