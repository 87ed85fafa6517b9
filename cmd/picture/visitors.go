package main

import (
	"context"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// habit is what visitors ask for; weight says how often.
type habit struct {
	weight       int
	method, host string
	paths        []string
	body         int // bytes
}

var habits = []habit{
	{30, "GET", "photos.home.lan", []string{"/api/v1/photos?count=120&offset=240", "/t/8f3a2c/tile_500", "/t/51be90/tile_500", "/t/c2d417/fit_1280", "/library/browse"}, 0},
	{14, "GET", "media.home.lan", []string{"/Items/4711/Images/Primary?quality=90", "/Users/ann/Items/Resume", "/Sessions", "/web/index.html"}, 0},
	{10, "GET", "cloud.home.lan", []string{"/status.php", "/ocs/v2.php/apps/notifications/api/v2/notifications", "/remote.php/dav/calendars/ann/personal"}, 0},
	{6, "PUT", "cloud.home.lan", []string{"/remote.php/dav/files/ann/Photos/IMG_2041.jpg", "/remote.php/dav/files/ann/Photos/IMG_2042.jpg"}, 300_000},
	{4, "GET", "git.home.lan", []string{"/ann/portico", "/api/v1/repos/ann/portico", "/user/events"}, 0},
	{2, "GET", "www.home.lan", []string{"/"}, 0},
	{1, "GET", "203.0.113.9", []string{"/.env", "/wp-login.php"}, 0},
}

// visitor is who asks.
type visitor struct{ address, agent string }

var visitors = []visitor{
	{"192.168.1.23", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	{"192.168.1.40", "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15"},
	{"192.168.1.52", "okhttp/4.12.0"},
	{"203.0.113.77", "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/138.0 Mobile"},
	{"2001:db8:4::1f", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"},
}

const (
	visitEvery = 45 * time.Millisecond
	atOnce     = 32 // what comes beyond it turns away
)

// visit sends visitors to portico until ctx ends, and returns when all left.
func visit(ctx context.Context, address string) {
	var inside sync.WaitGroup
	defer inside.Wait()
	client := &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: atOnce},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	watch := habit{method: "GET", host: "cctv.home.lan", paths: []string{"/mjpeg/front-door"}}
	inside.Go(func() { watch.visit(ctx, client, address, visitors[0]) })

	places := make(chan struct{}, atOnce)
	tick := time.NewTicker(visitEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if rand.Float64() > crowd(now) {
				continue
			}
		}
		select {
		case places <- struct{}{}:
			inside.Go(func() {
				pick().visit(ctx, client, address, visitors[rand.IntN(len(visitors))])
				<-places
			})
		default:
		}
	}
}

// crowd is the share of visits that take place: it ebbs and flows within
// minutes, as an evening does within hours.
func crowd(now time.Time) float64 {
	return 0.6 + 0.4*math.Sin(float64(now.Unix())/60)
}

func pick() habit {
	total := 0
	for _, h := range habits {
		total += h.weight
	}
	n := rand.IntN(total)
	for _, h := range habits {
		if n -= h.weight; n < 0 {
			return h
		}
	}
	return habits[0]
}

// visit asks once and reads the answer; what goes wrong shows in the console.
func (h habit) visit(ctx context.Context, client *http.Client, address string, who visitor) {
	path := h.paths[rand.IntN(len(h.paths))]
	body := strings.NewReader(strings.Repeat("x", h.body))
	r, err := http.NewRequestWithContext(ctx, h.method, "http://"+address+path, body)
	if err != nil {
		return
	}
	r.Host = h.host
	r.Header.Set("X-Forwarded-For", who.address)
	r.Header.Set("User-Agent", who.agent)
	answer, err := client.Do(r)
	if err != nil {
		return
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
}
