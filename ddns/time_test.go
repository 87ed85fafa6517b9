package ddns_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"forge.home.arpa/portico/ddns"
)

// TestFailureIsRetried: a failed update is sent again although the address is
// the same, with pauses that grow.
func TestFailureIsRetried(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(n int, _ *http.Request) (int, string) {
			if n < 3 {
				return 500, "oops"
			}
			return 200, "good " + v4
		}}
		s := start(t, every("noip"), options{transport: w, find: (&place{at: addresses(v4, "")}).find})
		synctest.Wait()
		if got := s.only(t); got.Class != ddns.Retry || got.V4.IsValid() {
			t.Errorf("after a failure %s, published %s", got.Class, got.V4)
		}
		time.Sleep(6 * time.Minute)
		if got := s.only(t); got.Class != ddns.OK || got.V4 != addresses(v4, "").V4 {
			t.Errorf("in the end %s %q", got.Class, got.Words)
		}
		if n := len(w.requests()); n != 3 {
			t.Errorf("%d requests, want 3", n)
		}
	})
}

// TestPausesAreBounded: a provider that is down all day is asked once an hour.
func TestPausesAreBounded(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	synctest.Test(t, func(t *testing.T) {
		w := always(500, "oops")
		start(t, every("noip"), options{transport: w, find: (&place{at: addresses(v4, "")}).find})
		time.Sleep(24 * time.Hour)
		if n := len(w.requests()); n < 25 || n > 35 {
			t.Errorf("%d requests in a day", n)
		}
	})
}

// TestNoNeedlessCalls: where nothing changes nobody is told, whatever the
// provider publishes.
func TestNoNeedlessCalls(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	answers := map[string]string{"noip": "good " + v4, "opendns": "good " + v4, "inwx": "good", "namecheap": namecheapGood, "desec": "good",
		"duckdns": "OK", "freedns": "Updated", "url": "done", "gandi": `{"message":"DNS Record Created"}`}
	for provider, body := range answers {
		t.Run(provider, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := always(200, body)
				var looks, lookups atomic.Int64
				home := addresses(v4, v6)
				s := start(t, every(provider), options{transport: w,
					find: func() (ddns.Addresses, error) { looks.Add(1); return home, nil },
					lookup: func(context.Context, ddns.Name) (ddns.Addresses, error) {
						lookups.Add(1)
						return published(provider), nil
					},
				})
				synctest.Wait()
				first := len(w.requests())
				if got := s.only(t); got.Class != ddns.OK || first == 0 {
					t.Fatalf("%s %q", got.Class, got.Words)
				}
				time.Sleep(1000 * time.Minute)
				if n := looks.Load(); n < 1000 {
					t.Errorf("looked %d times", n)
				}
				if n := lookups.Load(); n < 15 {
					t.Errorf("compared with the zone %d times", n)
				}
				if asked := w.requests()[first:]; len(asked) != 0 {
					t.Errorf("asked %q", asked)
				}
			})
		})
	}
}

// published is what the zone has after an update with both families.
func published(provider string) ddns.Addresses {
	if slices.Contains([]string{"namecheap", "opendns", "url"}, provider) {
		return addresses(v4, "")
	}
	return addresses(v4, v6)
}

// TestWaitSurvivesRestart: until the time that the provider named nobody asks,
// and then somebody does.
func TestWaitSurvivesRestart(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	state := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := always(429, "slow down")
		w.header = http.Header{"Retry-After": {"7200"}}
		o := options{transport: w, state: state, find: (&place{at: addresses(v4, "")}).find}
		s := start(t, every("noip"), o)
		time.Sleep(time.Hour)
		s.stop()
		s = start(t, every("noip"), o)
		time.Sleep(50 * time.Minute)
		if n := len(w.requests()); n != 1 {
			t.Errorf("%d requests before the time", n)
		}
		if got := s.only(t); got.Class != ddns.Wait || got.Next.IsZero() {
			t.Errorf("%s, next %s", got.Class, got.Next)
		}
		time.Sleep(20 * time.Minute)
		if n := len(w.requests()); n != 2 {
			t.Errorf("%d requests after it", n)
		}
	})
	if info, err := os.Stat(filepath.Join(state, "ddns.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the state: %v %v", info, err)
	}
}

// TestClockThatWasWrong: a time remembered by a clock that ran years ahead holds
// nobody up.
func TestClockThatWasWrong(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	state := t.TempDir()
	o := options{state: state, find: (&place{at: addresses(v4, "")}).find}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(20 * 365 * 24 * time.Hour)
		o.transport = always(429, "slow down")
		start(t, every("noip"), o)
		synctest.Wait()
	})
	synctest.Test(t, func(t *testing.T) {
		o.transport = always(200, "good "+v4)
		s := start(t, every("noip"), o)
		synctest.Wait()
		if got := s.only(t); got.Class != ddns.OK {
			t.Errorf("%s, next %s", got.Class, got.Next)
		}
	})
}

