//go:build !race

package http1_test

import (
	"crypto/tls"
	"net"
	"testing"
)

// TestNoAllocation is left out under the race detector, where sync.Pool drops
// things at random.
func TestNoAllocation(t *testing.T) {
	for framing, says := range answers {
		k := newKeptAlive(parrot{[]byte(browserGet)}, parrot{[]byte(says)})
		if n := testing.AllocsPerRun(1000, func() { k.once(t) }); n != 0 {
			t.Errorf("in memory, %s: %v allocations", framing, n)
		}
		k, ask := overLoopback(t, says)
		n := testing.AllocsPerRun(1000, func() {
			ask()
			k.once(t)
		})
		if n != 0 {
			t.Errorf("over loopback, %s: %v allocations", framing, n)
		}
	}
}

// idleBytes is what an idle connection may cost with its goroutine and its
// net.Conn; the race detector's own share of each is not small.
const idleBytes = 8 << 10

func TestIdleCost(t *testing.T) {
	if got := idleCost(t, idleConns); got > idleBytes {
		t.Errorf("an idle connection costs %.0f bytes, want %d at most", got, idleBytes)
	}
}

// TestRelayCost: a relay over TLS that waits holds no more than a plain one.
// (The race detector has its own idea of memory.)
func TestRelayCost(t *testing.T) {
	if extra := relayCost(t, true) - relayCost(t, false); extra > 6<<10 {
		t.Errorf("a relay over TLS costs %.0f bytes more", extra)
	}
}

// relayCost is what a relay takes beyond its connections, in bytes.
func relayCost(t *testing.T, secure bool) float64 {
	const n = 50
	server, trusting := tlsConfigs(t)
	var ends [n][4]net.Conn // client, served, upstream, to it
	for i := range ends {
		theirs, ours := tcpPair(t)
		upstream, toUpstream := tcpPair(t)
		ends[i] = [4]net.Conn{theirs, ours, upstream, toUpstream}
		if secure {
			client, served := tls.Client(theirs, trusting), tls.Server(ours, server)
			ends[i][0], ends[i][1] = client, served
			go client.Handshake()
			if err := served.Handshake(); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := inUse()
	var done [n]<-chan relayed
	for i, e := range ends {
		done[i] = upgrade(t, e[1], e[3])
		say(t, e[0], wish)
		say(t, e[2], switched)
		hear(t, e[2], wish)
		hear(t, e[0], switched)
		say(t, e[0], "ping")
		hear(t, e[2], "ping")
	}
	cost := float64(int64(inUse())-int64(before)) / n
	for i, e := range ends {
		e[0].Close()
		e[2].Close()
		waitFor(t, "the end of the relay", done[i])
	}
	return cost
}
