package tui

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/tui/screen"
)

// counter counts what a terminal is sent.
type counter struct{ n atomic.Int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return len(b), nil
}

// busyWorld is a home whose rates are never the same for long.
type busyWorld struct{ *world }

func (w busyWorld) Status() proxy.Status {
	s := w.world.Status()
	n := int(s.Now.Unix())
	s.Total.PerSecond += float64(n % 7)
	s.Total.BytesPerSecond += float64(n % 11 << 14)
	s.Routes = append([]proxy.RouteStatus(nil), s.Routes...)
	for i := range s.Routes {
		s.Routes[i].Rates.PerSecond += float64((n + i) % 5)
		s.Routes[i].Rates.P95 += time.Duration((n+i)%3) * time.Millisecond
	}
	return s
}

// bytesASecond runs the console under the real renderer, keys pressed first,
// while ten requests a second come, and counts what the terminal is sent.
func bytesASecond(t *testing.T, w, h int, keys ...string) (rate int64) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		world := home()
		src := world.source(realStore(t, world, homeFile))
		world.status = home().status
		src.Proxy = busyWorld{world}
		var sent counter
		m := newModel(src, modelOptions{Env: environment{Colors: 16, UTF8: true}, Width: w, Height: h,
			Now: func() time.Time { return time.Now().UTC() }})
		p := tea.NewProgram(m, tea.WithAltScreen(), tea.WithFPS(60), tea.WithInput(nil),
			tea.WithOutput(screen.NewShift(&sent)), tea.WithoutSignalHandler())
		done := make(chan struct{})
		go func() { defer close(done); _, _ = p.Run() }()
		p.Send(tea.WindowSizeMsg{Width: w, Height: h})
		for _, k := range keys {
			p.Send(keyMsg(k))
		}
		const seconds = 20
		before := int64(0)
		for i := range (seconds + 5) * 10 {
			if i == 50 {
				before = sent.n.Load()
			}
			world.request(i)
			time.Sleep(100 * time.Millisecond)
		}
		rate = (sent.n.Load() - before) / seconds
		p.Quit()
		<-done
		time.Sleep(time.Minute) // the last ticks end
	})
	return rate
}

// TestBytesASecond holds what a slow link is asked to carry. Half of the
// requests fail here, so that a second list scrolls as fast as it can.
func TestBytesASecond(t *testing.T) {
	for _, size := range []struct {
		w, h int
		most float64 // KB/s
	}{{80, 24, 2}, {120, 50, 4}, {200, 50, 4}} {
		for _, c := range []struct {
			page string
			keys []string
		}{
			{"now", nil},
			{"requests", []string{"2"}},
			{"one selected", []string{"2", "k", "k", "enter"}},
		} {
			t.Run(fmt.Sprintf("%s %dx%d", c.page, size.w, size.h), func(t *testing.T) {
				rate := float64(bytesASecond(t, size.w, size.h, c.keys...)) / 1000
				t.Logf("%.1f KB/s", rate)
				if rate > size.most {
					t.Errorf("%.1f KB/s, want %.1f at most", rate, size.most)
				}
			})
		}
	}
}

// Explain implements Proxy; the world's own notes what it was asked, and two
// commands may ask at once.
func (w busyWorld) Explain(proxy.Request) (proxy.Explanation, error) {
	return proxy.Explanation{}, nil
}
