package tui

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

// newcomer is a home to which a public route is being added.
type newcomer struct {
	*person
	world *world
	doors *doors
	probe error // why its upstream does not answer
	asked int   // upstreams
}

const newHost = "pics.home.example"

// addRoute sits down before a console and adds a route by its command.
func addRoute(t *testing.T, host string, o modelOptions, silence ...error) *newcomer {
	t.Helper()
	n := &newcomer{world: home(), doors: wellDoors(time.Now()), probe: errors.Join(silence...)}
	n.world.status.Upstreams = n.world.status.Upstreams[:3]
	n.doors.leads = map[string]Leading{newHost: {Says: "has no address in the DNS", Do: "add a record for it: " + newHost + " A 203.0.113.7"}}
	src := n.world.source(realStore(t, n.world, plainFile))
	src.Locks = n.doors
	src.Probe = func(_ context.Context, _ *config.Config, target string) ([]proxy.Probe, error) {
		n.asked++
		p := proxy.Probe{URL: target, OK: n.probe == nil}
		if n.probe != nil {
			p.Detail = n.probe.Error()
		}
		return []proxy.Probe{p}, nil
	}
	n.person = sit(t, src, o)
	n.press(":")
	n.write("add " + host + " http://10.0.0.9:80")
	n.press("enter")
	n.wait(time.Second)
	n.press("y")
	for i := range n.world.status.Routes {
		if r := &n.world.status.Routes[i]; r.Name == "pics" {
			r.Health = proxy.StateUnknown
		}
	}
	n.wait(2 * time.Second)
	return n
}

// certificate says how the new host's stands.
func (n *newcomer) certificate(change func(*proxy.CertificateStatus)) {
	c := proxy.CertificateStatus{Host: newHost, Kind: "acme", Pending: true, Why: newHost + " has no address in the DNS yet"}
	if change != nil {
		change(&c)
	}
	n.doors.certs = append(n.doors.certs[:1:1], c)
}

// TestChecklist: it stands until all that a new route needs is there, says why
// not yet, and goes by itself.
func TestChecklist(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		n := addRoute(t, newHost, modelOptions{Env: environment{UTF8: true}, Width: 100, Height: 30}, fmt.Errorf("refused 10.0.0.9:80"))
		n.certificate(nil)
		n.wait(15 * time.Second)
		n.press("1")
		n.sees("new: pics", "✗ upstream not yet", "✗ record not yet", "✗ certificate not yet", "refused 10.0.0.9:80",
			"has no address in the DNS", "→ add a record for it", "asked by itself")
		n.misses("no certificate for", "all well") // it is told once, and is not well
		n.probe = nil
		n.doors.leads[newHost] = Leading{Here: true}
		n.wait(15 * time.Second)
		n.sees("■ upstream ok", "■ record ok", "✗ certificate not yet")
		asked := n.asked
		n.wait(time.Minute)
		if n.asked != asked {
			t.Errorf("an upstream that answers was asked %d times more", n.asked-asked)
		}
		n.certificate(func(c *proxy.CertificateStatus) {
			c.Pending, c.From, c.Until = false, time.Now(), time.Now().Add(90*24*time.Hour)
		})
		n.wait(2 * time.Second)
		n.misses("new: pics")
	})
}

// TestChecklistAppliesOnly: a route that the world need not find has no line for
// it; one whose upstream answers has no list at all.
func TestChecklistAppliesOnly(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		n := addRoute(t, "pics.home.lan", modelOptions{Width: 100, Height: 30})
		n.press("1")
		n.misses("new: pics")
	})
	atNoon(t, func(t *testing.T) {
		n := addRoute(t, "pics.elsewhere.example", modelOptions{Width: 100, Height: 30}) // no table keeps it, no authority is asked
		n.press("1")
		n.misses("new: pics")
	})
}

// TestChecklistLeads: Enter goes to what mends, d dismisses.
func TestChecklistLeads(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		n := addRoute(t, newHost, modelOptions{Width: 100, Height: 30})
		n.certificate(nil)
		n.wait(15 * time.Second)
		n.press("1")
		for range 3 { // from the news
			if n.line("record: ") != "" && n.line("record: ")[0] == '>' {
				break
			}
			n.press("j")
		}
		n.press("enter")
		n.sees("record of the new route pics", "add a record for it: pics.home.example A 203.0.113.7")
		n.press("esc", "j", "enter")
		n.sees("[5 Certs & DNS]", ">pics.home.example")
		names := &n.doors.names.Accounts[0].Names
		*names = append(*names, ddns.NameStatus{FQDN: newHost, Class: ddns.Stop, At: time.Now(), Words: "no such host"})
		n.wait(2 * time.Second)
		n.press("1")
		n.sees("namecheap says: no such host", "mend [ddns.home]")
		n.press("d")
		n.misses("new: pics")
		n.sees("no longer followed: pics", "no certificate for "+newHost, newHost+" is not published", "nobody finds it yet")
		n.press("d")
		n.sees("no new route waits")
	})
}

// TestChecklistOfARouteThatGoes: what is undone is followed no more.
func TestChecklistOfARouteThatGoes(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		n := addRoute(t, newHost, modelOptions{Width: 100, Height: 30})
		n.certificate(nil)
		n.wait(2 * time.Second)
		n.press("1")
		n.sees("new: pics")
		n.press("u")
		n.press("y")
		n.wait(2 * time.Second)
		n.misses("new: pics")
	})
}

func TestGoldenChecklist(t *testing.T) {
	var frames []string
	for _, size := range goldenSizes {
		for _, l := range goldenLooks {
			atNoon(t, func(t *testing.T) {
				n := addRoute(t, newHost, modelOptions{Env: l.env, Width: size[0], Height: size[1]})
				n.certificate(nil)
				n.wait(15 * time.Second)
				n.press("1", "j")
				frame := n.look()
				checkSigns(t, frame)
				frames = append(frames, fmt.Sprintf("%dx%d %s\n%s%s", size[0], size[1], l.name, frame, frameEnd))
			})
		}
	}
	golden(t, "checklist", frames)
}
