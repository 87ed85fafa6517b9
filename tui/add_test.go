package tui

import (
	"strings"
	"testing"
	"time"
)

// TestAddFromEverywhere: a opens the form of a new route wherever letters are
// keys, and esc leads back there.
func TestAddFromEverywhere(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []string
		back string
	}{
		{"now", []string{"1"}, "[1 Now]"},
		{"requests", []string{"2"}, "[2 Requests]"},
		{"detail", []string{"2", "enter"}, "id       req-"},
		{"routes", []string{"3"}, "[3 Routes]"},
		{"upstreams", []string{"4"}, "[4 Upstreams]"},
		{"history", []string{"6"}, "[6 Log & History]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				e := edit(t, modelOptions{})
				e.press(c.keys...)
				e.sees("a add")
				e.press("a")
				e.sees("new route", ">host     |____")
				e.press("esc")
				e.sees(c.back)
				e.press("a")
				e.write("wiki.home.lan")
				e.press("tab", "tab")
				e.write("nas:3333")
				e.press("enter", "y")
				e.sees("done: add route wiki  (u takes it back)", c.back)
				if got := e.file(); got != homeFile+added {
					t.Errorf("the file is\n%s", got)
				}
				e.press("u", "y")
				e.sees(c.back)
				e.wantFile()
			})
		})
	}
}

// TestAddUnmatched: a before a request that found no route is for its host, in
// the list, in the detail and as a command.
func TestAddUnmatched(t *testing.T) {
	for _, keys := range [][]string{{"a"}, {"enter", "a"}, {":", "a", "d", "d", "enter"}} {
		t.Run(strings.Join(keys, " "), func(t *testing.T) {
			atNoon(t, func(t *testing.T) {
				e := edit(t, modelOptions{})
				r := row(4)
				r.Host.Set([]byte("wiki.home.lan"))
				e.world.log.Put(&r, nil, nil)
				e.press("2")
				e.wait(time.Second)
				e.press(keys...)
				e.sees("host     wiki.home.lan__", "name     wiki__", ">to ")
				e.write("nas:3333")
				e.press("enter", "y")
				if got := e.file(); got != homeFile+added {
					t.Errorf("the file is\n%s", got)
				}
			})
		})
	}
}
