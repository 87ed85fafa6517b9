package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// TestAdmin: monitoring has an address of its own, which an edit moves.
func TestAdmin(t *testing.T) {
	h := newHome(t)
	first, second := fmt.Sprintf("127.0.0.1:%d", freePort(t)), fmt.Sprintf("127.0.0.1:%d", freePort(t))
	port := freePort(t)
	file := func(admin string) string {
		return fmt.Sprintf("[server]\nhttp = \"127.0.0.1:%d\"\nadmin = %q\n[route.\"a\\\"b\"]\nhost = \"a.test\"\nto = \"http://127.0.0.1:1\"\n", port, admin)
	}
	h.write("portico.toml", file(first))
	p := h.start("run", "--headless").serving()
	if body := get(t, "http://"+first+"/healthz"); body != "ok\n" {
		t.Errorf("healthz: %q", body)
	}
	for _, want := range []string{"# TYPE portico_requests_total counter\n", `portico_route_requests_total{route="a\"b"} 0`,
		`portico_upstream_up{upstream="http://127.0.0.1:1"} 1`} {
		if body := get(t, "http://"+first+"/metrics"); !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	h.write("portico.toml", file(second))
	eventually(t, "the address moves", func() bool {
		c, err := net.Dial("tcp", second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	if body := get(t, "http://"+second+"/healthz"); body != "ok\n" {
		t.Errorf("healthz after an edit: %q", body)
	}
	if c, err := net.Dial("tcp", first); err == nil {
		c.Close()
		t.Error("the old address is still served")
	}
	if !p.running() {
		t.Error("portico has ended")
	}
}