// TestDetectionFailure changes and deletes nothing.
func TestDetectionFailure(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	synctest.Test(t, func(t *testing.T) {
		w := always(200, "good")
		home := &place{at: addresses(v4, v6)}
		s := start(t, every("noip"), options{transport: w, find: home.find})
		synctest.Wait()
		before := len(w.requests())
		home.move("", "")
		time.Sleep(10 * time.Minute)
		if problem := s.Status().Accounts[0].Problem; !strings.Contains(problem, "nobody could tell") {
			t.Errorf("the problem is %q", problem)
		}
		home.move("", v6) // IPv4 is still away
		time.Sleep(10 * time.Minute)
		home.move(v4, v6)
		time.Sleep(10 * time.Minute)
		if asked := w.requests()[before:]; len(asked) != 0 {
			t.Errorf("asked %q", asked)
		}
		if n := strings.Count(s.log.String(), "not certain"); n != 1 {
			t.Errorf("warned %d times\n%s", n, s.log)
		}
	})
}

// TestFamilies: no family is lost, also where one is not found for a while.
func TestFamilies(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	for provider, want := range map[string]struct {
		only4, both, later []string // in the query of each request: IPv4 alone, both, a new IPv4 without IPv6 found
	}{
		"inwx":    {nil, []string{"myip=V4&myipv6=V6"}, []string{"myip=W4&myipv6=V6"}},
		"desec":   {[]string{"myipv4=V4&myipv6=preserve"}, []string{"myipv4=V4&myipv6=V6"}, []string{"myipv4=W4&myipv6=V6"}},
		"strato":  {[]string{"myip=V4"}, []string{"myip=V4,V6"}, []string{"myip=W4,V6"}},
		"dynu":    {[]string{"myip=V4"}, []string{"myip=V4&myipv6=V6"}, []string{"myip=W4&myipv6=V6"}},
		"allinkl": {[]string{"myip=V4"}, []string{"myip=V4&myip6=V6"}, []string{"myip=W4&myip6=V6"}},
		"he":      {[]string{"myip=V4"}, []string{"myip=V4", "myip=V6"}, []string{"myip=W4", "myip=V6"}},
		"duckdns": {[]string{"ip=V4&"}, []string{"ip=V4&ipv6=V6"}, []string{"ip=W4&ipv6=V6"}},
		"opendns": {[]string{"myip=V4"}, nil, []string{"myip=W4"}},
	} {
		t.Run(provider, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := always(200, "good")
				if provider == "duckdns" {
					w = always(200, "OK")
				}
				home := &place{at: addresses(v4, "")}
				s := start(t, every(provider), options{transport: w, find: home.find})
				seen := 0
				step := func(what string, want []string) {
					time.Sleep(70 * time.Minute)
					var asked []string
					for _, line := range w.requests()[seen:] {
						if _, query, _ := strings.Cut(line, "&"); provider != "desec" && provider != "duckdns" {
							line = query
						}
						asked = append(asked, strings.NewReplacer("203.0.113.8", "W4", v4, "V4", "2001%3Adb8%3A%3A7", "V6").Replace(line))
					}
					seen = len(w.requests())
					if !slices.EqualFunc(asked, want, func(a, w string) bool {
						return strings.Contains(a, w) && !strings.Contains(strings.Replace(a, w, "", 1), "V6")
					}) {
						t.Errorf("%s: asked %q, want %q", what, asked, want)
					}
				}
				step("IPv4 alone", want.only4)
				if provider == "inwx" {
					if got := s.only(t); got.Class != ddns.Retry || !strings.Contains(got.Words, "needs an IPv4 and an IPv6") {
						t.Errorf("%s %q", got.Class, got.Words)
					}
				}
				home.move(v4, v6)
				step("both", want.both)
				home.move("203.0.113.8", "")
				step("IPv6 not found", want.later)
				s.stop()
			})
		})
	}
}

