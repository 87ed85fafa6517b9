package config_test

import (
	"reflect"
	"strconv"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

func newFile(t *testing.T, text string) *config.File {
	t.Helper()
	f, err := config.NewFile([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFileEdits(t *testing.T) {
	photos := []config.KeyValue{
		{Key: "host", Value: "photos.example.com"},
		{Key: "to", Value: []any{"http://10.0.0.7:2342"}},
		{Key: "enabled", Value: false},
	}
	const chain = "[defaults]\nfallback = 'a'\n[preset.p]\nfallback = \"b\"\n[route.a] # A\nto = 1\n[route.b]\nfallback = \"a\" # to A\n[route.a.health]\nfall = 3\n"
	for _, c := range []struct {
		name     string
		do       func(*config.File) error
		in, want string
	}{
		{"a list takes the place of a string", func(f *config.File) error { return f.Set([]any{"a", "b"}, "route", "nas", "to") },
			twoRoutes, strings.Replace(twoRoutes, `"http://192.168.1.10:5000"`, `["a", "b"]`, 1)},
		{"a new key in line with its neighbours", func(f *config.File) error { return f.Set(false, "route", "nas", "enabled") },
			twoRoutes, twoRoutes + "enabled = false\n"},
		{"a route goes with its comment", func(f *config.File) error { return f.Delete("route", "cctv") },
			twoRoutes, "# home\n\n" + twoRoutes[strings.Index(twoRoutes, "[route.nas]"):]},
		{"a new route behind the last", func(f *config.File) error { return f.AddRoute("photos", photos) },
			twoRoutes + "\n[log]\nkeep = 3\n",
			twoRoutes + "\n[route.photos]\nhost    = \"photos.example.com\"\nto      = [\"http://10.0.0.7:2342\"]\nenabled = false\n\n[log]\nkeep = 3\n"},
		{"a name that needs quotes", func(f *config.File) error { return f.AddRoute("www.example", nil) },
			"[log]\n", "[log]\n\n[route.\"www.example\"]\n"},
		{"a new name everywhere", func(f *config.File) error { return f.RenameRoute("a", "z") },
			chain, strings.NewReplacer("'a'", "'z'", `"a"`, `"z"`, "route.a", "route.z").Replace(chain)},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFile(t, c.in)
			if err := c.do(f); err != nil {
				t.Fatal(err)
			}
			if got := string(f.Bytes()); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestFileRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*config.File) error
		want string
	}{
		{"route exists", func(f *config.File) error { return f.AddRoute("nas", nil) }, "route.nas exists already"},
		{"route without a name", func(f *config.File) error { return f.AddRoute("", nil) }, "needs a name"},
		{"rename to nothing", func(f *config.File) error { return f.RenameRoute("nas", "") }, "needs a name"},
		{"rename to another's name", func(f *config.File) error { return f.RenameRoute("nas", "cctv") }, "route.cctv exists already"},
		{"rename of no route", func(f *config.File) error { return f.RenameRoute("none", "x") }, "route.none does not exist"},
		{"delete of no key", func(f *config.File) error { return f.Delete("route", "nas", "path") }, "route.nas.path does not exist"},
		{"a type TOML lacks", func(f *config.File) error { return f.Set(struct{}{}, "route", "nas", "to") }, "cannot be written as TOML"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFile(t, twoRoutes)
			if err := c.do(f); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if string(f.Bytes()) != twoRoutes {
				t.Errorf("the text changed to\n%s", f.Bytes())
			}
		})
	}
}

func TestFileValue(t *testing.T) {
	f := newFile(t, "[route.nas]\nto = ['a']\nhealth.fall = 3\n")
	if !f.Has("route", "nas", "health") || f.Has("route", "nas", "path") || f.Has("route", "nas", "to", "x") {
		t.Error("Has is wrong")
	}
	if got := f.Value("route", "nas"); !reflect.DeepEqual(got, map[string]any{"to": []any{"a"}, "health": map[string]any{"fall": int64(3)}}) {
		t.Errorf("Value gives %#v", got)
	}
	if got := f.Value("route", "none", "to"); got != nil {
		t.Errorf("Value of nothing gives %#v", got)
	}
}

func TestLineDiff(t *testing.T) {
	const many = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n"
	for _, c := range []struct{ name, before, after, want string }{
		{"the same", many, many, ""},
		{"one line", many, strings.Replace(many, "\n10\n", "\nten\n", 1), " 7:7 8:8 9:9 -10:10 +10:ten 11:11 12:12 13:13"},
		{"two far apart", many, strings.Replace(strings.Replace(many, "\n18\n", "\n", 1), "2\n", "2\n2b\n", 1),
			" 1:1 2:2 +3:2b 4:3 5:4 6:5 16:15 17:16 18:17 -18:18 19:19 20:20"},
		{"two that share their surroundings", many, strings.Replace(strings.Replace(many, "\n5\n", "\n", 1), "\n9\n", "\n", 1),
			" 2:2 3:3 4:4 -5:5 5:6 6:7 7:8 -9:9 8:10 9:11 10:12"},
		{"from nothing", "", "a\r\nb", "+1:a +2:b"},
		{"to nothing", "a\n", "", "-1:a"},
		{"a last line that gets its end", "a\nb", "a\nb\nc\n", "1:a -2:b  (without a line end) +2:b +3:c"},
		{"a last line that loses its end", "a\nb\n", "a\nb", "1:a -2:b +2:b  (without a line end)"},
		{"other line ends", "a\r\nb\n", "a\nb\n", "-1:a  (ends in CR LF) +1:a 2:b"},
		{"another last line without an end", "a\nb", "a\nc", "1:a -2:b +2:c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			for _, l := range config.LineDiff([]byte(c.before), []byte(c.after)) {
				b.WriteString(" " + strings.TrimSpace(string(l.Op)) + strconv.Itoa(l.Line) + ":" + l.Text)
			}
			if got := strings.TrimSpace(b.String()); got != strings.TrimSpace(c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
