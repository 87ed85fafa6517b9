package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/config/atomicfile"
	"forge.home.arpa/portico/ddns"
)

// alarm is an alerter whose world and webhook are the test's.
type alarm struct {
	*alerter
	mu     sync.Mutex
	view   view
	config *config.Alert
	posted []string
	fail   func(try int) error // nil never fails
	log    lockedBuffer
}

func newAlarm(t *testing.T, state string, on ...string) *alarm {
	a := &alarm{config: &config.Alert{On: on}}
	a.alerter = &alerter{log: slog.New(slog.NewTextHandler(&a.log, nil)), wake: make(chan struct{}, 1),
		config: func() *config.Alert { a.mu.Lock(); defer a.mu.Unlock(); return a.config },
		look:   func() view { a.mu.Lock(); defer a.mu.Unlock(); return a.view },
		post: func(_ context.Context, _ string, n note) error {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.posted = append(a.posted, n.State+" "+n.Event+" "+n.About)
			if a.fail != nil {
				return a.fail(len(a.posted))
			}
			return nil
		}}
	if state != "" {
		a.file = atomicfile.New(filepath.Join(state, toldName))
	}
	return a
}

func (a *alarm) start(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = a.Run(ctx)
	}()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(stop)
	return stop
}

func (a *alarm) set(wrong ...fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.view.wrong = wrong
}

// saying is what was posted since the last call, after some time.
func (a *alarm) saying(d time.Duration) string {
	time.Sleep(d)
	a.mu.Lock()
	defer a.mu.Unlock()
	out := strings.Join(a.posted, ", ")
	a.posted = nil
	return out
}

var down = fault{"upstream", "http://nas:80", "http://nas:80 is down"}

// TestAlertOnce: what begins and what ends is told once each; what heals at once
// is not.
func TestAlertOnce(t *testing.T) {
	state := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := newAlarm(t, state)
		stop := a.start(t)
		a.set(down)
		if got := a.saying(time.Hour); got != "wrong upstream http://nas:80" {
			t.Errorf("when it begins: %q", got)
		}
		a.set()
		time.Sleep(lookEvery)
		a.set(down)
		if got := a.saying(time.Hour); got != "" {
			t.Errorf("when it seems to end: %q", got)
		}
		stop()

		a = newAlarm(t, state)
		a.set(down)
		stop = a.start(t)
		if got := a.saying(time.Hour); got != "" {
			t.Errorf("after a restart: %q", got)
		}
		a.mu.Lock()
		a.view = view{unknown: map[string]bool{down.key(): true}}
		a.mu.Unlock()
		if got := a.saying(time.Hour); got != "" {
			t.Errorf("while nothing is known of it: %q", got)
		}
		a.mu.Lock()
		a.view = view{}
		a.mu.Unlock()
		if got := a.saying(time.Hour); got != "over upstream http://nas:80" {
			t.Errorf("when it is over: %q", got)
		}
		a.set(down)
		time.Sleep(lookEvery)
		a.set()
		if got := a.saying(time.Hour); got != "" {
			t.Errorf("a moment's failure: %q", got)
		}
		stop()
	})
}

// TestAlertHome: another public address is news; none at all is not.
func TestAlertHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAlarm(t, "")
		a.start(t)
		for _, step := range []struct {
			home map[string]string
			want string
		}{
			{map[string]string{"IPv4 auto": "203.0.113.7"}, ""},
			{nil, ""},
			{map[string]string{"IPv4 auto": "203.0.113.7", "IPv6 auto": "2001:db8::7"}, ""},
			{map[string]string{"IPv4 auto": "203.0.113.7", "IPv4 interface:ppp1": "203.0.113.99"}, ""},
			{map[string]string{"IPv4 auto": "203.0.113.8", "IPv6 auto": "2001:db8::7"}, "news ddns IPv4"},
		} {
			a.mu.Lock()
			a.view.home = step.home
			a.mu.Unlock()
			if got := a.saying(time.Minute); got != step.want {
				t.Errorf("%v: %q, want %q", step.home, got, step.want)
			}
		}
	})
}

// TestAlertHomeOverRestart: an address that changed while nobody looked is told
// too, and a home between two addresses does not fill a telephone.
func TestAlertHomeOverRestart(t *testing.T) {
	state := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		at := func(a *alarm, addr string) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.view.home = map[string]string{"IPv4 auto": addr}
		}
		a := newAlarm(t, state)
		at(a, "203.0.113.7")
		stop := a.start(t)
		if got := a.saying(time.Minute); got != "" {
			t.Errorf("at first: %q", got)
		}
		stop()
		a = newAlarm(t, state)
		at(a, "203.0.113.8")
		a.start(t)
		if got := a.saying(time.Minute); got != "news ddns IPv4" {
			t.Errorf("after a restart: %q", got)
		}
		for i := range 200 {
			at(a, "203.0.113."+[]string{"8", "9"}[i%2])
			time.Sleep(50 * time.Second)
		}
		if got := strings.Count(a.saying(time.Hour), "news"); got < 1 || got > 3 {
			t.Errorf("told %d times of an address that comes and goes", got)
		}
	})
}

