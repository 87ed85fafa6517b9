package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/upstream"
)

const (
	// probeIdle is how long the body of an answer to a probe may be silent,
	// where the route does not say less.
	probeIdle = 5 * time.Second
	// guessWait is how long it may take to find out what else an upstream speaks.
	guessWait = 2 * time.Second
)

// asksAsTraffic tells whether a scheme is probed by a request as traffic sends it.
func asksAsTraffic(scheme string) bool {
	switch scheme {
	case "http", "https", "h2c", "scgi", "uwsgi":
		return true
	}
	return false
}

// ask sends a request by the route's name and judges the whole answer.
func (e errand) ask(ctx context.Context, conn net.Conn, u *upstream.Upstream, p *Probe) (words string, err error) {
	spec, path := u.Spec, e.path
	if e.host != "" || spec.Host == "" {
		spec.Host = e.host
	}
	if path == "" || path[0] != '/' {
		path = "/" + path
		if e.path == "" && u.Check.Path != "" {
			path = u.Check.Path
		}
	}
	us := localAddr(conn)
	a, err := askOnce(speakers[e.to.Scheme].Speak(conn), &spec, path, e.visitor(us), within(probeWait, e.route.Timeout.ResponseHeader), within(probeIdle, e.route.Timeout.Idle))
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // which closed the connection
	}
	if err != nil {
		return "", u.ExchangeFailure(a.stage(), err)
	}
	// uWSGI's own answers begin as those of HTTP do.
	if ofCGI(e.to.Scheme) && a.status == 400 && e.speaks(ctx, "http") {
		return "", u.ExchangeFailure(upstream.Waiting, &message.BadResponse{Why: "it speaks HTTP/1, not " + e.to.Scheme})
	}
	p.Status = a.status
	p.adviseAnswer(ctx, e, &spec, path, us, a)
	return fmt.Sprintf("GET %s for %s: %d %s", path, spec.Host, a.status, http1.StatusText(a.status)), nil
}

// within is the shorter of two times; 0 sets no bound.
func within(most, set time.Duration) time.Duration {
	if set == 0 {
		return most
	}
	return min(most, set)
}

// stage is how far an exchange came that failed.
func (a pingAnswer) stage() upstream.Stage {
	if a.status == 0 {
		return upstream.Waiting
	}
	return upstream.Reading
}

// askOnce sends a GET over a wire and reads the answer's body, as much as a ping
// reads: wait bounds the time to its head, idle that between two bytes. An error after a status is one of the body.
func askOnce(w upstream.Wire, s *upstream.Spec, target string, as visitor, wait, idle time.Duration) (a pingAnswer, err error) {
	x := message.New()
	defer x.Release()
	defer w.Release()
	defer w.Reusable() // ends the exchange
	path, query, found := strings.Cut(target, "?")
	if found {
		query = "?" + query
	}
	r := &x.Request
	r.Method, r.Path, r.Query, r.Authority, r.Scheme = []byte("GET"), []byte(path), []byte(query), []byte(s.Host), "http"
	r.Fields.AddKnown(message.UserAgent, []byte("portico"))
	r.Fields.AddKnown(message.Accept, []byte("*/*"))
	as.introduce(r)
	if ofCGI(s.Scheme) {
		self := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
		r.Script = &message.Script{URI: []byte(target), Info: decoded(r.Path), Client: self, Protocol: "HTTP/1.1"}
	}
	w.SetIdle(idle)
	if err := w.ReadAfter(w.WriteRequest(x, nil), x, wait, nil); err != nil {
		return a, err
	}
	a.status, a.location = x.Response.Status, string(x.Response.Fields.Get(message.Location))
	a.by = string(x.Response.Fields.Find("X-Redirect-By"))
	// Events may be long in coming, and say nothing of health.
	if b := x.Response.Body; b != nil && !bytes.HasPrefix(x.Response.Fields.Get(message.ContentType), []byte("text/event-stream")) {
		a.excerpt, err = readExcerpt(b)
	}
	return a, err
}

// readExcerpt is excerptOf with the error that ended it.
func readExcerpt(b message.Body) (string, error) {
	var excerpt []byte
	for n := 0; n < maxPingBody; {
		data, err := b.Next()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return string(excerpt), err
		}
		n += len(data)
		excerpt = append(excerpt, data[:min(len(data), maxExcerpt-len(excerpt))]...)
	}
	return string(excerpt), nil
}

// speaks tells whether an upstream answers in the protocol of another scheme
// without TLS, whatever it answers.
func (e errand) speaks(ctx context.Context, scheme string) bool {
	ctx, cancel := context.WithTimeout(ctx, guessWait)
	defer cancel()
	to := e.to
	to.Scheme = scheme
	spec := specOf(e.route, to)
	u := upstream.New(spec, speakers[scheme].Protocol, slog.New(slog.DiscardHandler))
	conn, _, err := u.Connect(ctx, within(guessWait, e.route.Timeout.Dial))
	if err != nil {
		return false
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	a, _ := askOnce(speakers[scheme].Speak(conn), &spec, "/", visitor{}, within(guessWait, e.route.Timeout.ResponseHeader), guessWait)
	return a.status != 0
}

// visitor is who a probe asks for, as traffic tells an upstream; the zero value
// is nobody.
type visitor struct {
	from   netip.Addr
	scheme string
}

// visitor is one from this machine. Only HTTP is told.
func (e errand) visitor(us netip.Addr) visitor {
	if ofCGI(e.to.Scheme) || e.scheme == "" {
		return visitor{}
	}
	return visitor{us, e.scheme}
}

func (as visitor) introduce(r *message.Request) {
	if !as.from.IsValid() {
		return
	}
	r.Fields.AddKnown(message.XForwardedFor, []byte(as.from.String()))
	r.Fields.AddKnown(message.XForwardedProto, []byte(as.scheme))
	r.Fields.AddKnown(message.XForwardedHost, r.Authority)
}

// localAddr is our address as the other side of a connection sees it.
func localAddr(conn net.Conn) netip.Addr {
	if a, err := netip.ParseAddrPort(conn.LocalAddr().String()); err == nil {
		return a.Addr().Unmap()
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1}) // of a socket
}
