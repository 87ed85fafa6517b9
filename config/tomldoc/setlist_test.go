package tomldoc_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"forge.home.arpa/portico/config/tomldoc"
)

const (
	besideBracket = "to = [ \"a\", # old Pi\n       \"b\", # new NAS\n]\n"
	ownLines      = "to = [\n  # the Pi\n  \"a\", # old\n  \"b\", # new\n  \"c\" # spare\n]\n"
)

// TestSetListKeepsCommentsBeside: a comment goes where its element goes.
func TestSetListKeepsCommentsBeside(t *testing.T) {
	for _, test := range []struct {
		name, text, list, want string
	}{
		{"first goes, one comes", besideBracket, "b c", "to = [\n       \"b\", # new NAS\n       \"c\",\n]\n"},
		{"swap", besideBracket, "b a", "to = [ \"b\", # new NAS\n       \"a\", # old Pi\n]\n"},
		{"swap before a bracket", "to = [ \"a\", # old\n  \"b\" ]\n", "b a", "to = [ \"b\",\n  \"a\" # old\n]\n"},
		{"first goes", besideBracket, "b", "to = [\n       \"b\", # new NAS\n]\n"},
		{"last goes", besideBracket, "a", "to = [ \"a\", # old Pi\n]\n"},
		{"one more behind a comment", "to = [ \"a\", # old\n]\n", "a b", "to = [ \"a\", # old\n  \"b\",\n]\n"},
		{"another in its place", besideBracket, "x b", "to = [ \"x\", # old Pi\n       \"b\", # new NAS\n]\n"},
		{"own lines, first goes, one comes", ownLines, "b c d", "to = [\n  # the Pi\n  \"b\", # new\n  \"c\", # spare\n  \"d\"\n]\n"},
		{"own lines, turned", ownLines, "c b a", "to = [\n  \"c\", # spare\n  \"b\", # new\n  # the Pi\n  \"a\" # old\n]\n"},
		{"own lines, one between", ownLines, "b x c", "to = [\n  # the Pi\n  \"b\", # new\n  \"x\",\n  \"c\" # spare\n]\n"},
		{"twice the same", ownLines, "a a b", "to = [\n  # the Pi\n  \"a\", # old\n  \"a\",\n  \"b\", # new\n]\n"},
		{"one line", "to = [\"a\", \"b\"] # both\n", "b c", "to = [\"b\", \"c\"] # both\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc := parse(t, test.text)
			if err := doc.Set(tomldoc.Path{"to"}, strings.Fields(test.list)); err != nil {
				t.Fatal(err)
			}
			if got := string(doc.Bytes()); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestSetListMovesComments: whatever becomes of a list with a comment for every
// element, those that stay have theirs beside them.
func TestSetListMovesComments(t *testing.T) {
	words := []string{"a", "b", "c", "d", "e", "f"}
	rapid.Check(t, func(t *rapid.T) {
		drawn := func(label string, from int) []string {
			list := slices.Clone(rapid.Permutation(words).Draw(t, label))
			return list[:rapid.IntRange(from, len(words)).Draw(t, label+" length")]
		}
		before, after := drawn("before", 1), drawn("after", 1)
		text := "to = [" + rapid.SampledFrom([]string{"", " ", "\n  "}).Draw(t, "open")
		for i, w := range before {
			comma := ","
			if i == len(before)-1 && rapid.Bool().Draw(t, "no comma") {
				comma = ""
			}
			text += `"` + w + `"` + comma + " # is " + w + "\n  "
		}
		doc, err := tomldoc.Parse([]byte(text + "]\n"))
		if err != nil {
			t.Fatal(err)
		}
		if err := doc.Set(tomldoc.Path{"to"}, after); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(doc.Bytes())) {
			code, comment, ok := strings.Cut(line, "# is ")
			word := strings.TrimSpace(comment)
			if ok && slices.Contains(after, word) && !strings.Contains(code, `"`+word+`"`) {
				t.Fatalf("%v to %v: %q has the comment of another\n%s\n---\n%s", before, after, code, text, doc.Bytes())
			}
		}
		for _, w := range after {
			if slices.Contains(before, w) && !strings.Contains(string(doc.Bytes()), "# is "+w+"\n") {
				t.Fatalf("%v to %v: the comment of %s is lost\n%s\n---\n%s", before, after, w, text, doc.Bytes())
			}
		}
	})
}
