package proxy_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestWakeOnLAN: a request for a sleeping upstream calls it by its address and
// waits; when the machine is up, it gets its answer. One that stays asleep is a
// failure like any other, at its time.
func TestWakeOnLAN(t *testing.T) {
	calls, err := net.ListenPacket("udp", "127.0.0.1:9")
	if err != nil {
		t.Skipf("no packet can be listened for: %v", err)
	}
	defer calls.Close()
	addr := freeAddr(t)
	go func() {
		packet := make([]byte, 200)
		n, _, err := calls.ReadFrom(packet)
		mac := []byte{0x02, 0, 0, 0, 0, 0x42}
		if err != nil || n != 102 || !bytes.Equal(packet[:n], append(bytes.Repeat([]byte{0xff}, 6), bytes.Repeat(mac, 16)...)) {
			t.Errorf("called with %x, %v", packet[:n], err)
			return
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { l.Close() })
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "awake") }))
	}()
	s := newSite(t, fmt.Sprintf(`
[route.nas]
host = "nas.test"
to = "http://%s"
wake_on_lan = { mac = "02:00:00:00:00:42", wait = "20s" }
[route.dead]
host = "dead.test"
to = "http://%s"
wake_on_lan = { mac = "02:00:00:00:00:43", wait = "1s" }
`, addr, freeAddr(t)))
	req, err := http.NewRequest("POST", "http://"+s.addr+"/", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "nas.test"
	if resp, body := s.do(req); resp.StatusCode != 200 || body != "awake" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	if row := s.lastRow(1); row.Cause.String() != "" || row.Retries == 0 {
		t.Errorf("recorded with cause %q after %d retries", row.Cause, row.Retries)
	}
	began := time.Now()
	if resp, _ := s.get("dead.test", "/"); resp.StatusCode != 502 || time.Since(began) < time.Second {
		t.Errorf("%d after %s", resp.StatusCode, time.Since(began))
	}
}
