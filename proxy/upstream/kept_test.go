package upstream_test

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"forge.home.arpa/portico/proxy/upstream"
)

// still is a connection over which nothing is said.
type still struct {
	upstream.Wire
	net.Conn
}

func (still) Quiet() bool    { return true }
func (still) Reusable() bool { return true }
func (still) Release()       {}
func (s still) Close() error { return s.Conn.Close() }

// keeping is an upstream at a listener, by its address or by name.
func keeping(t *testing.T, host string, told bool) *upstream.Upstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	p := upstream.Protocol{Speak: func(c net.Conn) upstream.Wire { return still{Conn: c} }, Told: told}
	return upstream.New(upstream.Spec{URL: "http://" + host, Network: "tcp", Addr: net.JoinHostPort(host, port)}, p, quiet())
}

// TestNamesAreLookedUpAgain: a connection to a name is not used for ever,
// however busy it is, so that a changed address is followed; one to an address
// is.
func TestNamesAreLookedUpAgain(t *testing.T) {
	for host, forever := range map[string]bool{"localhost": false, "127.0.0.1": true} {
		u := keeping(t, host, false)
		synctest.Test(t, func(t *testing.T) {
			c, err := u.Dial(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			for range 20 {
				u.Done(c, time.Now())
				time.Sleep(5 * time.Second)
				var ok bool
				if c, ok = u.Kept(); !ok {
					break
				}
			}
			if (c.Wire != nil) != forever {
				t.Errorf("%s: kept for ever is %v", host, c.Wire != nil)
			}
			if c.Wire != nil {
				c.Close()
			}
		})
		u.Retire()
	}
}

// TestKeptFor: what must not be done twice gets a kept connection only where the
// protocol would tell that it was not begun, and leaves no more connections than
// there were.
func TestKeptFor(t *testing.T) {
	for _, c := range []struct{ repeatable, told, kept bool }{
		{true, false, true}, {false, false, false}, {false, true, true},
	} {
		u := keeping(t, "127.0.0.1", c.told)
		for range 2 {
			conn, err := u.Dial(t.Context(), time.Second)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			defer u.Done(conn, time.Now())
		}
		one, err := u.Dial(t.Context(), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		u.Done(one, time.Now())
		got, ok := u.KeptFor(c.repeatable)
		open, idle := u.Connections()
		if ok != c.kept || idle != 0 || ok && open != 3 || !ok && open != 2 {
			t.Errorf("%+v: %v, %d open, %d idle", c, ok, open, idle)
		}
		if ok {
			u.Done(got, time.Now())
		}
	}
}