// TestDrift: what somebody else changed is set again; what cannot be asked, and
// what only looks changed, is left alone.
func TestDrift(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	proxied := func(content string) func(int, *http.Request) (int, string) {
		return func(_ int, r *http.Request) (int, string) {
			switch {
			case strings.HasSuffix(r.URL.Path, "/zones"):
				return 200, cfZone
			case r.Method == "GET":
				return 200, fmt.Sprintf(`{"success":true,"result":[{"id":"R1","type":"A","content":%q,"proxied":true}]}`, content)
			}
			return 200, cfDone
		}
	}
	for _, c := range []struct {
		name, provider string
		then           func(int, *http.Request) (int, string)
		zone           ddns.Addresses
		err            error
		writes         bool
	}{
		{name: "another address", provider: "noip", zone: addresses("198.51.100.1", ""), writes: true},
		{name: "the record is gone", provider: "noip", zone: ddns.Addresses{}, writes: true},
		{name: "the same", provider: "noip", zone: addresses(v4, "")},
		{name: "an IPv6 address beside", provider: "noip", zone: addresses(v4, v6)},
		{name: "nobody can be asked", provider: "noip", err: errors.New("no network")},
		{name: "a proxied record", provider: "cloudflare", zone: addresses("104.16.0.1", ""), then: proxied(v4)},
		{name: "a proxied record that changed", provider: "cloudflare", zone: addresses("104.16.0.1", ""), then: proxied("198.51.100.1"), writes: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := always(200, "good "+v4)
				if c.then != nil {
					w.answer = c.then
				}
				s := start(t, every(c.provider), options{transport: w, find: (&place{at: addresses(v4, "")}).find,
					lookup: func(context.Context, ddns.Name) (ddns.Addresses, error) { return c.zone, c.err }})
				synctest.Wait()
				if got := s.only(t); got.Class != ddns.OK {
					t.Fatalf("%s %q", got.Class, got.Words)
				}
				first := len(w.requests())
				time.Sleep(62 * time.Minute)
				writes := false
				for _, line := range w.requests()[first:] {
					writes = writes || c.provider == "noip" || strings.HasPrefix(line, "PATCH")
				}
				if writes != c.writes {
					t.Errorf("asked %q", w.requests()[first:])
				}
			})
		})
	}
}

// TestCouldNotConfirm: a write that timed out may have landed, so the record is
// looked up before it is written again.
func TestCouldNotConfirm(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	for name, c := range map[string]struct {
		zone     ddns.Addresses
		err      error
		requests int
	}{
		"it landed":           {addresses(v4, ""), nil, 1},
		"it did not":          {addresses("198.51.100.1", ""), nil, 2},
		"nobody can be asked": {ddns.Addresses{}, errors.New("no network"), 2},
	} {
		t.Run(name, func(t *testing.T) {
			state := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answer: func(n int, _ *http.Request) (int, string) {
					if n == 1 {
						return 0, ""
					}
					return 200, "good " + v4
				}}
				o := options{transport: w, state: state, find: (&place{at: addresses(v4, "")}).find,
					lookup: func(context.Context, ddns.Name) (ddns.Addresses, error) { return c.zone, c.err }}
				s := start(t, every("noip"), o)
				time.Sleep(40 * time.Second)
				if got := s.only(t); got.Class != ddns.Retry || !strings.HasPrefix(got.Words, "could not confirm: ") {
					t.Errorf("%s %q", got.Class, got.Words)
				}
				s.stop()
				s = start(t, every("noip"), o) // which remembers
				time.Sleep(3 * time.Minute)
				if got := s.only(t); got.Class != ddns.OK || got.V4 != addresses(v4, "").V4 {
					t.Errorf("%s %q", got.Class, got.Words)
				}
				if n := len(w.requests()); n != c.requests {
					t.Errorf("%d requests, want %d", n, c.requests)
				}
			})
		})
	}
}

// TestEditElsewhere: an edit that does not touch the table disturbs nobody.
func TestEditElsewhere(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	synctest.Test(t, func(t *testing.T) {
		w := always(200, "good "+v4)
		var looks atomic.Int64
		s := start(t, every("noip"), options{transport: w, find: func() (ddns.Addresses, error) { looks.Add(1); return addresses(v4, ""), nil }})
		time.Sleep(10 * time.Second)
		for i := range 5 {
			s.apply(t, every("noip")+fmt.Sprintf("[route.r%d]\nhost = \"r%d.example.org\"\nrespond = { body = \"x\" }\n", i, i))
			synctest.Wait()
		}
		if n, l := len(w.requests()), looks.Load(); n != 1 || l != 1 {
			t.Errorf("%d requests and %d looks, want 1 of each", n, l)
		}
		s.apply(t, "")
		synctest.Wait()
		if list := s.Status().Accounts; len(list) != 0 {
			t.Errorf("tables that are gone: %+v", list)
		}
	})
}

// showing is a zone that publishes an IPv4 address.
func showing(v4 string) func(context.Context, ddns.Name) (ddns.Addresses, error) {
	return func(context.Context, ddns.Name) (ddns.Addresses, error) { return addresses(v4, ""), nil }
}

