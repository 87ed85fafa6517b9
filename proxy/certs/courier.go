package certs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
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
	allowed func(context.Context) error // why nothing may be asked now; nil where it may
	orders  orders
	wanted  context.Context // ends with drop, when the name is no longer served
	drop    context.CancelFunc
	cached  atomic.Bool // only what is kept is looked at: nothing may be asked
	tlsALPN atomic.Bool // the authority can reach us over TLS
	pressed atomic.Bool // a person asked for what is done now
	reached atomic.Bool // the authority has answered, in this attempt

	mu       sync.Mutex
	base     http.RoundTripper // of the present attempt; earlier ones may end over it
	words    string            // of the last refusal
	after    time.Duration     // that it asks for
	life     context.Context   // of the keeper's run; nil before it
	newOrder string            // URL, as the directory says; "" before it was read
}

// maxReply bounds an authority's answer, in bytes.
const maxReply = 1 << 20

// RoundTrip implements http.RoundTripper.
func (c *courier) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.cached.Load() {
		return nil, errCacheOnly
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel() // the answer is read before this returns
	defer context.AfterFunc(c.lifetime(), cancel)()
	defer context.AfterFunc(c.wanted, cancel)()
	if err := c.allowed(ctx); err != nil {
		return nil, err
	}
	ordering := c.isOrder(r.URL.String())
	if ordering {
		if err := c.orders.place(c.pressed.Load(), time.Now()); err != nil {
			return nil, err
		}
	}
	resp, err := c.over().RoundTrip(r.WithContext(ctx))
	if err != nil {
		c.hear(r.URL.Hostname()+": "+err.Error(), 0)
		return nil, err
	}
	c.reached.Store(true)
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	if ordering && resp.StatusCode != http.StatusCreated {
		c.orders.refused() // as with a nonce that is stale
	}
	body = c.read(resp, body)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return resp, nil
}

func (c *courier) over() http.RoundTripper {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base
}

// travel says what requests go over from now on.
func (c *courier) travel(base http.RoundTripper) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base = base
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

func (c *courier) isOrder(url string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newOrder != "" && url == c.newOrder
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
		if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
			c.hear("", retryAfter(resp)) // from whoever stands before the authority
		}
		return body
	}
	if doc.Detail != "" && !strings.HasSuffix(doc.Type, ":badNonce") && resp.StatusCode >= 400 {
		c.hear(doc.Detail, retryAfter(resp))
	}
	if doc.Error != nil {
		c.hear(doc.Error.words(), 0)
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
	Type   string `json:"type"`
	Detail string `json:"detail"`
}

// words are the authority's own. Of a visit that failed they name no port, or
// none that a person would look at.
func (p *acmeProblem) words() string {
	if strings.HasSuffix(p.Type, ":connection") {
		return "the authority's servers do not come in at TCP 80 or 443: " + p.Detail
	}
	return p.Detail
}

func (c *courier) readChallenges(body []byte, list []json.RawMessage) []byte {
	kept := list[:0:0]
	for _, raw := range list {
		var one struct {
			Type  string       `json:"type"`
			Error *acmeProblem `json:"error"`
		}
		if json.Unmarshal(raw, &one) == nil && one.Error != nil {
			c.hear(one.Error.words(), 0)
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
