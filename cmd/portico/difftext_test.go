package main

import (
	"bytes"
	"testing"
)

func TestDiffSaysWhere(t *testing.T) {
	var out bytes.Buffer
	err := printDiff(&out, "f", []diffLine{
		{" ", 4, "a"}, {"-", 5, "b"}, {"-", 6, "c"}, {"+", 5, "\x1b[31mB"}, {" ", 6, "d"},
		{" ", 20, "e"}, {"+", 21, "\tf"}, {"-", 40, "g"},
	})
	want := "f:4:\n  a\n- b\n- c\n+ ?[31mB\n  d\nf:20:\n  e\n+ \tf\nf:40:\n- g\n"
	if err != nil || out.String() != want {
		t.Errorf("%v\n%swant\n%s", err, out.String(), want)
	}
}
