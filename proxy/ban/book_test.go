package ban_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"forge.home.arpa/portico/proxy/ban"
)

func nth(n int) netip.Prefix {
	var b [16]byte
	b[0], b[1] = 0x20, 0x01
	binary.BigEndian.PutUint32(b[4:], uint32(n))
	return netip.PrefixFrom(netip.AddrFrom16(b), 64)
}

var terms = ban.Terms{After: 3, Within: time.Minute, For: time.Hour}

func offend(b *ban.Book, client netip.Prefix) bool {
	return b.Offend(client, ban.Offence{At: time.Now(), What: "bad_request"}, terms)
}

func banned(b *ban.Book, client netip.Prefix) bool {
	_, is := b.Banned(client, time.Now())
	return is
}

// bansAfter is how many offences it takes.
func bansAfter(b *ban.Book, client netip.Prefix) (n int) {
	for n < 10 {
		if n++; offend(b, client) {
			return n
		}
	}
	return 0
}

func TestBanned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b ban.Book
		for n := range 3 {
			if banned(&b, nth(1)) || !b.Empty() {
				t.Fatalf("banned after %d", n)
			}
			if got := offend(&b, nth(1)); got != (n == 2) {
				t.Errorf("offence %d: banned is %v", n, got)
			}
		}
		if !banned(&b, nth(1)) || banned(&b, nth(2)) || b.Empty() {
			t.Error("the one who offended is banned and no other")
		}
		time.Sleep(time.Hour - 1)
		if !banned(&b, nth(1)) {
			t.Error("the ban ended early")
		}
		time.Sleep(time.Nanosecond)
		if banned(&b, nth(1)) || offend(&b, nth(1)) {
			t.Error("the ban did not end, or what led to it counts again")
		}
		b.Sweep(time.Now(), terms.Within)
		if !b.Empty() || len(b.Bans(time.Now(), 100)) != 0 {
			t.Error("the book keeps what is over")
		}
	})
}

func TestOffencesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b ban.Book
		for range 100 {
			if offend(&b, nth(1)) {
				t.Fatal("banned for three offences in more than a minute")
			}
			time.Sleep(31 * time.Second)
		}
	})
}

// TestWindow compares with a list of all times: what counts lies within the
// window, and only what lies in its oldest sixteenth may be missing.
func TestWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		within := time.Duration(rapid.Int64Range(int64(time.Second), int64(time.Hour)).Draw(t, "within"))
		after := rapid.IntRange(1, 40).Draw(t, "after")
		var b ban.Book
		now := time.Unix(1_700_000_000, 0)
		var times []time.Time
		for range rapid.IntRange(1, 120).Draw(t, "offences") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(within)/8).Draw(t, "pause")))
			times = append(times, now)
			got := b.Offend(nth(1), ban.Offence{At: now}, ban.Terms{After: after, Within: within, For: time.Nanosecond})
			most, least := 0, 0
			for _, at := range times {
				if now.Sub(at) <= within {
					most++
				}
				if now.Sub(at) <= within-within/16-within/100 {
					least++
				}
			}
			if got && most < after || !got && least >= after {
				t.Fatalf("banned is %v with %d to %d of %d", got, least, most, after)
			}
			if got {
				times, now = nil, now.Add(time.Nanosecond)
			}
		}
	})
}

// TestTermsChange: an edit of the terms counts anew, and costs nothing.
func TestTermsChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b ban.Book
		for _, within := range []time.Duration{time.Second, 1000 * time.Hour, time.Second, time.Minute} {
			for range 2 {
				if b.Offend(nth(1), ban.Offence{At: time.Now()}, ban.Terms{After: 3, Within: within, For: time.Hour}) {
					t.Error("offences of other terms were counted together")
				}
			}
			b.Sweep(time.Now(), within)
			time.Sleep(2 * within)
		}
	})
}

func TestEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b ban.Book
		began := time.Now()
		for n := range 8 {
			b.Offend(nth(1), ban.Offence{At: time.Now(), What: fmt.Sprint("offence ", n)}, ban.Terms{After: 8, Within: time.Minute, For: time.Hour})
			time.Sleep(time.Second)
		}
		offend(&b, nth(2))
		offend(&b, nth(2))
		offend(&b, nth(2))
		list := b.Bans(time.Now(), 100)
		if len(list) != 2 || list[0].Client != nth(2) {
			t.Fatalf("%+v", list)
		}
		one := list[1]
		if one.Count != 8 || !one.Since.Equal(began.Add(7*time.Second)) || !one.Until.Equal(one.Since.Add(time.Hour)) {
			t.Errorf("%+v", one)
		}
		if len(one.Evidence) != 5 || one.Evidence[0].What != "offence 3" || one.Evidence[4].What != "offence 7" || !one.Evidence[4].At.Equal(one.Since) {
			t.Errorf("%+v", one.Evidence)
		}
		one.Evidence[0].What = "changed"
		if b.Bans(time.Now(), 100)[1].Evidence[0].What != "offence 3" {
			t.Error("a list shares its evidence with the book")
		}
		if got := b.Bans(time.Now(), 1); len(got) != 1 || b.Count(time.Now()) != 2 {
			t.Errorf("%d listed, %d counted", len(got), b.Count(time.Now()))
		}
	})
}

func TestLift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b ban.Book
		for range 3 {
			offend(&b, nth(1))
		}
		if b.Lift(nth(2)) || !b.Lift(nth(1)) || banned(&b, nth(1)) || !b.Empty() {
			t.Error("lifting did not lift")
		}
		if bansAfter(&b, nth(1)) != 3 {
			t.Error("a ban that was lifted leaves something behind")
		}
	})
}

func TestTrusted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b ban.Book
		offend(&b, nth(1))
		offend(&b, nth(1))
		b.Trust(nth(1), time.Now())
		time.Sleep(12 * time.Hour)
		for range 10 {
			if offend(&b, nth(1)) {
				t.Fatal("one that authenticated today was banned")
			}
		}
		b.Trust(nth(1), time.Now())
		time.Sleep(24*time.Hour - 1)
		for range 10 {
			if offend(&b, nth(1)) {
				t.Fatal("one that authenticated again was banned")
			}
		}
		time.Sleep(time.Nanosecond)
		if bansAfter(&b, nth(1)) != 3 {
			t.Error("after a day it can be banned as any other")
		}
	})
}

// TestFloodsAreBounded: many addresses neither fill the memory nor save the one
// that goes on offending.
func TestFloodsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b ban.Book
		offend(&b, nth(1<<20))
		offend(&b, nth(1<<20))
		for n := range 30_000 {
			offend(&b, nth(n))
		}
		if got := b.Watched(); got != 10_000 {
			t.Errorf("%d are watched", got)
		}
		if !offend(&b, nth(1<<20)) {
			t.Error("the one with two offences was forgotten for those with one")
		}
		for n := range 12_000 {
			for range 3 {
				offend(&b, nth(n))
			}
			time.Sleep(time.Millisecond)
		}
		list := b.Bans(time.Now(), 20_000)
		if len(list) != 10_000 || list[0].Client != nth(11_999) {
			t.Errorf("%d bans, the newest of %v", len(list), list[0].Client)
		}
		for n := range 12_000 {
			b.Trust(nth(n), time.Now())
		}
		time.Sleep(25 * time.Hour)
		b.Sweep(time.Now(), terms.Within)
		if b.Watched() != 0 || b.Count(time.Now()) != 0 || b.Trusted() != 0 {
			t.Error("the book keeps what is over")
		}
	})
}
