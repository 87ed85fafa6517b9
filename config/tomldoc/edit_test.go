package tomldoc_test

import (
	"strings"
	"testing"

	"forge.home.arpa/portico/config/tomldoc"
)

type edit func(*tomldoc.Doc) error

func path(steps ...any) tomldoc.Path { return tomldoc.Path(steps) }

func set(v any, steps ...any) edit {
	return func(d *tomldoc.Doc) error { return d.Set(path(steps...), v) }
}
func del(steps ...any) edit {
	return func(d *tomldoc.Doc) error { return d.Delete(path(steps...)) }
}
func insert(v any, steps ...any) edit {
	return func(d *tomldoc.Doc) error { return d.Insert(path(steps...), v) }
}
func move(from, to int, steps ...any) edit {
	return func(d *tomldoc.Doc) error { return d.Move(path(steps...), from, to) }
}
func rename(to string, steps ...any) edit {
	return func(d *tomldoc.Doc) error { return d.Rename(path(steps...), to) }
}
func table(keys []tomldoc.KeyValue, steps ...any) edit {
	return func(d *tomldoc.Doc) error { return d.AddTable(path(steps...), keys) }
}

var newRoute = []tomldoc.KeyValue{{Key: "host", Value: "n"}, {Key: "to", Value: []string{"u"}}}

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		name    string
		do      edit
		in, out string
	}{
		// values
		{"value keeps comment and CRLF", set(9, "a", "x"), "[a]\r\nx = 1 # one\r\ny=2\r\n", "[a]\r\nx = 9 # one\r\ny=2\r\n"},
		{"BOM and literal quotes stay", set(`b\`, "k"), "\ufeffk = 'a'\n", "\ufeffk = 'b\\'\n"},
		{"literal quotes cannot hold it", set("it's", "k"), "k = 'a'\n", "k = \"it's\"\n"},
		{"equal value keeps its spelling", set(1000, "k"), "k = 1_000\n", "k = 1_000\n"},
		{"multi-line string", set("x", "m"), "m = \"\"\"\n[route.x]\nhost = 1\n\"\"\" # c\nn=1\n", "m = \"x\" # c\nn=1\n"},
		{"unicode and quoted keys", set("λ", "route", "é.x", "a b"), "[route.\"é.x\"]\n'a b' = \"☃\" # ☃\n", "[route.\"é.x\"]\n'a b' = \"λ\" # ☃\n"},
		{"string becomes list", set([]string{"a", "b"}, "r", "to"), "[r]\nto = \"a\" # c\n", "[r]\nto = [\"a\", \"b\"] # c\n"},
		{"list becomes string", set("a", "r", "to"), "[r]\nto = [\n  \"a\",\n  \"b\", # c\n]\n", "[r]\nto = \"a\"\n"},
		{"list: only what differs", set([]string{"x", "b"}, "to"), "to = [\n  'a', # one\n  'b', # two\n]\n", "to = [\n  'x', # one\n  'b', # two\n]\n"},
		{"list: one dropped", set([]string{"a", "c"}, "to"), "to = [\n  'a', # one\n  'b', # two\n  'c', # three\n]\n", "to = [\n  'a', # one\n  'c', # three\n]\n"},
		{"list: one more in the middle", set([]string{"a", "b", "c"}, "to"), "to = [\n  'a', # one\n  'c', # three\n]\n", "to = [\n  'a', # one\n  \"b\",\n  'c', # three\n]\n"},
		{"inline table: only what differs", set(map[string]any{"on": false, "for": "1h"}, "m"), "m = { on = true,  msg = 'x' } # c\n", "m = { on = false,  for = \"1h\" } # c\n"},
		{"header table as a whole", set(map[string]any{"path": "/", "fall": 3}, "r", "health"), "[r]\nto=1\n[r.health]\n# p\npath = '/x' # c\nrise = 1\n", "[r]\nto=1\n[r.health]\n# p\npath = '/' # c\nfall = 3\n"},
		{"table becomes string", set("auto", "r", "health"), "[r]\nto = 1\n[r.health]\npath = '/x'\n", "[r]\nto = 1\nhealth = \"auto\"\n"},
		{"inside an array of inline tables", set("/", "route", 1, "p"), "route = [ {h = 1}, {h = 2} ]\n", "route = [ {h = 1}, {h = 2, p = \"/\"} ]\n"},

		// new keys
		{"no newline at the end", set(true, "a", "new"), "[a]\r\n  x = 1", "[a]\r\n  x = 1\r\n  new = true"},
		{"the equals signs stay aligned", set(3, "a", "to"), "[a]\nhost   = 1\nmethod = 2\n", "[a]\nhost   = 1\nmethod = 2\nto     = 3\n"},
		{"two in one column are aligned", set(3, "a", "to"), "[a]\nhost = 1\npath = 2\n", "[a]\nhost = 1\npath = 2\nto   = 3\n"},
		{"one alone is not", set(3, "a", "to"), "[a]\nhost = 1\n", "[a]\nhost = 1\nto = 3\n"},
		{"longer than the column", set(3, "a", "strip_prefix"), "[a]\nhost = 1\npath = 2\n", "[a]\nhost = 1\npath = 2\nstrip_prefix = 3\n"},
		{"without blanks", set(3, "a", "to"), "[a]\nhost=1\npath=2\n", "[a]\nhost=1\npath=2\nto=3\n"},
		{"a key that needs quotes", set(3, "a", "b c"), "[a]\n", "[a]\n\"b c\" = 3\n"},
		{"dotted sibling", set("5s", "r", "health", "every"), "[r]\nhealth.path = \"/\" # p\nto = 1\n", "[r]\nhealth.path = \"/\" # p\nhealth.every = \"5s\"\nto = 1\n"},
		{"dotted at the root", set("b", "route", "x", "to"), "route.x.host = 'a'\n", "route.x.host = 'a'\nroute.x.to = \"b\"\n"},
		{"inline table", set(3, "t", "c"), "t = { a = 1, b = 2 } # c\n", "t = { a = 1, b = 2, c = 3 } # c\n"},
		{"inline table, dotted", set(3, "t", "a", "y"), "t = { a.x = 1, b = 2 }\n", "t = { a.x = 1, b = 2, a.y = 3 }\n"},
		{"empty inline table", set(3, "t", "c"), "t = {}\n", "t = { c = 3 }\n"},
		{"a table in a table", set("/", "r", "health", "path"), "[r]\nto = 1\n\n[s]\n", "[r]\nto = 1\nhealth = { path = \"/\" }\n\n[s]\n"},
		{"sub-table far away", set(1, "r", "health", "fall"), "[r]\nto=1\n\n[s]\nx=1\n\n[r.health]\npath='/'\n", "[r]\nto=1\n\n[s]\nx=1\n\n[r.health]\npath='/'\nfall=1\n"},
		{"only the sub-table has a header", set("u", "r", "to"), "# file\n\n# h\n[r.health]\npath = '/'\n", "# file\n\n[r]\nto = \"u\"\n\n# h\n[r.health]\npath = '/'\n"},
		{"root key before the first header", set(1, "top"), "# file\n[a]\n", "# file\ntop = 1\n\n[a]\n"},
		{"a table that is missing", set(":80", "server", "http"), "[a]\nx = 1\n", "[a]\nx = 1\n\n[server]\nhttp = \":80\"\n"},
		{"into an empty file", set(1, "a"), "", "a = 1\n"},
		{"behind a BOM", set(1, "a"), "\ufeff", "\ufeffa = 1\n"},

		// deletes
		{"key with the comment that is its own", del("a", "y"), "[a]\nx = 1\n# about y\ny = 2\n", "[a]\nx = 1\n"},
		{"a group's comment survives its first key", del("a", "read"), "[a]\n# timeouts\nread = 1\nwrite = 2\n", "[a]\n# timeouts\nwrite = 2\n"},
		{"last line without a newline", del("a", "y"), "[a]\r\nx = 1\r\ny = 2", "[a]\r\nx = 1"},
		{"last line and the blank one before it", del("a", "y"), "[a]\nx = 1\n\n# y\ny = 2", "[a]\nx = 1"},
		{"last table without a newline", del("b"), "[a]\nx = 1\n\n[b]\ny = 2", "[a]\nx = 1"},
		{"inline table, last", del("t", "b"), "t = { a = 1, b = 2 } # c\n", "t = { a = 1 } # c\n"},
		{"inline table, all of a dotted one", del("t", "a"), "t = { a.x = 1, b = 2, a.y = 3 }\n", "t = { b = 2 }\n"},
		{"dotted keys of a table", del("r", "health"), "[r]\nhealth.path = \"/\"\nto = 1\nhealth.fall = 3\n", "[r]\nto = 1\n"},
		{"header text in a string", del("route", "b"), "[route.a]\nm = \"\"\"\n[route.b]\nhost = 1\n\"\"\"\n[route.b]\nhost = \"b\"\n", "[route.a]\nm = \"\"\"\n[route.b]\nhost = 1\n\"\"\"\n"},
		{"banner stays, own comment goes", del("route", "b"), "# file\n\n[route.a]\nh=1\n\n# --- media ---\n\n# cam\n[route.b] # c\nh=2\n[route.b.health]\np=1\n\n# next\n[route.c]\nh=3\n",
			"# file\n\n[route.a]\nh=1\n\n# --- media ---\n\n# next\n[route.c]\nh=3\n"},
		{"the file's comment stays", del("a"), "# file\n[a]\nx=1\n\n[b]\n", "# file\n\n[b]\n"},
		{"sub-table far from its table", del("route", "b"), "[route.a]\nh=1\n[route.b]\nh=2\n\n[server]\np=1\n\n[route.b.health]\nx=1\n", "[route.a]\nh=1\n\n[server]\np=1\n"},
		{"header and dotted keys", del("r", "b"), "[r]\nb.x = 1\nc = 2\n[r.b.y]\nz = 1\n", "[r]\nc = 2\n"},
		{"element of [[list]]", del("l", 0), "[[l]]\nx=1\n[l.s]\ny=1\n\n[[l]]\nx=2\n", "[[l]]\nx=2\n"},

		// lists
		{"comment behind the last, no comma", insert(3, "a", 2), "a = [\n  1, # x\n  2 # y ], }\n]\n", "a = [\n  1, # x\n  2, # y ], }\n  3\n]\n"},
		{"trailing comma kept", insert(3, "a", 2), "a = [\n  1,\n  2, # y\n]\n", "a = [\n  1,\n  2, # y\n  3,\n]\n"},
		{"above another's comment", insert(3, "a", 1), "a = [\n  1,\n  # two\n  2,\n]\n", "a = [\n  1,\n  3,\n  # two\n  2,\n]\n"},
		{"one line, trailing comma", insert(3, "a", 2), "a = [1, 2,]\n", "a = [1, 2, 3,]\n"},
		{"one line, first", insert(3, "a", 0), "a = [1, 2]\n", "a = [3, 1, 2]\n"},
		{"into an empty list", insert(3, "a", 0), "a = [] # c\n", "a = [3] # c\n"},
		{"into a list of comments", insert(3, "a", 0), "a = [ # none\n]\n", "a = [3 # none\n]\n"},
		{"drop the middle with its comments", del("a", 1), "a = [\n  1,\n  # two\n  2, # y\n\n  3\n]\n", "a = [\n  1,\n\n  3\n]\n"},
		{"drop from one line", del("a", 1), "a = [1, 2, 3] # k\n", "a = [1, 3] # k\n"},
		{"drop the last of one line", del("a", 1), "a = [1, 2] # k\n", "a = [1] # k\n"},
		{"drop the only one", del("a", 0), "a = [1] # k\n", "a = [] # k\n"},
		{"drop beside a comment", del("a", 1), "a = [1, # one\n 2]\n", "a = [1 # one\n ]\n"},
		{"move with comments", move(1, 0, "a"), "a = [\n  1, # one\n  # two\n  2 # y\n]\n", "a = [\n  # two\n  2, # y\n  1 # one\n]\n"},
		{"move on one line", move(0, 2, "a"), "a = [1, 2, 3]\n", "a = [2, 3, 1]\n"},
		{"move a [[table]]", move(1, 0, "l"), "# file\n\n# one\n[[l]]\nh=1\n\n# two\n[[l]]\nh=2\n[l.health]\nx=1\n", "# file\n\n# two\n[[l]]\nh=2\n[l.health]\nx=1\n\n# one\n[[l]]\nh=1\n"},
		{"insert a [[table]]", insert(map[string]any{"h": 9}, "l", 1), "[[l]]\nh=1\n\n# two\n[[l]]\nh=2\n", "[[l]]\nh=1\n\n[[l]]\nh = 9\n\n# two\n[[l]]\nh=2\n"},

		// tables
		{"new table behind its siblings", table(newRoute, "route", "n.x"), "[route.a]\nh=1\n[route.a.health]\np=1\n\n# ---\n\n[log]\n", "[route.a]\nh=1\n[route.a.health]\np=1\n\n[route.\"n.x\"]\nhost = \"n\"\nto   = [\"u\"]\n\n# ---\n\n[log]\n"},
		{"new table at the end", table(newRoute, "route", "n"), "[log]\r\nx=1", "[log]\r\nx=1\r\n\r\n[route.n]\r\nhost = \"n\"\r\nto   = [\"u\"]"},
		{"new table in an empty file", table(newRoute, "route", "n"), "", "[route.n]\nhost = \"n\"\nto   = [\"u\"]\n"},
		{"new table among inline ones", table(newRoute, "route", "n"), "route = { a = { host = 'x' } }\n", "route = { a = { host = 'x' }, n = { host = \"n\", to = [\"u\"] } }\n"},
		{"rename in every header", rename("b.c", "route", "a"), "[route.a] # a\nh=1\n[log]\n[ route . 'a' . health]\nx=1\n", "[route.\"b.c\"] # a\nh=1\n[log]\n[ route . \"b.c\" . health]\nx=1\n"},
		{"rename dotted keys at the root", rename("b", "route", "a"), "route.a.to = 1\nroute.a.host = 2\n[route.a.health]\nx=1\n", "route.b.to = 1\nroute.b.host = 2\n[route.b.health]\nx=1\n"},
		{"rename an inline table", rename("b", "route", "a"), "[route]\na = { x.y = 1 }\n", "[route]\nb = { x.y = 1 }\n"},
		{"rename in an inline table", rename("b", "route", "a"), "route = { a.x = 1, a.y.z = 2 }\n", "route = { b.x = 1, b.y.z = 2 }\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := parse(t, c.in)
			if err := c.do(d); err != nil {
				t.Fatal(err)
			}
			if got := string(d.Bytes()); got != c.out {
				t.Errorf("got  %q\nwant %q", got, c.out)
			}
		})
	}
}

func TestRefusedEdits(t *testing.T) {
	for _, c := range []struct {
		name, in string
		do       edit
		want     string
	}{
		{"key of a string", "a = 'x'\n", set(1, "a", "b"), "a is a string"},
		{"no such element", "a = [1]\n", set(1, "a", 1), "a is a list without such an element"},
		{"absent key", "a = 1\n", del("b"), "b does not exist"},
		{"the root", "a = 1\n", del(), "does not exist"},
		{"place behind the end", "a = [1]\n", insert(1, "a", 2), "no such place"},
		{"not a list", "a = 1\n", insert(1, "a", 0), "no such place"},
		{"not a table", "[[a]]\n", insert(1, "a", 0), "must be a table"},
		{"move too far", "a = [1]\n", move(0, 1, "a"), "no such move"},
		{"rename to a name in use", "[r.a]\n[r.b]\n", rename("b", "r", "a"), "r.b exists already"},
		{"table exists", "[r.a]\n", table(newRoute, "r", "a"), "r.a exists already"},
		{"not text", "a = 1\n", set("\xff", "a"), "not UTF-8"},
		{"no such type", "a = 1\n", set(struct{}{}, "a"), "cannot be written as TOML"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := parse(t, c.in)
			err := c.do(d)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if string(d.Bytes()) != c.in {
				t.Errorf("the text changed to %q", d.Bytes())
			}
		})
	}
}
