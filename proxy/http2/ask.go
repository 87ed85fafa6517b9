package http2

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strings"

	"forge.home.arpa/portico/proxy/message"
)

// newRequest copies what is sent: the library may look at it longer than the
// exchange lasts.
func (w *Wire) newRequest(ctx context.Context, q *message.Request, held []byte) {
	w.upload = nil
	// Fields named without a value are not made up by the library.
	h := http.Header{"User-Agent": nil}
	setFields(h, q.Fields)
	if q.TE {
		h["Te"] = []string{"trailers"}
	}
	if q.Expect {
		h["Expect"] = []string{"100-continue"}
	}
	r := &http.Request{
		Method: string(q.Method),
		URL:    &url.URL{Scheme: w.scheme, Host: "upstream", Opaque: target(q)},
		Host:   string(q.Authority),
		Header: h,
	}
	switch {
	case q.Length == 0:
	case int64(len(held)) == q.Length:
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(bytes.Clone(held))), q.Length
	default:
		var body *io.PipeReader
		body, w.upload = io.Pipe()
		r.Body, r.ContentLength = body, max(q.Length, -1)
		r.Trailer = announced(h)
	}
	w.request = r.WithContext(httptrace.WithClientTrace(ctx, w.trace(ctx)))
}

// target is written into the URL where the library takes it as it is, except
// for one that begins with two slashes: it would be read as an authority.
func target(q *message.Request) string {
	t := string(q.Path) + string(q.Query)
	if strings.HasPrefix(t, "//") {
		return "//" + string(q.Authority) + t
	}
	return t
}

// announced takes the names of trailers off the head: the library writes them.
func announced(h http.Header) (t http.Header) {
	for _, list := range h["Trailer"] {
		for name := range strings.SplitSeq(list, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			if message.Lookup([]byte(name)) == message.Other && name != "" {
				if t == nil {
					t = http.Header{}
				}
				t[name] = nil
			}
		}
	}
	delete(h, "Trailer")
	return t
}

// setTrailers is called before the end of the body is passed on. The library
// sends no trailers to a request that announced none.
func (w *Wire) setTrailers(q *message.Request) {
	if q.Drop != nil {
		q.Trailers.RemoveFunc(q.Drop)
	}
	if w.request.Trailer != nil {
		setFields(w.request.Trailer, q.Trailers)
	}
}

// trace brings 1xx answers to who waits for the final one.
func (w *Wire) trace(ctx context.Context) *httptrace.ClientTrace {
	to := w.interim
	return &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
		select {
		case to <- interim{status, http.Header(h)}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
}