// TestVainRepairs: a record that stays another whatever the provider accepts,
// such as an alias, is set ever more rarely; no provider likes an update that
// changes nothing each hour.
func TestVainRepairs(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	synctest.Test(t, func(t *testing.T) {
		w := always(200, "nochg "+v4)
		s := start(t, every("noip"), options{transport: w, find: (&place{at: addresses(v4, "")}).find, lookup: showing("198.51.100.1")})
		time.Sleep(24*time.Hour + time.Minute)
		if n := len(w.requests()); n < 4 || n > 7 {
			t.Errorf("%d requests in a day", n)
		}
		before := len(w.requests())
		time.Sleep(7 * 24 * time.Hour)
		if n := len(w.requests()) - before; n < 6 || n > 8 {
			t.Errorf("%d requests in a week", n)
		}
		if got := s.only(t); got.Class != ddns.OK {
			t.Errorf("%s %q", got.Class, got.Words)
		}
	})
}

// TestSinceWhen: how long a name is not published counts from its first failure,
// however long ago it was accepted.
func TestSinceWhen(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	synctest.Test(t, func(t *testing.T) {
		w := always(200, "good "+v4)
		home := &place{at: addresses(v4, "")}
		s := start(t, every("noip"), options{transport: w, find: home.find})
		time.Sleep(30 * 24 * time.Hour)
		w.mu.Lock()
		w.answer = func(int, *http.Request) (int, string) { return 500, "oops" }
		w.mu.Unlock()
		home.move("203.0.113.8", "")
		time.Sleep(10 * time.Minute)
		if got := s.only(t); time.Since(got.Failing) < 8*time.Minute || time.Since(got.Failing) > 10*time.Minute {
			t.Errorf("it fails since %s", time.Since(got.Failing))
		}
		w.mu.Lock()
		w.answer = func(int, *http.Request) (int, string) { return 200, "good" }
		w.mu.Unlock()
		time.Sleep(time.Hour)
		if got := s.only(t); got.Class != ddns.OK || !got.Failing.IsZero() {
			t.Errorf("%s, failing since %s", got.Class, got.Failing)
		}
	})
}

// TestUpdateOfMany: a provider that hangs holds up no other table's update, and
// is named.
func TestUpdateOfMany(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(_ int, r *http.Request) (int, string) {
			if r.URL.Host == "dyndns.strato.com" {
				return 0, ""
			}
			return 200, "good"
		}}
		text := strings.Replace(every("strato"), "ddns.home", "ddns.dead", 1) + every("noip")
		s := start(t, text, options{transport: w, find: (&place{at: addresses(v4, "")}).find})
		time.Sleep(35 * time.Second)
		before := len(w.requests())
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := s.Update(ctx, ""); err == nil || !strings.Contains(err.Error(), "[ddns.dead]: could not confirm") {
			t.Errorf("%v", err)
		}
		if n := len(w.requests()) - before; n != 2 {
			t.Errorf("%d requests, want one for each table", n)
		}
	})
}

// TestManyNamesAtADeadProvider: a provider that hangs at each of many names holds
// up neither a person nor the next look for long.
func TestManyNamesAtADeadProvider(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	synctest.Test(t, func(t *testing.T) {
		var labels []string
		for i := range 30 {
			labels = append(labels, fmt.Sprintf("%q", fmt.Sprint("n", i)))
		}
		text := strings.Replace(every("gandi"), `["nas"]`, "["+strings.Join(labels, ", ")+"]", 1)
		s := start(t, text, options{transport: always(0, ""), find: (&place{at: addresses(v4, v6)}).find})
		time.Sleep(100 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		if err := s.Update(ctx, ""); err != nil {
			t.Error(err)
		}
		for _, n := range s.Status().Accounts[0].Names {
			if n.Class != ddns.Retry || n.Next.IsZero() {
				t.Errorf("%+v", n)
			}
		}
	})
}

// TestUpdateLooksAnew: who asks for an update just after the address changed gets
// the new one published.
func TestUpdateLooksAnew(t *testing.T) {
	t.Setenv("DDNS_PASSWORD", password)
	synctest.Test(t, func(t *testing.T) {
		home := &place{at: addresses(v4, "")}
		s := start(t, every("noip"), options{transport: always(200, "good"), find: home.find})
		time.Sleep(5 * time.Second)
		home.move("203.0.113.8", "")
		if err := s.Update(t.Context(), "home"); err != nil {
			t.Fatal(err)
		}
		if got := s.only(t); got.V4.String() != "203.0.113.8" {
			t.Errorf("published %s", got.V4)
		}
	})
}
