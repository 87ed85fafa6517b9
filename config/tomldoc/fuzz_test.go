package tomldoc_test

import (
	"bytes"
	"testing"
	"unicode/utf8"

	toml "github.com/pelletier/go-toml/v2"

	"forge.home.arpa/portico/config/tomldoc"
)

// FuzzParse: any bytes either are refused with places within the text, or read
// as go-toml reads them and survive an edit.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "\ufeff", "a = 1", "[a]\r\nx = [ 1, # c\r\n]\r\n", "a.b = { c.d = 1 }\n[a.e]\n", "[[l]]\n[[l]]\n[l.x]\n",
		"m = \"\"\"\n[x]\n\"\"\"\n", "[a\n[b]\nx = = 1\n[c]\n", "a=1\na=2\n[x]\n[x]\n", "a = [[[[[[{}]]]]]]\n", "# only\n", "d = 1979-13-45",
		"a = \"é", "a = '''\n😀", "[a]\n[x]\n[a]\nd = 1979-13-45\n[x]\n[x]\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, err := tomldoc.Parse(src)
		if err != nil {
			last := 0
			for _, e := range err.(tomldoc.SyntaxErrors) {
				at := e.Pos.Offset
				if at < last || at+e.Pos.Len > len(src) || e.Pos.Line < 1 || e.Pos.Col < 1 || e.Message == "" {
					t.Fatalf("%+v behind %d", e, last)
				}
				last = at
				body := bytes.TrimPrefix(src, []byte("\ufeff"))
				line := bytes.Split(body, []byte("\n"))[e.Pos.Line-1]
				if utf8.Valid(src) && e.Pos.Col > utf8.RuneCount(line)+1 {
					t.Fatalf("%+v in %q", e, line)
				}
			}
			return
		}
		want := map[string]any{}
		if err := toml.Unmarshal(bytes.TrimPrefix(src, []byte("\ufeff")), &want); err != nil {
			t.Fatal(err)
		}
		if !sameValue(doc.Root().Value(), want) {
			t.Fatalf("read %v, want %v", doc.Root().Value(), want)
		}
		if doc.Root().Get("fuzz") != nil {
			return
		}
		if err := doc.Set(tomldoc.Path{"fuzz"}, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		if err := doc.Delete(tomldoc.Path{"fuzz"}); err != nil {
			t.Fatal(err)
		}
		if !sameValue(doc.Root().Value(), want) {
			t.Fatalf("after set and delete %v, want %v", doc.Root().Value(), want)
		}
	})
}
