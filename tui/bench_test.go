package tui

import (
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// BenchmarkKey is a key and its frame while 50,000 records a second arrive and
// frames come 60 times a second.
func BenchmarkKey(b *testing.B) {
	for _, c := range []struct{ name, filter string }{{"all", ""}, {"sparse", "nothing-has-this"}, {"half", "route:git|route:ha|route:photos"}} {
		b.Run(c.name, func(b *testing.B) {
			w := home()
			for i := range 10_000 {
				w.request(i)
			}
			m := newModel(Source{Proxy: w}, modelOptions{Env: environment{Colors: 16, UTF8: true}, Width: 80, Height: 24, Now: time.Now}).(*model)
			m.facts = facts{known: true, status: w.status}
			m.show(m.requests)
			m.View()
			if err := m.setFilter(c.filter); err != nil {
				b.Fatal(err)
			}
			keys := []tea.KeyMsg{keyMsg("k"), keyMsg("j"), keyMsg("G"), keyMsg("pgup")}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				b.StopTimer()
				for i := range 833 {
					r := row(i)
					w.log.Put(&r, nil, nil)
				}
				b.StartTimer()
				m.Update(tickMsg{})
				m.Update(keys[n%len(keys)])
				m.View()
				n++
			}
		})
	}
}
