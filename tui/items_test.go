package tui

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestItems(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" , ", nil},
		{"a b,c", []string{"a", "b", "c"}},
		{`"/a,b/*" /c`, []string{"/a,b/*", "/c"}},
		{`"~^/a,b/(c d)$" /sp%20ace`, []string{"~^/a,b/(c d)$", "/sp%20ace"}},
		{"~^/x{1,2}$ /y", []string{"~^/x{1,2}$", "/y"}},
		{`"say ""hi"""`, []string{`say "hi"`}},
		{`"not closed, yet`, []string{"not closed, yet"}},
		{`a"b c`, []string{`a"b`, "c"}},
		{`""`, []string{""}},
	} {
		if got := items(c.text); !slices.Equal(got, c.want) {
			t.Errorf("items(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestLastItem(t *testing.T) {
	for _, c := range []struct{ text, before, last string }{
		{"", "", ""}, {"edit", "", "edit"}, {"edit ", "edit ", ""}, {"edit gi", "edit ", "gi"},
		{`edit "my ph`, "edit ", "my ph"}, {`edit "my photos"`, "edit ", "my photos"}, {`edit "my" `, `edit "my" `, ""},
	} {
		if before, last := lastItem(c.text, unicode.IsSpace); before != c.before || last != c.last {
			t.Errorf("lastItem(%q) = %q, %q", c.text, before, last)
		}
	}
}

// FuzzItems: what is spelled is read again, in a field and in a command.
func FuzzItems(f *testing.F) {
	for _, s := range []string{"a", "a b", "a,b", `"`, `""`, "~a,b", "~a b", " ", ",", "é\u00a0", "\n"} {
		f.Add(s, "x,y")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		want := []string{a, b}
		if got := items(joined(want)); !slices.Equal(got, want) {
			t.Errorf("%q is read as %q", joined(want), got)
		}
		if got := arguments(joined(want)); !slices.Equal(got, want) {
			t.Errorf("%q is read as %q by a command", joined(want), got)
		}
		if before, last := lastItem("x "+begun(a), unicode.IsSpace); a != "" && (last != a || !strings.HasPrefix(before, "x ")) {
			t.Errorf("%q ends with %q", "x "+begun(a), last)
		}
	})
}
