package ddns

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
)

const (
	// maxAnswer bounds a provider's answer, in bytes: they are a line or a small
	// document.
	maxAnswer = 1 << 20
	// maxWords bounds what is kept of it for people.
	maxWords = 200
	// askTime bounds one request to a provider.
	askTime = 30 * time.Second
	// userAgent is mandatory with most providers.
	userAgent = "portico (home proxy; dynamic DNS)"
)

// client asks a provider over HTTP. Its errors and answers never hold what must
// stay secret: an address of the form https://provider/update?password=… is left
// out of them, and a secret that a provider echoes is hidden.
type client struct {
	http    *http.Client
	base    string   // in place of the provider's own, "" for none
	secrets []string // hidden wherever they would come back
	zone    lookUp
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	hide   func(string) string
}

// at puts path on the provider's base URL, or on the one that replaces it.
func (c *client) at(base, path string) string {
	if c.base != "" {
		base = c.base
	}
	return strings.TrimSuffix(base, "/") + path
}

// submit asks by GET, as the protocols made for routers do: it writes all the
// same.
func (c *client) submit(ctx context.Context, url string, dress func(*http.Request)) (*answer, error) {
	a, err := c.send(ctx, http.MethodGet, url, nil, dress)
	return a, unsure(err)
}

// call sends and receives JSON; into may be nil. An answer that is no JSON
// leaves into as it was: the status decides then.
func (c *client) call(ctx context.Context, method, url string, body, into any, dress func(*http.Request)) (*answer, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	a, err := c.send(ctx, method, url, text, func(r *http.Request) {
		if body != nil {
			r.Header.Set("Content-Type", "application/json")
		}
		if dress != nil {
			dress(r)
		}
	})
	if err == nil && into != nil {
		a.json(into)
	}
	if method != http.MethodGet {
		err = unsure(err)
	}
	return a, err
}

func (c *client) send(ctx context.Context, method, url string, body []byte, dress func(*http.Request)) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the provider's address is no URL")
	}
	req.Header.Set("User-Agent", userAgent)
	if dress != nil {
		dress(req)
	}
	var asked, met atomic.Bool
	req = req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) }, GotConn: func(httptrace.GotConnInfo) { met.Store(true) }}))
	resp, err := c.http.Do(req)
	if err != nil {
		b := c.failure(req, err)
		b.sent = b.sent && (met.Load() || !asked.Load()) // no handshake, no request
		return nil, b
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = errors.New("an answer that is too long for one of its kind")
	}
	if err != nil {
		return nil, c.failure(req, err)
	}
	return &answer{resp.StatusCode, resp.Header, text, func(s string) string { return c.hide(s, authorization(req)) }}, nil
}

// failure takes the URL off an error of net/http, which quotes it whole.
func (c *client) failure(req *http.Request, err error) *broken {
	for quoted := (*url.Error)(nil); errors.As(err, &quoted); {
		err = quoted.Err
	}
	words := c.hide(fmt.Sprintf("%s: %v", req.URL.Hostname(), err), authorization(req))
	return &broken{clean(words), !neverSent(err)}
}

// authorization is the secret of that field (RFC 9110 section 11.6.2), which
// may be another spelling of ours.
func authorization(r *http.Request) string {
	_, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return value
}

// broken is a request without an answer.
type broken struct {
	words string
	sent  bool // it may have reached the provider
}

func (b *broken) Error() string { return b.words }

// unsure says of a write without an answer that it may have landed.
func unsure(err error) error {
	var b *broken
	if errors.As(err, &b) && b.sent {
		return unconfirmed(b.words)
	}
	return err
}

func unconfirmed(why string) error {
	return &refusal{Reply{Class: Retry, Words: "could not confirm: " + why, Unsure: true}}
}

// neverSent tells the errors of a connection that was not made.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// hide takes the secrets, and more of them, out of text: as they are and as
// URLs, JSON and pages spell them.
func (c *client) hide(text string, more ...string) string {
	var all []string
	for _, s := range append(more, c.secrets...) {
		all = append(all, spellings(s)...)
	}
	// The longest first: one may begin as another does.
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	for _, s := range all {
		text = strings.ReplaceAll(text, s, "(hidden)")
	}
	return text
}

func spellings(secret string) []string {
	if secret == "" {
		return nil
	}
	inJSON, _ := json.Marshal(secret) // a string always can be
	return []string{secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret), strings.Trim(string(inJSON), `"`)}
}

// ok tells a status of success.
func (a *answer) ok() bool { return a.status/100 == 2 }

// text is the body as a provider of plain text means it.
func (a *answer) text() string { return strings.TrimSpace(string(a.body)) }

// said quotes the answer for people: its status and the beginning of its body.
func (a *answer) said() string {
	return a.quote(fmt.Sprintf("%d %s", a.status, a.text()))
}

// quote makes a stranger's text fit for a log and a screen.
func (a *answer) quote(text string) string { return clean(a.hide(text)) }

// clean takes control characters out of a stranger's text and bounds it.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "…"
	}
	return text
}

// bearer sets the token of the APIs that take one.
func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// json reads the body into v as far as it is JSON.
func (a *answer) json(v any) { _ = json.Unmarshal(a.body, v) }

// isJSON tells an API's answer from a page that somebody puts before it: a
// status alone is no success.
func (a *answer) isJSON() bool {
	body := bytes.TrimSpace(a.body)
	return len(body) > 0 && (body[0] == '{' || body[0] == '[') && json.Valid(body)
}
