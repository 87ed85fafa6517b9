package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func portsText(http, https int, on bool) string {
	return fmt.Sprintf("[server]\nhttp = \":%d\"\nhttps = \":%d\"\nmap_ports = %v\n[ddns.a]\nprovider = \"noip\"\nusername = \"a\"\npassword = \"env:PATH\"\n"+
		"names = \"a.example.com\"\nserver = \"http://127.0.0.1:1\"\naddress = \"fixed:203.0.113.7\"\n[route.a]\nhost = \"a.lan\"\nrespond = { body = \"x\" }\n", http, https, on)
}

func (h *home) status() (r report) {
	h.t.Helper()
	got := h.run("status", "--json")
	if err := json.Unmarshal([]byte(got.out), &r); err != nil {
		h.t.Fatalf("%v in %s%s", err, got.out, got.err)
	}
	return r
}

// TestMapPorts: the router sends its ports to the listeners, follows them
// through a reload, and forgets them at the end.
func TestMapPorts(t *testing.T) {
	h := newHome(t)
	n := newNeighbourhood(t, h)
	n.natpmp()
	h.write("portico.toml", portsText(80, 443, true))
	p := h.start("run", "--headless").serving()
	eventually(t, "both ports are open", func() bool { return n.maps() == "map[80:80 443:443]" })
	eventually(t, "the status shows it", func() bool {
		r := h.status()
		return len(r.Ports) == 2 && r.Ports[1].To.String() == atHome+":443" && r.Ports[1].Protocol == "NAT-PMP" && len(r.Warnings) == 0
	})
	if f := saw(diagnosisOf(h), "router", "TCP 443"); f.Color != green || !strings.Contains(f.Says, atRouter+" sends it to "+atHome+":443") {
		t.Errorf("%+v", f)
	}
	if r := h.run("status"); !strings.Contains(r.out, "PORT OF THE ROUTER") || !strings.Contains(r.out, "open, renewed before ") {
		t.Errorf("%s", r.out)
	}

	h.write("portico.toml", portsText(80, 8443, true))
	eventually(t, "the router follows", func() bool { return n.maps() == "map[80:80 443:8443]" })
	h.write("portico.toml", portsText(80, 8443, false))
	eventually(t, "the router forgets", func() bool { return n.maps() == "map[]" })

	n.mu.Lock()
	n.refuse = 2
	n.mu.Unlock()
	h.write("portico.toml", portsText(80, 8443, true))
	var r report
	eventually(t, "a warning stands", func() bool { r = h.status(); return len(r.Warnings) == 1 })
	for _, want := range []string{"the router does not open TCP 80 and 443", "Refused", "on " + atRouter + " forward TCP 80 and 443 (as port 8443) to " + atHome} {
		if !strings.Contains(r.Warnings[0], want) {
			t.Errorf("no %q in %q", want, r.Warnings[0])
		}
	}
	if f := saw(diagnosisOf(h), "router", "TCP 80"); f.Color != yellow || !strings.Contains(f.Do, "forward TCP 80") {
		t.Errorf("%+v", f)
	}

	n.mu.Lock()
	n.refuse = 0
	n.mu.Unlock()
	h.write("portico.toml", portsText(80, 443, true))
	eventually(t, "both ports are open again", func() bool { return n.maps() == "map[80:80 443:443]" && len(h.status().Warnings) == 0 })
	p.signal(syscall.SIGTERM)
	if code := p.ends(soon); code != 0 || n.maps() != "map[]" {
		t.Errorf("exit %d, and the router keeps %s", code, n.maps())
	}
}

// TestPortsAreNotMappedUnasked: without map_ports the router is not asked.
func TestPortsAreNotMappedUnasked(t *testing.T) {
	h := newHome(t)
	n := newNeighbourhood(t, h)
	n.natpmp()
	h.write("portico.toml", strings.Replace(portsText(80, 443, true), "map_ports = true\n", "", 1))
	h.start("run", "--headless").serving()
	if r := h.status(); n.maps() != "map[]" || len(r.Ports) != 0 || slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, "router") }) {
		t.Errorf("%s %+v", n.maps(), r.Ports)
	}
}

// diagnosisOf is what the doctor says once.
func diagnosisOf(h *home) []finding {
	list, _ := h.diagnosis(func([]finding) bool { return true })
	return list
}