// TestAlertFlapping: what comes and goes all day is told a few times, and once
// when it is over for good.
func TestAlertFlapping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAlarm(t, "")
		a.start(t)
		for range 24 * 30 {
			a.set(down)
			time.Sleep(time.Minute)
			a.set()
			time.Sleep(time.Minute)
		}
		told := a.saying(0)
		if n := strings.Count(told, ","); n < 2 || n > 6 {
			t.Errorf("told %d times", n)
		}
		if got := a.saying(2 * time.Hour); got != "over upstream http://nas:80" {
			t.Errorf("in the end: %q", got)
		}
		time.Sleep(2 * calmDay)
		a.set(down)
		if got := a.saying(time.Minute); got != "wrong upstream http://nas:80" {
			t.Errorf("days later: %q", got)
		}
		a.set()
		if got := a.saying(time.Minute); got != "over upstream http://nas:80" {
			t.Errorf("days later, when it is over: %q", got)
		}
	})
}

// TestAlertUndelivered: what could not be delivered is when the line is back,
// also by the next portico.
func TestAlertUndelivered(t *testing.T) {
	state := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := newAlarm(t, state)
		a.fail = func(int) error { return errors.New("no route to host") }
		stop := a.start(t)
		a.set(down)
		time.Sleep(3 * time.Hour)
		a.mu.Lock()
		a.posted, a.fail = nil, nil
		a.mu.Unlock()
		if got := a.saying(20 * time.Minute); got != "wrong upstream http://nas:80" {
			t.Errorf("when the line is back: %q", got)
		}
		a.mu.Lock()
		a.fail = func(int) error { return errors.New("no route to host") }
		a.mu.Unlock()
		a.set()
		time.Sleep(time.Minute)
		stop()
		if n := strings.Count(a.log.String(), "not delivered yet"); n != 2 {
			t.Errorf("logged %d times:\n%s", n, a.log.String())
		}
		a = newAlarm(t, state)
		a.start(t)
		if got := a.saying(time.Minute); got != "over upstream http://nas:80" {
			t.Errorf("after a restart: %q", got)
		}
		a.mu.Lock()
		a.fail = func(int) error { return errors.New("no route to host") }
		a.mu.Unlock()
		a.set(down)
		time.Sleep(2 * postAge)
		if !strings.Contains(a.log.String(), "could not be delivered") {
			t.Errorf("it is never given up:\n%s", a.log.String())
		}
	})
}

// TestAlertOfNames: a name that fails is told when it has for an hour, however
// long ago it was published; one that was stopped is told at once.
func TestAlertOfNames(t *testing.T) {
	now := time.Now()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for _, c := range []struct {
		name ddns.NameStatus
		told bool
	}{
		{ddns.NameStatus{Class: ddns.OK, At: ago(time.Hour), OK: ago(time.Hour)}, false},
		{ddns.NameStatus{Class: ddns.OK}, false},
		{ddns.NameStatus{Class: ddns.Retry, At: ago(time.Second), OK: ago(1000 * time.Hour), Failing: ago(time.Minute)}, false},
		{ddns.NameStatus{Class: ddns.Retry, At: ago(time.Second), Failing: ago(time.Minute)}, false},
		{ddns.NameStatus{Class: ddns.Wait, At: ago(time.Second), Failing: ago(2 * time.Hour)}, true},
		{ddns.NameStatus{Class: ddns.Stop, At: ago(time.Second), Failing: ago(time.Second)}, true},
	} {
		v := view{home: map[string]string{}}
		v.names(ddns.Status{Accounts: []ddns.AccountStatus{{Names: []ddns.NameStatus{c.name}}}}, now)
		if (len(v.wrong) > 0) != c.told {
			t.Errorf("%+v: %v", c.name, v.wrong)
		}
	}
}

// TestAlertOn: only what the table names is told, and nothing without a table.
func TestAlertOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAlarm(t, "", "certificate")
		a.start(t)
		a.set(down, fault{"certificate", "www.example.com", "ends"})
		if got := a.saying(time.Minute); got != "wrong certificate www.example.com" {
			t.Errorf("%q", got)
		}
		a.mu.Lock()
		a.config = &config.Alert{On: []string{"upstream"}}
		a.mu.Unlock()
		if got := a.saying(time.Minute); got != "wrong upstream http://nas:80" {
			t.Errorf("told another: %q", got)
		}
		a.mu.Lock()
		a.config = nil
		a.mu.Unlock()
		a.set()
		if got := a.saying(time.Minute); got != "" {
			t.Errorf("without a table: %q", got)
		}
	})
}

