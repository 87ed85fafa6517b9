package tomldoc_test

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	toml "github.com/pelletier/go-toml/v2"
	tomltest "github.com/toml-lang/toml-test/v2"

	"forge.home.arpa/portico/config/tomldoc"
)

func parse(t *testing.T, src string) *tomldoc.Doc {
	t.Helper()
	d, err := tomldoc.Parse([]byte(src))
	if err != nil {
		t.Fatalf("Parse(%q): %v", src, err)
	}
	return d
}

// at follows a path of keys and indices through the read API.
func at(t *testing.T, n *tomldoc.Node, path ...any) *tomldoc.Node {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			n = n.Get(step)
		case int:
			n = n.Elems()[step]
		}
		if n == nil {
			t.Fatalf("nothing at %v", path)
		}
	}
	return n
}

func TestReadPlaces(t *testing.T) {
	src := "\ufefftop = 'é' # é\r\n[route.\"a.b\"]\r\n  to = [ 'x', # one\r\n  'ü',]\r\ntls.pin = \"\\u0041\"\r\n[route.\"a.b\".health]\r\npath='/'\r\n[[log]]\r\n"
	d := parse(t, src)
	for _, c := range []struct {
		path            []any
		spelled         string
		kind            tomldoc.Kind
		text            string
		keyLine, keyCol int
		line, col       int
		raw             string
	}{
		{[]any{"top"}, "top", tomldoc.String, "é", 1, 1, 1, 7, "'é'"},
		{[]any{"route"}, "route", tomldoc.Table, "", 2, 2, 2, 2, "route"},
		{[]any{"route", "a.b"}, `route."a.b"`, tomldoc.Table, "", 2, 8, 2, 8, "\"a.b\""},
		{[]any{"route", "a.b", "to"}, `route."a.b".to`, tomldoc.Array, "", 3, 3, 3, 8, "[ 'x', # one\r\n  'ü',]"},
		{[]any{"route", "a.b", "to", 1}, `route."a.b".to[1]`, tomldoc.String, "ü", 4, 3, 4, 3, "'ü'"},
		{[]any{"route", "a.b", "tls"}, `route."a.b".tls`, tomldoc.Table, "", 5, 1, 5, 1, "tls"},
		{[]any{"route", "a.b", "tls", "pin"}, `route."a.b".tls.pin`, tomldoc.String, "A", 5, 5, 5, 11, "\"\\u0041\""},
		{[]any{"route", "a.b", "health"}, `route."a.b".health`, tomldoc.Table, "", 6, 14, 6, 14, "health"},
		{[]any{"log"}, "log", tomldoc.ArrayTable, "", 8, 3, 8, 3, "log"},
	} {
		t.Run(c.spelled, func(t *testing.T) {
			n := at(t, d.Root(), c.path...)
			if got := n.Path().String(); got != c.spelled {
				t.Errorf("Path() = %s", got)
			}
			if n.Kind() != c.kind || n.Text() != c.text {
				t.Errorf("kind %v, text %q", n.Kind(), n.Text())
			}
			if k := n.KeyPos(); k.Line != c.keyLine || k.Col != c.keyCol {
				t.Errorf("KeyPos() = %+v", k)
			}
			p := n.Pos()
			if p.Line != c.line || p.Col != c.col || src[p.Offset:p.Offset+p.Len] != c.raw {
				t.Errorf("Pos() = %+v", p)
			}
		})
	}
	if got := at(t, d.Root(), "route", "a.b").Keys(); !reflect.DeepEqual(got, []string{"to", "tls", "health"}) {
		t.Errorf("Keys() = %v", got)
	}
	if d.Root().Get("absent") != nil || at(t, d.Root(), "top").Get("x") != nil {
		t.Error("Get of an absent key is not nil")
	}
	if len(d.Root().Path()) != 0 {
		t.Error("the root has a path")
	}
}

