package tomldoc

import (
	"errors"
	"testing"
)

// An edit that does more than it says must not pass, whatever made it do so.
func TestWrongSplicesAreRefused(t *testing.T) {
	const src = "a = 1\nb = 2\n"
	setA := func(root map[string]any) error { return modelSet(root, Path{"a"}, int64(9)) }
	for _, c := range []struct {
		name string
		text splice
		want error
	}{
		{"what was asked", splice{span{4, 5}, "9"}, nil},
		{"another value", splice{span{4, 5}, "8"}, errMismatch},
		{"another key too", splice{span{4, 11}, "9\nb = 3"}, errMismatch},
		{"nothing", splice{span{0, 0}, ""}, errMismatch},
		{"another type", splice{span{4, 5}, "9.0"}, errMismatch},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Parse([]byte(src))
			if err != nil {
				t.Fatal(err)
			}
			err = d.edit(func(w *Doc) error { return w.splice(c.text) }, setA)
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if err != nil && string(d.src) != src {
				t.Errorf("the refused edit left %q", d.src)
			}
		})
	}
}

func TestSplicesThatBreakTheText(t *testing.T) {
	d, err := Parse([]byte("a = 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	err = d.edit(func(w *Doc) error { return w.splice(splice{span{4, 5}, "["}) }, func(map[string]any) error { return nil })
	if err == nil || string(d.src) != "a = 1\n" {
		t.Errorf("error %v, text %q", err, d.src)
	}
}