// TestAlertDelivery: a webhook that fails is asked a few times, one that refuses
// once, and what waits meanwhile is bounded.
func TestAlertDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAlarm(t, "")
		stop := a.start(t)
		a.fail = func(try int) error {
			if try < 3 {
				return errors.New("no route to host")
			}
			return nil
		}
		a.set(down)
		if got := strings.Count(a.saying(time.Hour), "wrong"); got != 3 {
			t.Errorf("tried %d times", got)
		}
		a.fail = func(int) error { return &refusedError{"the webhook answered 404"} }
		a.set()
		if got := a.saying(time.Hour); got != "over upstream http://nas:80" {
			t.Errorf("refused: %q", got)
		}
		a.fail = func(int) error { return errors.New("no route to host") }
		var all []fault
		for i := range 500 {
			all = append(all, fault{"certificate", fmt.Sprint(i), "ends"})
		}
		a.set(all...)
		time.Sleep(time.Minute)
		a.alerter.mu.Lock()
		if n := len(a.Queue); n > maxNotes {
			t.Errorf("%d wait", n)
		}
		a.alerter.mu.Unlock()
		stop()
	})
}

// TestPost: JSON for a webhook, text for ntfy, no redirect, and an error that
// keeps the address.
func TestPost(t *testing.T) {
	var got *http.Request
	var body []byte
	status := 200
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer s.Close()
	n := note{time.Unix(0, 0).UTC(), "pi", "upstream", "http://nas:80", "wrong", "http://nas:80 is down"}
	post := newPoster().post
	if err := post(t.Context(), s.URL+"/hook-secret", n); err != nil {
		t.Fatal(err)
	}
	var back note
	if err := json.Unmarshal(body, &back); err != nil || back != n || got.Header.Get("Content-Type") != "application/json" || got.Method != "POST" {
		t.Errorf("%v %+v %s", err, back, body)
	}
	var refused *refusedError
	for code, final := range map[int]bool{301: true, 307: true, 404: true, 429: false, 500: false} {
		status = code
		err := post(t.Context(), s.URL+"/hook-secret", n)
		if err == nil || errors.As(err, &refused) != final || strings.Contains(err.Error(), "hook-secret") {
			t.Errorf("%d: %v", code, err)
		}
		if got.URL.Path != "/hook-secret" {
			t.Errorf("%d was followed to %s", code, got.URL)
		}
	}
	s.Close()
	if err := post(t.Context(), s.URL+"/hook-secret", n); err == nil || strings.Contains(err.Error(), "hook-secret") {
		t.Errorf("nobody there: %v", err)
	}
	r, err := noteRequest(t.Context(), "https://ntfy.test/topic", n)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(r.Body)
	if string(text) != n.Text || r.Header.Get("Title") != "portico on pi: upstream" || r.Header.Get("Tags") != "warning" {
		t.Errorf("to ntfy: %q %v", text, r.Header)
	}
}

// TestAlertOfDeadUpstream: the whole way, from a server that is gone to the
// webhook, and back.
func TestAlertOfDeadUpstream(t *testing.T) {
	h := newHome(t)
	notes := make(chan note, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var n note
		_ = json.NewDecoder(r.Body).Decode(&n)
		notes <- n
	}))
	defer hook.Close()
	port, dead := freePort(t), freePort(t)
	h.write("portico.toml", fmt.Sprintf("[server]\nhttp = \"127.0.0.1:%d\"\n[alert]\nurl = %q\n[route.one]\nhost = \"*\"\nto = \"http://127.0.0.1:%d\"\nhealth = { path = \"/\", interval = \"1s\", fall = 1, rise = 1, expect = \"200-499\" }\n",
		port, hook.URL+"/topic-secret", dead))
	h.start("run", "--headless").serving()
	for _, state := range []string{"wrong", "over"} {
		select {
		case n := <-notes:
			if n.Event != "upstream" || n.State != state || !strings.Contains(n.Text, "is down (route one)") || n.Host == "" {
				t.Errorf("%+v, want %s", n, state)
			}
		case <-time.After(3 * soon):
			t.Fatal("nothing was told")
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", dead))
		if err != nil {
			return // told of both
		}
		revived := &http.Server{Handler: http.NotFoundHandler()}
		go func() { _ = revived.Serve(l) }()
		defer revived.Close()
	}
}
