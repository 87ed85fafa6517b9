package proxy

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/upstream"
)

const (
	// authTime is how long the other server has, from the dial to the last byte.
	authTime = 5 * time.Second
	// maxAuthBody bounds its answer, which is kept in memory: in bytes.
	maxAuthBody = 256 << 10
)

// forwardAuth compiles who is asked.
func (c *compiler) forwardAuth(f *config.ForwardAuth, used map[upstream.Spec]*upstream.Upstream) (*forwardAuth, error) {
	u, err := url.Parse(f.To)
	if err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	for _, name := range f.Copy {
		if field := (message.Field{Known: message.Lookup([]byte(name))}); onlyOurs(&field, false) && field.Known != message.XForwardedOther {
			return nil, fmt.Errorf("copy: %s is set by portico alone", name)
		}
	}
	s := speakers[u.Scheme]
	spec := upstream.Spec{URL: u.Scheme + "://" + u.Host, Scheme: u.Scheme, Network: "tcp", Addr: u.Host}
	if u.Port() == "" {
		spec.Addr += ":" + orPort("", u.Scheme)
	}
	spec.Host = authorityOf(spec, s.url)
	if s.tls != "" {
		spec.TLS = upstream.TLS{Proto: s.tls, Verify: upstream.VerifySystem}
	}
	g := &forwardAuth{upstream: c.upstream(spec, used), path: []byte(u.EscapedPath()), copy: f.Copy}
	if len(g.path) == 0 {
		g.path = []byte("/")
	}
	if u.RawQuery != "" {
		g.query = []byte("?" + u.RawQuery)
	}
	return g, nil
}

// ask sends x's request and reads its answer, the body included. A kept
// connection that had died is tried only once.
func (g *forwardAuth) ask(v *visit, x *message.Exchange) (body []byte, err error) {
	end := time.Now().Add(authTime)
	if c, ok := g.upstream.Kept(); ok {
		body, err = g.over(v, c, x, end)
		if err == nil || c.Answered() || v.client.gone() {
			return body, err
		}
		x.Response.Fields = x.Response.Fields[:0]
	}
	h := v.hold()
	c, err := g.upstream.Dial(h, time.Until(end))
	h.release()
	if err != nil {
		return nil, err
	}
	return g.over(v, c, x, end)
}

// over does the exchange over one connection, which ends with its time.
func (g *forwardAuth) over(v *visit, c upstream.Conn, x *message.Exchange, end time.Time) (body []byte, err error) {
	began := time.Now()
	v.client.depend(c.Wire, false, began)
	late, cut := context.WithDeadline(context.Background(), end)
	stop := context.AfterFunc(late, func() { c.Close() })
	defer func() {
		if !stop() || err != nil {
			c.Spoil()
		}
		cut()
		v.client.release()
		g.upstream.Done(c, began)
	}()
	c.SetIdle(authTime)
	if err = c.ReadAfter(c.WriteRequest(x, nil), x, authTime, nil); err == nil {
		body, err = readAll(x.Response.Body)
	}
	switch {
	case err == nil:
		g.upstream.Succeeded(began)
	case late.Err() != nil:
		err = g.upstream.ExchangeFailure(upstream.Waiting, context.DeadlineExceeded)
	default:
		err = g.upstream.ExchangeFailure(upstream.Waiting, err)
	}
	return body, err
}

// readAll reads the body of an answer to its end.
func readAll(b message.Body) (body []byte, err error) {
	for b != nil {
		data, err := b.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if body = append(body, data...); len(body) > maxAuthBody {
			return nil, &message.BadResponse{Why: "a body of more than " + fmt.Sprint(maxAuthBody) + " bytes"}
		}
	}
	return body, nil
}
