package proxy

import (
	"cmp"
	"context"
	"fmt"
	"net"

	"forge.home.arpa/portico/proxy/cgi"
	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/memcached"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/upstream"
)

// maxPingBody bounds what is read of the answer to a check: closing on an answer
// that was hardly begun would fill the upstream's log with complaints.
const maxPingBody = 64 << 10

// pingHTTP1 asks for the path of the check, if it has one, and looks at the
// status.
func pingHTTP1(_ context.Context, conn net.Conn, s *upstream.Spec) error {
	if s.Check.Path == "" {
		return nil
	}
	a, err := askHTTP1(conn, s, s.Check.Path)
	if err == nil && !s.Check.Expect.Has(a.status) {
		err = unwell("%s answers %d %s", s.Check.Path, a.status, http1.StatusText(a.status))
	}
	return err
}

func unwell(format string, args ...any) error { return upstream.Unwell(fmt.Sprintf(format, args...)) }

// pingAnswer is what is kept of an answer to a check or a probe.
type pingAnswer struct {
	status   int
	location string
	by       string // who redirects: X-Redirect-By
	excerpt  string // the beginning of its body
}

// askedBy is the name that an upstream is asked by.
func askedBy(s *upstream.Spec) string { return cmp.Or(s.Check.Host, s.Host) }

// askHTTP1 asks once for a path. It ends when the
// connection is closed.
func askHTTP1(conn net.Conn, s *upstream.Spec, target string) (a pingAnswer, err error) {
	x := message.New()
	defer x.Release()
	r := &x.Request
	r.Method, r.Path, r.Authority = []byte("GET"), []byte(target), []byte(askedBy(s))
	r.Fields.AddKnown(message.UserAgent, []byte("portico"))
	r.Fields.AddKnown(message.Accept, []byte("*/*"))
	c := http1.NewClientConn(conn, http1.DefaultLimits)
	defer c.Release()
	if err := c.ReadAfter(c.WriteRequest(x, nil), x, 0, nil); err != nil {
		return a, err
	}
	a.status, a.location = x.Response.Status, string(x.Response.Fields.Get(message.Location))
	if x.Response.Body != nil {
		a.excerpt = excerptOf(x.Response.Body)
	}
	return a, nil
}

func pingFastCGI(_ context.Context, conn net.Conn, _ *upstream.Spec) error {
	return cgi.PingFastCGI(conn)
}

func pingMemcached(_ context.Context, conn net.Conn, _ *upstream.Spec) error {
	return memcached.Ping(conn)
}

// maxExcerpt is how much of an answer's body is looked at.
const maxExcerpt = 1 << 10

// excerptOf is the beginning of a body that is read as far as that is cheap; how
// it ends says nothing of health.
func excerptOf(b message.Body) string {
	var excerpt []byte
	for n := 0; n < maxPingBody; {
		data, err := b.Next()
		if err != nil {
			break
		}
		n += len(data)
		excerpt = append(excerpt, data[:min(len(data), maxExcerpt-len(excerpt))]...)
	}
	return string(excerpt)
}

func skim(b message.Body) { excerptOf(b) }
