package ddns

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
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

// get asks with an optional change of the request's head.
func (c *client) get(ctx context.Context, url string, dress func(*http.Request)) (*answer, error) {
	return c.send(ctx, http.MethodGet, url, nil, dress)
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
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.failure(req, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, c.failure(req, err)
	}
	return &answer{resp.StatusCode, resp.Header, text, c.hide}, nil
}

// failure takes the URL off an error of net/http, which quotes it whole, and
// says what it means: what was written may have landed.
func (c *client) failure(req *http.Request, err error) error {
	var quoted *url.Error
	if errors.As(err, &quoted) {
		err = quoted.Err
	}
	unsure := ""
	if req.Method != http.MethodGet && isLate(err) {
		unsure = "could not confirm: "
	}
	return errors.New(clean(c.hide(fmt.Sprintf("%s%s: %v", unsure, req.URL.Hostname(), err))))
}

func isLate(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout() || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// hide takes the secrets out of text, as they are and as a URL spells them.
func (c *client) hide(text string) string {
	for _, s := range c.secrets {
		if s == "" {
			continue
		}
		text = strings.ReplaceAll(text, s, "(hidden)")
		text = strings.ReplaceAll(text, url.QueryEscape(s), "(hidden)")
	}
	return text
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
