package proxy

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"forge.home.arpa/portico/proxy/message"
)

// Live is an exchange under way that has no end of its own: what is recorded
// only once it has ended, hours later perhaps.
type Live struct {
	Since    time.Time
	Kind     LiveKind
	Client   netip.Addr
	Host     string
	Path     string // with the query; cut like that of a record
	Route    string
	Upstream string
	BytesIn  int64 // body bytes from the client so far
	BytesOut int64 // body bytes to the client so far
}

// LiveKind is why an exchange has no end of its own.
type LiveKind uint8

const (
	notLive       LiveKind = iota
	LiveWebSocket          // upgraded to a WebSocket
	LiveUpgrade            // upgraded to something else
	LiveEvents             // server-sent events
	LiveCamera             // one picture after the other: MJPEG
)

func (k LiveKind) String() string {
	return [...]string{"", "websocket", "upgrade", "events", "camera"}[k]
}

// Live returns copies of the newest exchanges that have no end of their own, the
// newest first and at most that many, and how many there are.
func (s *Server) Live(most int) (newest []Live, all int) { return s.live.newest(most) }

// liveList holds them by age. Plain requests never come here.
type liveList struct {
	mu   sync.Mutex
	last *liveEntry
	n    int
}

type liveEntry struct {
	Live           // its counts are filled in when it is copied
	in, out        atomic.Int64
	older, younger *liveEntry
}

func (l *liveList) add(e *liveEntry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.older = l.last; e.older != nil {
		e.older.younger = e
	}
	l.last = e
	l.n++
}

func (l *liveList) remove(e *liveEntry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.older != nil {
		e.older.younger = e.younger
	}
	if e.younger != nil {
		e.younger.older = e.older
	} else {
		l.last = e.older
	}
	l.n--
}

func (l *liveList) newest(most int) (list []Live, all int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list = make([]Live, 0, min(most, l.n))
	for e := l.last; e != nil && len(list) < most; e = e.older {
		one := e.Live
		one.BytesIn, one.BytesOut = e.in.Load(), e.out.Load()
		list = append(list, one)
	}
	return list, l.n
}

// goLive lists the visit until the entry is removed.
func (v *visit) goLive(kind LiveKind) *liveEntry {
	e := &liveEntry{Live: Live{Since: v.began, Kind: kind, Client: v.row.Client,
		Host: v.row.Host.String(), Path: v.row.Path.String(), Route: v.row.Route, Upstream: v.row.Upstream}}
	e.in.Store(v.row.BytesIn)
	v.server.live.add(e)
	return e
}

// tally counts a body as it is taken.
type tally struct {
	message.Body
	n *atomic.Int64
}

func (c tally) Next() ([]byte, error) {
	b, err := c.Body.Next()
	c.n.Add(int64(len(b)))
	return b, err
}

// kindOf tells whether an answer has no end of its own: events and cameras.
func kindOf(f message.Fields) LiveKind {
	contentType := f.Get(message.ContentType)
	switch {
	case hasMediaType(contentType, "text/event-stream"):
		return LiveEvents
	case hasMediaType(contentType, "multipart/x-mixed-replace"):
		return LiveCamera
	}
	return notLive
}

func hasMediaType(contentType []byte, want string) bool {
	return len(contentType) >= len(want) && message.EqualFold(contentType[:len(want)], want)
}

// upgradeKind tells what a connection was switched to.
func upgradeKind(protocol []byte) LiveKind {
	if message.EqualFold(protocol, "websocket") {
		return LiveWebSocket
	}
	return LiveUpgrade
}