func TestReadValues(t *testing.T) {
	d := parse(t, "s='a'\ni=0x1F\nf=1e2\nb=true\nt=2024-01-02T03:04:05Z\nd=2024-01-02\nl=[1,[2]]\nm={a.b=1}\n[[x]]\ny=1\n[[x]]\n")
	want := map[string]any{
		"s": "a", "i": int64(31), "f": 100.0, "b": true,
		"t": time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC),
		"d": toml.LocalDate{Year: 2024, Month: 1, Day: 2},
		"l": []any{int64(1), []any{int64(2)}},
		"m": map[string]any{"a": map[string]any{"b": int64(1)}},
		"x": []any{map[string]any{"y": int64(1)}, map[string]any{}},
	}
	if got := d.Root().Value(); !reflect.DeepEqual(got, want) {
		t.Errorf("Value() = %#v", got)
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		name, src string
		want      []string
	}{
		{"goes on at the next header", "[server\nhttp=1\n[acme]\nemail = \n[x]\ny = 1\n[net]\nlan = [1,\n[route.a]\nhost = \"é\" oops\n",
			[]string{"1:8: expected ']' to close table name", "4:9: unexpected character U+000A at start of value", "9:2: unexpected character U+0072 'r' at start of value", "10:12: expected newline but got U+006F 'o'"}},
		{"every key defined twice", "a=1\na=2\n[x]\nb=1\nb=2\n[x]\nc=1\n", []string{"2:1: key a is already defined, in line 1", "5:1: key x.b is already defined, in line 4", "6:2: table x already exists, in line 3"}},
		{"a table defined twice", "# t\n[r.t]\n[r.u]\n[r.t]\n[r.\"a b\"]\n[r.'a b']\n[[s]]\nx=1\n[[s]]\nx=1\nx=2\n", []string{"4:2: table r.t already exists, in line 2", `6:2: table r."a b" already exists, in line 5`, "11:1: key s.x is already defined, in line 10"}},
		{"columns are characters, the BOM none", "\ufeff\"é\"=1\n'é' = 2\nx = '☃' y\n", []string{"3:9: expected newline but got U+0079 'y'"}},
		{"a character of two bytes", "é = 1\n", []string{"1:1: invalid character at start of key: U+00E9 'é'"}},
		{"impossible date", "d = 1979-13-45\n", []string{"1:10: impossible date"}},
		{"end of file", "a = [\n1,\n", []string{"2:3: array is incomplete"}},
		{"an open string that ends in a character of two bytes", "a = \"éé", []string{"1:7: unterminated basic string"}},
		{"an open string that ends in one of four bytes", "a = '''\nx😀", []string{"2:2: multiline literal string not terminated by '''"}},
		{"not UTF-8", "a = \"x\x80\"\n", []string{"1:7: invalid UTF-8 character in basic string"}},
		{"dotted key against header", "[r]\nh.p=1\n[r.h]\nq=1\n[s]\n[s]\n", []string{"3:2: table h already exists as defined by a dotted key", "6:2: table s already exists, in line 5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := tomldoc.Parse([]byte(c.src))
			var errs tomldoc.SyntaxErrors
			if !errors.As(err, &errs) {
				t.Fatalf("error is %T", err)
			}
			if got := strings.Split(errs.Error(), "\n"); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// A text must not ask for more work than its size is worth.
func TestTooManyKeys(t *testing.T) {
	many := func(n int, line string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(line, "%", strconv.Itoa(i)))
		}
		return b.String()
	}
	const head = "[a]\n"
	for _, c := range []struct {
		name, src string
		want      string
	}{
		{"as many as may be", head + many(10_000, "k% = 1\n") + many(10_000, "[b.%]\na = { x = 1, y = 2 }\n"), ""},
		{"in a table", head + many(10_001, "k% = 1\n") + "[b]\nx = 1\n", "10002:1: the table has more than 10000 keys"},
		{"in an inline table", "a = [{" + many(10_001, "k% = 1,") + "}]\n", "1:1: the table has more than 10000 keys"},
		{"tables", many(20_001, "[[a]]\n"), "20001:3: the file has more than 20000 tables"},
		{"in all", many(10_000, "[t%]\na = { b = 1, c = 2, d = 3 }\ne = 1\nf = 1\nx.y = 1\n"), "42857:1: the file has more than 60000 keys"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := tomldoc.Parse([]byte(c.src))
			if got := fmt.Sprint(err); got != c.want && (err != nil || c.want != "") {
				t.Errorf("got %.300s, want %s", got, c.want)
			}
		})
	}
}

// eachFile walks the files of the TOML project's own tests.
func eachFile(t *testing.T, dir string, do func(name string, src []byte)) {
	t.Helper()
	files := tomltest.TestCases()
	n := 0
	err := fs.WalkDir(files, dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".toml") {
			return err
		}
		src, err := fs.ReadFile(files, name)
		n++
		do(name, src)
		return err
	})
	if err != nil || n < 100 {
		t.Fatalf("%d files in %s: %v", n, dir, err)
	}
}

func TestValidFiles(t *testing.T) {
	eachFile(t, "valid", func(name string, src []byte) {
		d, err := tomldoc.Parse(src)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		want := map[string]any{}
		if err := toml.Unmarshal(src, &want); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !sameValue(d.Root().Value(), want) {
			t.Errorf("%s: Value() = %v, want %v", name, d.Root().Value(), want)
		}
	})
}

func TestInvalidFiles(t *testing.T) {
	eachFile(t, "invalid", func(name string, src []byte) {
		var m map[string]any
		refused := toml.Unmarshal([]byte(strings.TrimPrefix(string(src), "\ufeff")), &m) != nil
		if _, err := tomldoc.Parse(src); (err != nil) != refused {
			t.Errorf("%s: Parse gives %v, go-toml refuses it: %v", name, err, refused)
		}
	})
}
