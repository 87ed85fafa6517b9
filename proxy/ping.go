package proxy

import (
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
	status, err := askHTTP1(conn, s, s.Check.Path)
	if err == nil && !s.Check.Expect.Has(status) {
		err = upstream.Unwell(fmt.Sprintf("%s answers %d %s", s.Check.Path, status, http1.StatusText(status)))
	}
	return err
}

func pingMemcached(_ context.Context, conn net.Conn, _ *upstream.Spec) error {
	return memcached.Ping(conn)
}

// askHTTP1 asks once for a path by the upstream's own name. It ends when the
// connection is closed.
func askHTTP1(conn net.Conn, s *upstream.Spec, target string) (status int, err error) {
	x := message.New()
	defer x.Release()
	r := &x.Request
	r.Method, r.Path, r.Authority = []byte("GET"), []byte(target), []byte(s.Host)
	r.Fields.AddKnown(message.UserAgent, []byte("portico"))
	r.Fields.AddKnown(message.Accept, []byte("*/*"))
	c := http1.NewClientConn(conn, http1.DefaultLimits)
	defer c.Release()
	if err := c.ReadAfter(c.WriteRequest(x, nil), x, 0, nil); err != nil {
		return 0, err
	}
	if x.Response.Body != nil {
		skim(x.Response.Body)
	}
	return x.Response.Status, nil
}

func pingFastCGI(_ context.Context, conn net.Conn, _ *upstream.Spec) error {
	return cgi.PingFastCGI(conn)
}

// skim reads a body as far as that is cheap; how it ends says nothing of health.
func skim(b message.Body) {
	for n := 0; n < maxPingBody; {
		data, err := b.Next()
		if err != nil {
			return
		}
		n += len(data)
	}
}
