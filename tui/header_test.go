package tui

import (
	"strings"
	"testing"
	"time"

	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

// header is the first line of a console of that width.
func header(t *testing.T, width int, change func(*world, *doors)) (line string) {
	t.Helper()
	atNoon(t, func(t *testing.T) {
		w := home()
		d := wellDoors(time.Now())
		change(w, d)
		src := w.source(realStore(t, w, plainFile))
		src.Locks = d
		line, _, _ = strings.Cut(sit(t, src, modelOptions{Width: width, Height: 24}).text(), "\n")
	})
	return line
}

func well(w *world, _ *doors) {
	w.status.Upstreams, w.status.Routes = w.status.Upstreams[:3], w.status.Routes[:1]
}

// Certificate and DNS give way after the finer figures, before the others.
func TestHeaderNarrows(t *testing.T) {
	all := []string{"p50", "B/s", "p99", "DNS ok", "cert 21d", "p95", "5xx", "up 3/3", "142/s"}
	gone := 0
	for width := 120; width >= 40; width-- {
		line := header(t, width, well)
		for gone < len(all) && !strings.Contains(line, all[gone]) {
			gone++
		}
		for i, s := range all {
			if strings.Contains(line, s) != (i >= gone) {
				t.Fatalf("at %d columns %q went before its turn: %q", width, s, line)
			}
		}
	}
	if gone < 5 {
		t.Errorf("only %d figures gave way", gone)
	}
}

// What is wrong shows in every window that shows pages.
func TestHeaderAlwaysTellsTheWorst(t *testing.T) {
	for width := 40; width <= 160; width += 5 {
		line := header(t, width, func(*world, *doors) {})
		if !strings.Contains(line, "nas:3000 DOWN") || !strings.Contains(line, "142/s") {
			t.Errorf("%d columns: %q", width, line)
		}
		stopped := header(t, width, func(w *world, d *doors) { well(w, d); *d = *homeDoors(time.Now()) })
		if !strings.Contains(stopped, "git.home.example STOPPED") {
			t.Errorf("%d columns: %q", width, stopped)
		}
	}
}

func TestHeaderLocks(t *testing.T) {
	day := 24 * time.Hour
	for _, c := range []struct {
		want   string
		change func(*doors, time.Time)
	}{
		{"cert 4d!", func(d *doors, now time.Time) {
			d.certs = append(d.certs, proxy.CertificateStatus{Kind: "file", Host: "old", From: now.Add(-85 * day), Until: now.Add(5*day - 1)})
		}},
		{"cert 21d  DNS", func(d *doors, now time.Time) {
			d.certs = append(d.certs, proxy.CertificateStatus{Kind: "local", Host: "nas", From: now.Add(-89 * day), Until: now.Add(day)})
		}},
		{"cert 47h  DNS", func(d *doors, now time.Time) {
			d.certs[0].From, d.certs[0].Until = now.Add(-4*day), now.Add(2*day-time.Minute)
		}},
		{"cert pending", func(d *doors, now time.Time) {
			d.certs = append(d.certs, proxy.CertificateStatus{Kind: "acme", Host: "new", Pending: true})
		}},
		{"cert EXPIRED", func(d *doors, now time.Time) { d.certs[0].Until = now.Add(-time.Hour) }},
		{"DNS STOPPED", func(d *doors, now time.Time) {
			n := d.names.Accounts[0].Names
			d.names.Accounts[0].Names = append(n, ddns.NameStatus{FQDN: "x", Class: ddns.Retry, At: now}, ddns.NameStatus{FQDN: "y", Class: ddns.Stop, At: now})
		}},
		{"DNS new", func(d *doors, now time.Time) { d.names.Accounts[0].Names[0].At = time.Time{} }},
		{"DNS address?", func(d *doors, now time.Time) { d.names.Accounts[0].Problem = "no two sources agree" }},
		{"up 3/3  DNS ok", func(d *doors, now time.Time) { d.certs = nil }},
		{"up 3/3  cert 21d", func(d *doors, now time.Time) { d.names = ddns.Status{} }},
	} {
		line := header(t, 160, func(w *world, d *doors) { well(w, d); c.change(d, time.Now()) })
		if !strings.Contains(line+" ", c.want) || strings.Contains(c.want, "up 3/3") && strings.Contains(line, "cert") == strings.Contains(line, "DNS") {
			t.Errorf("no %q: %q", c.want, line)
		}
	}
}
