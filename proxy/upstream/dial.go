package upstream

import (
	"context"
	"net"
	"sync"
	"syscall"
	"time"
)

// Climb is how a connection was made, step by step: the name, the connection,
// TLS. A step that was not done has no time.
type Climb struct {
	Tried     string        // the last address that was dialled, "" where none was found
	Lookup    time.Duration // of the name
	Connect   time.Duration
	Handshake time.Duration // TLS
	Protocol  string        // that TLS agreed on, "" for none
}

// Dial makes a new connection; the error is a *Failure, and the Climb tells then
// too how far it came. A name is resolved now, so that a changed address is
// followed. timeout is for all steps together, 0 for none.
func (u *Upstream) Dial(ctx context.Context, timeout time.Duration) (Conn, error) {
	u.open.Add(1)
	conn, climb, err := u.Connect(ctx, timeout)
	if err != nil {
		u.open.Add(-1)
		return Conn{Climb: climb}, err
	}
	return Conn{Wire: u.protocol.Speak(conn), Climb: climb, born: time.Now()}, nil
}

// Connect is Dial without a word of the protocol: a connection of nobody's yet.
func (u *Upstream) Connect(ctx context.Context, timeout time.Duration) (net.Conn, Climb, error) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	conn, climb, err := u.connect(ctx)
	if err != nil {
		return nil, climb, dialFailure(u.Addr, err)
	}
	if u.secured == nil {
		return conn, climb, nil
	}
	began := time.Now()
	over, err := u.secured.handshake(ctx, conn)
	climb.Handshake = time.Since(began)
	if err != nil {
		return nil, climb, u.handshakeFailure(err)
	}
	climb.Protocol = over.ConnectionState().NegotiatedProtocol
	return over, climb, nil
}

// connect dials the address, or each of a name's in turn, and notes when the
// first was known.
func (u *Upstream) connect(ctx context.Context) (net.Conn, Climb, error) {
	var (
		mu    sync.Mutex // two families may be tried at once, and one be left behind
		tried string
		known time.Time
	)
	d := net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		mu.Lock()
		defer mu.Unlock()
		if tried = address; known.IsZero() {
			known = time.Now()
		}
		return nil
	}}
	began := time.Now()
	conn, err := d.DialContext(ctx, u.Network, u.Addr)
	ended := time.Now()
	mu.Lock()
	defer mu.Unlock()
	if known.IsZero() {
		return conn, Climb{Lookup: ended.Sub(began)}, err
	}
	return conn, Climb{Tried: tried, Lookup: known.Sub(began), Connect: ended.Sub(known)}, err
}
