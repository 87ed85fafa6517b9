package tomldoc_test

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	toml "github.com/pelletier/go-toml/v2"
	"pgregory.net/rapid"

	"forge.home.arpa/portico/config/tomldoc"
)

// TestMain draws more documents than rapid does by itself: 10,000 of them where
// everything must be shown, which takes a minute.
func TestMain(m *testing.M) {
	flag.Parse()
	asked, checks := false, "400"
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if os.Getenv("PORTICO_REQUIRE_SERVERS") != "" {
		checks = "10000"
	}
	if !asked {
		if err := flag.Set("rapid.checks", checks); err != nil {
			panic(err)
		}
	}
	m.Run()
}

// subject is a document under test beside the values it must have.
type subject struct {
	t      *rapid.T
	doc    *tomldoc.Doc
	before []byte
	want   map[string]any
	places []place
}

type place struct {
	path tomldoc.Path
	node *tomldoc.Node
}

func values(t *rapid.T, src []byte) map[string]any {
	m := map[string]any{}
	if err := toml.Unmarshal(bytes.TrimPrefix(src, []byte("\ufeff")), &m); err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return m
}

func newSubject(t *rapid.T, doc *tomldoc.Doc) *subject {
	s := &subject{t: t, doc: doc, before: doc.Bytes()}
	s.want = values(t, s.before)
	s.walk(doc.Root())
	return s
}

func (s *subject) walk(n *tomldoc.Node) {
	s.places = append(s.places, place{n.Path(), n})
	for _, key := range n.Keys() {
		s.walk(n.Get(key))
	}
	for _, elem := range n.Elems() {
		s.walk(elem)
	}
}

// pick draws a place of one of the kinds, or none.
func (s *subject) pick(ok func(*tomldoc.Node) bool) (place, bool) {
	var some []place
	for _, p := range s.places {
		if ok(p.node) {
			some = append(some, p)
		}
	}
	if len(some) == 0 {
		return place{}, false
	}
	return rapid.SampledFrom(some).Draw(s.t, "place"), true
}

func isTable(n *tomldoc.Node) bool {
	return n.Kind() == tomldoc.Table || n.Kind() == tomldoc.InlineTable
}
func isList(n *tomldoc.Node) bool {
	return n.Kind() == tomldoc.ArrayTable || n.Kind() == tomldoc.Array
}
func isBelowRoot(n *tomldoc.Node) bool { return len(n.Path()) > 0 }

// An edit is asked of the document, made on the values, and reports whether
// there was anything to edit and whether comments may go with it.
var edits = map[string]func(*subject) (asked bool, err error){
	"set": func(s *subject) (bool, error) {
		p, ok := s.pick(isBelowRoot)
		if !ok {
			return false, nil
		}
		v := anyValue(s.t)
		_, isTable := v.(map[string]any)
		if _, isElem := p.path[len(p.path)-1].(int); isElem && p.node.Kind() == tomldoc.Table && !isTable {
			return false, nil // a [[table]] stays a table
		}
		modelPut(s.want, p.path, v)
		return true, s.doc.Set(p.path, v)
	},
	"set scalar": func(s *subject) (bool, error) {
		p, ok := s.pick(func(n *tomldoc.Node) bool { return n.Kind() >= tomldoc.String })
		if !ok {
			return false, nil
		}
		at := p.node.Pos()
		modelPut(s.want, p.path, "né \"x\"")
		err := s.doc.Set(p.path, "né \"x\"")
		s.onlyWithin(at.Offset, at.Offset+at.Len)
		return true, err
	},
	"new key": func(s *subject) (bool, error) {
		p, ok := s.pick(isTable)
		path := append(p.path, "new key")
		if !ok || p.node.Get("new key") != nil {
			return false, nil
		}
		v := anyValue(s.t)
		modelPut(s.want, path, v)
		err := s.doc.Set(path, v)
		s.keepsComments()
		return true, err
	},
	"new key deep": func(s *subject) (bool, error) {
		p, ok := s.pick(isTable)
		path := append(p.path, "deep one", "deeper", "deepest")
		if !ok || p.node.Get("deep one") != nil {
			return false, nil
		}
		modelPut(s.want, path, "v")
		err := s.doc.Set(path, "v")
		s.keepsComments()
		return true, err
	},
	"delete": func(s *subject) (bool, error) {
		p, ok := s.pick(isBelowRoot)
		if !ok {
			return false, nil
		}
		modelRemove(s.want, p.path)
		return true, s.doc.Delete(p.path)
	},
	"insert": func(s *subject) (bool, error) {
		p, ok := s.pick(isList)
		if !ok {
			return false, nil
		}
		v := anyValue(s.t)
		if p.node.Kind() == tomldoc.ArrayTable {
			v = map[string]any{"host": "new", "health": map[string]any{"path": "/"}}
		}
		list := modelGet(s.want, p.path).([]any)
		i := rapid.IntRange(0, len(list)).Draw(s.t, "i")
		modelPut(s.want, p.path, slices.Insert(slices.Clone(list), i, v))
		err := s.doc.Insert(append(p.path, i), v)
		s.keepsComments()
		return true, err
	},
	"move": func(s *subject) (bool, error) {
		p, ok := s.pick(func(n *tomldoc.Node) bool { return isList(n) && len(n.Elems()) > 1 })
		if !ok {
			return false, nil
		}
		list := slices.Clone(modelGet(s.want, p.path).([]any))
		index := rapid.IntRange(0, len(list)-1)
		from, to := index.Draw(s.t, "from"), index.Draw(s.t, "to")
		v := list[from]
		modelPut(s.want, p.path, slices.Insert(slices.Delete(list, from, from+1), to, v))
		err := s.doc.Move(p.path, from, to)
		s.keepsComments()
		return true, err
	},
	"add table": func(s *subject) (bool, error) {
		path := tomldoc.Path{"route", "fresh one"}
		routes, isTable := s.want["route"].(map[string]any)
		if s.want["route"] != nil && !isTable || routes["fresh one"] != nil {
			return false, nil
		}
		modelPut(s.want, path, map[string]any{"host": "h", "to": []any{"a"}})
		err := s.doc.AddTable(path, []tomldoc.KeyValue{{Key: "to", Value: []string{"a"}}, {Key: "host", Value: "h"}})
		s.keepsComments()
		return true, err
	},
	"rename": func(s *subject) (bool, error) {
		p, ok := s.pick(func(n *tomldoc.Node) bool {
			path := n.Path()
			if len(path) == 0 {
				return false
			}
			_, isKey := path[len(path)-1].(string)
			return isKey
		})
		if !ok {
			return false, nil
		}
		to := append(slices.Clone(p.path[:len(p.path)-1]), "renamed")
		if modelGet(s.want, to) != nil {
			return false, nil
		}
		v := modelGet(s.want, p.path)
		modelRemove(s.want, p.path)
		modelPut(s.want, to, v)
		err := s.doc.Rename(p.path, "renamed")
		s.keepsComments()
		return true, err
	},
}

