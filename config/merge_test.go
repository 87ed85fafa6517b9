package config_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"forge.home.arpa/portico/config"
)

func TestMergeLines(t *testing.T) {
	const base = "a\nb\nc\nd\ne\n"
	for _, c := range []struct{ name, base, mine, theirs, want string }{
		{"apart", base, "a\nB\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "a\nB\nc\nd\nE\n"},
		{"the same line", base, "a\nX\nc\nd\ne\n", "a\nY\nc\nd\ne\n", ""},
		{"next to each other", base, "a\nB\nc\nd\ne\n", "a\nb\nC\nd\ne\n", "a\nB\nC\nd\ne\n"},
		{"mine goes, theirs comes behind", base, "a\nb\nc\nd\n", base + "f\n", "a\nb\nc\nd\nf\n"},
		{"both come at one place", base, "a\nb\nx\nc\nd\ne\n", "a\nb\ny\nc\nd\ne\n", "a\nb\nx\ny\nc\nd\ne\n"},
		{"theirs within what goes", base, "a\ne\n", "a\nb\nc\nx\nd\ne\n", ""},
		{"nothing of theirs", base, "a\n", base, "a\n"},
		{"nothing of mine", base, base, "x\n", "x\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := config.MergeLines([]byte(c.base), []byte(c.mine), []byte(c.theirs))
			if ok != (c.want != "") || ok && string(got) != c.want {
				t.Errorf("got %q (%v), want %q", got, ok, c.want)
			}
		})
	}
}

// TestMergeOfLinesApart: where both changed other lines, each has all of its
// own in the end, whatever they are.
func TestMergeOfLinesApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SampledFrom([]string{"a\n", "b\n", "\n", "# c\n"})
		lines := rapid.SliceOfN(line, 0, 6)
		head, tail := strings.Join(lines.Draw(t, "head"), ""), strings.Join(lines.Draw(t, "tail"), "")
		myHead, theirTail := strings.Join(lines.Draw(t, "my head"), ""), strings.Join(lines.Draw(t, "their tail"), "")
		const between = "one\ntwo\nthree\n"
		got, ok := config.MergeLines([]byte(head+between+tail), []byte(myHead+between+tail), []byte(head+between+theirTail))
		if want := myHead + between + theirTail; !ok || string(got) != want {
			t.Fatalf("got %q (%v), want %q", got, ok, want)
		}
	})
}

// TestUndoMeansTheKeys: whatever way the text is put together, taking a change
// back gives the values from before, and what others changed stays.
func TestUndoMeansTheKeys(t *testing.T) {
	for _, c := range []struct {
		name         string
		mine, theirs func(string) string
		want         func(string) string
	}{
		{"a route comes back in front of another", cutRoute("cctv"), appended("\n[route.x]\nhost = \"x.example.com\"\nto = \"http://10.0.0.9\"\n"), appended("\n[route.x]\nhost = \"x.example.com\"\nto = \"http://10.0.0.9\"\n")},
		{"the last route comes back where another was added", cutRoute("nas"), appended("\n[route.x]\nhost = \"x.example.com\"\nto = \"http://10.0.0.9\"\n"),
			appended("\n[route.x]\nhost = \"x.example.com\"\nto = \"http://10.0.0.9\"\n")},
		{"a value and its neighbour", replaced("192.168.1.10", "10.0.0.1"), replaced("nas.example.com", "n.example.com"), replaced("nas.example.com", "n.example.com")},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newStateBench(t, twoRoutes, 0)
			b.save(c.mine(twoRoutes))
			b.must(b.Reload(t.Context()))
			b.save(c.theirs(c.mine(twoRoutes)))
			b.must(b.Reload(t.Context()))
			b.must(b.UndoChange(t.Context(), "ann", 2))
			b.wantFile(c.want(twoRoutes))
		})
	}
}

// TestUndoWhereTheLinesMeanSomethingElse: a line in its old place would belong to
// another route by now.
func TestUndoWhereTheLinesMeanSomethingElse(t *testing.T) {
	const last = "enabled = true\n"
	b := newStateBench(t, twoRoutes+last+"compress = true\n", 0)
	b.save(twoRoutes + last)
	b.must(b.Reload(t.Context()))
	b.save(twoRoutes + "[route.x]\nhost = \"x.example.com\"\nto = \"http://10.0.0.9\"\n" + last)
	b.must(b.Reload(t.Context()))
	b.must(b.UndoChange(t.Context(), "ann", 2))
	if c := b.Current().Config; !c.Route("nas").Compress || c.Route("x").Compress {
		t.Errorf("the file is\n%s", b.Current().Text)
	}
}

func cutRoute(name string) func(string) string {
	return func(text string) string {
		start := strings.Index(text, "\n[route."+name)
		end := strings.Index(text[start+1:], "\n[")
		if end < 0 {
			return text[:start]
		}
		return text[:start] + text[start+1+end:]
	}
}

func appended(tail string) func(string) string {
	return func(text string) string { return text + tail }
}

func replaced(old, is string) func(string) string {
	return func(text string) string { return strings.Replace(text, old, is, 1) }
}