// onlyWithin fails if a byte outside was touched.
func (s *subject) onlyWithin(start, end int) {
	after := s.doc.Bytes()
	tail := s.before[end:]
	if !bytes.HasPrefix(after, s.before[:start]) || !bytes.HasSuffix(after, tail) {
		s.t.Fatalf("bytes outside %d-%d changed\n%s\n---\n%s", start, end, s.before, after)
	}
}

var tag = regexp.MustCompile(`<\d+>`)

func (s *subject) keepsComments() {
	before, after := tag.FindAllString(string(s.before), -1), tag.FindAllString(string(s.doc.Bytes()), -1)
	slices.Sort(before)
	slices.Sort(after)
	if !slices.Equal(before, after) {
		s.t.Fatalf("comments changed\n%s\n---\n%s", s.before, s.doc.Bytes())
	}
}

// keepsForm checks what every edit keeps: the BOM, the kind of line ends, and
// whether the last line has one.
func (s *subject) keepsForm() {
	before, hadBOM := bytes.CutPrefix(s.before, []byte("\ufeff"))
	after, hasBOM := bytes.CutPrefix(s.doc.Bytes(), []byte("\ufeff"))
	isCRLF := func(b []byte) bool { return !bytes.Contains(bytes.ReplaceAll(b, []byte("\r\n"), nil), []byte("\n")) }
	isLF := func(b []byte) bool { return !bytes.Contains(b, []byte("\r\n")) }
	isOpen := func(b []byte) bool { return !bytes.HasSuffix(b, []byte("\n")) }
	lines := bytes.Contains(before, []byte("\n"))
	text := len(bytes.TrimSpace(before)) > 0 && len(bytes.TrimSpace(after)) > 0
	switch {
	case hadBOM != hasBOM,
		lines && isCRLF(before) && !isCRLF(after),
		lines && isLF(before) && !isLF(after),
		text && isOpen(before) != isOpen(after):
		s.t.Fatalf("BOM or line ends changed\n%q\n---\n%q", s.before, s.doc.Bytes())
	}
}

func TestEditsMeanWhatWasAsked(t *testing.T) {
	names := make([]string, 0, len(edits))
	for name := range edits {
		names = append(names, name)
	}
	slices.Sort(names)
	done, invalid := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		doc, err := tomldoc.Parse(document(t))
		if err != nil {
			if strings.Contains(err.Error(), "index") {
				t.Fatal(err)
			}
			invalid++
			t.Skip(err)
		}
		for range rapid.IntRange(1, 4).Draw(t, "steps") {
			s := newSubject(t, doc)
			name := rapid.SampledFrom(names).Draw(t, "edit")
			asked, err := edits[name](s)
			if !asked {
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, s.before)
			}
			done++
			if got := values(t, doc.Bytes()); !sameValue(withoutEmpty(got), withoutEmpty(s.want)) {
				t.Fatalf("%s\nwant %v\ngot  %v\n--- before\n%s\n--- after\n%s", name, s.want, got, s.before, doc.Bytes())
			}
			s.keepsForm()
		}
	})
	if t.Logf("%d edits, %d documents drawn were not TOML", done, invalid); done < 50 {
		t.Errorf("only %d edits were tried", done)
	}
}

// TestSetAndDeleteEverywhere adds a key to each table of the TOML project's own
// files and takes it away again.
func TestSetAndDeleteEverywhere(t *testing.T) {
	tried := 0
	eachFile(t, "valid", func(name string, src []byte) {
		doc := parse(t, string(src))
		var tables []tomldoc.Path
		var walk func(n *tomldoc.Node)
		walk = func(n *tomldoc.Node) {
			if isTable(n) {
				tables = append(tables, n.Path())
			}
			for _, key := range n.Keys() {
				walk(n.Get(key))
			}
			for _, elem := range n.Elems() {
				walk(elem)
			}
		}
		walk(doc.Root())
		want := doc.Root().Value()
		for _, path := range tables {
			tried++
			path = append(path, "a key of ours")
			if err := doc.Set(path, "π\"x"); err != nil {
				t.Errorf("%s: set %s: %v", name, path, err)
				continue
			}
			if err := doc.Delete(path); err != nil {
				t.Errorf("%s: delete %s: %v", name, path, err)
			}
			if !sameValue(doc.Root().Value(), want) {
				t.Fatalf("%s: set and delete of %s\n%s\n---\n%s", name, path, src, doc.Bytes())
			}
		}
	})
	t.Logf("%d keys set and deleted", tried)
}
