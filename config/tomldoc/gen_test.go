package tomldoc_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// writer draws documents with every spelling TOML has, hostile comments and
// strings included.
type writer struct {
	t    *rapid.T
	b    strings.Builder
	nl   string
	tags int
}

func (w *writer) one(choices ...string) string { return rapid.SampledFrom(choices).Draw(w.t, "one") }
func (w *writer) n(lo, hi int) int             { return rapid.IntRange(lo, hi).Draw(w.t, "n") }
func (w *writer) chance(percent int) bool      { return w.n(1, 100) > 100-percent }
func (w *writer) space() string                { return w.one("", " ", "  ", "\t") }

// comment is unlike every other, so that its loss shows.
func (w *writer) comment() string {
	w.tags++
	return fmt.Sprintf("#%s<%d> %s", w.one("", " "), w.tags, w.one("plain", "[[route]]", `k = "v"`, `"""`, "é☃", "], }", "'''"))
}

func (w *writer) lineEnd() string {
	if w.chance(25) {
		return w.space() + w.comment() + w.nl
	}
	return w.nl
}

// gap is what may stand between the items of a list.
func (w *writer) gap() string {
	s := w.space()
	for i := w.n(0, 2); i > 0 && w.chance(40); i-- {
		s += w.lineEnd() + w.space()
	}
	return s
}

func (w *writer) str() string {
	if w.chance(15) {
		return w.one(`"""`+w.nl+`[[route]]`+w.nl+`k = 1 # no`+w.nl+`"""`,
			`'''`+w.nl+`[route.health]`+w.nl+`path='x' '''`,
			`"""a ""b"" \`+w.nl+`   [[route]]"""`)
	}
	return w.one(`"a b"`, `'lit\d'`, `"esc \" # [x]"`, `""`, `"né ☃"`, `"http://10.0.0.1:80"`, `'it # [[route]]'`)
}

func (w *writer) scalar() string {
	if w.chance(50) {
		return w.str()
	}
	return w.one("1", "-1_000", "0xFF", "true", "false", "3.5", "inf", "nan", "1979-05-27 07:32:00Z",
		"1979-05-27", "07:32:00", "1979-05-27T07:32:00")
}

func (w *writer) value(depth int) string {
	switch {
	case depth <= 0 || w.chance(60):
		return w.scalar()
	case w.chance(60):
		return w.array(depth)
	}
	return w.inline(depth)
}

func (w *writer) array(depth int) string {
	s := "[" + w.gap()
	for n := w.n(0, 4); n > 0; n-- {
		s += w.value(depth-1) + w.gap()
		if n > 1 || w.chance(30) {
			s += "," + w.gap()
		}
	}
	return s + "]"
}

func (w *writer) inline(depth int) string {
	gap, n, lines := w.space, w.n(0, 3), w.chance(25) // on several lines since TOML 1.1
	if lines {
		gap = w.gap
	}
	s := "{" + w.space()
	for i := range n {
		key := fmt.Sprintf("k%d", i)
		if w.chance(25) {
			key = "dot" + w.space() + "." + w.space() + key
		}
		s += gap() + key + w.space() + "=" + w.space() + w.value(depth-1) + gap()
		if i < n-1 || lines && w.chance(30) {
			s += ","
		}
	}
	return s + gap() + "}"
}

var (
	plainKeys  = []string{"host", "path", "to", "root", `"a b"`, "'q.k'", "n1", `"é"`}
	dottedKeys = []string{"host", "path", "to", `"a b"`, "health.path", "health . every", `tls."x y".z`, "tls.min"}
)

func (w *writer) body(keys []string) {
	used := map[string]bool{}
	indent := w.one("", "", "  ", "\t")
	for i := w.n(0, 5); i > 0; i-- {
		key := w.one(keys...)
		if used[key] {
			continue
		}
		used[key] = true
		if w.chance(25) {
			w.b.WriteString(indent + w.comment() + w.nl)
		}
		w.b.WriteString(indent + key + w.one("", " ", "    ") + "=" + w.space() + w.value(2) + w.lineEnd())
		if w.chance(10) {
			w.b.WriteString(w.nl)
		}
	}
	if w.chance(15) {
		w.b.WriteString(indent + w.comment() + w.nl)
	}
}

func (w *writer) between() {
	for i := w.n(0, 2); i > 0; i-- {
		w.b.WriteString(w.space() + w.nl)
	}
	if w.chance(20) {
		w.b.WriteString(w.comment() + w.nl + w.nl)
	}
	for w.chance(30) {
		w.b.WriteString(w.space() + w.comment() + w.nl)
	}
}

func (w *writer) section(keys []string, headers ...string) {
	w.between()
	w.b.WriteString(w.one("", "", "  ") + w.one(headers...) + w.lineEnd())
	w.body(keys)
}

// list writes one [[list]] table, with sub-tables or with dotted keys.
func (w *writer) list(far bool) {
	header := []string{"[[list]]", "[[ list ]]", `[["list"]]`, "[[list ]]"}
	if w.chance(50) {
		w.section(dottedKeys, header...)
		return
	}
	w.section(plainKeys, header...)
	if w.chance(60) {
		w.section(plainKeys, "[list.health]", `[ list . "health" ]`)
	} else if w.chance(50) {
		w.section(plainKeys, "[list.health.http]")
	}
	for range w.n(0, 2) {
		w.section(plainKeys, "[[list.rule]]")
		if w.chance(20) {
			w.section(plainKeys, "[list.rule.sub]")
		}
	}
	if far {
		w.section(plainKeys, "[other]")
		w.section(plainKeys, "[list.late]")
	}
}

// named writes the tables an editor of routes meets.
func (w *writer) named() {
	headers := []string{"[route.cctv]", "[route.nas.health]", "[route.nas]", `[route."x.y"]`, "[server]", "[[route.nas.acl]]", "[a.b.c]", "[route.blog]"}
	for _, header := range headers {
		keys := plainKeys
		if header == "[route.blog]" {
			keys = dottedKeys
		}
		if w.chance(35) {
			w.section(keys, header)
		}
	}
}

func document(t *rapid.T) []byte {
	w := &writer{t: t, nl: rapid.SampledFrom([]string{"\n", "\n", "\r\n"}).Draw(t, "line end")}
	if w.chance(15) {
		w.b.WriteString("\ufeff")
	}
	if w.chance(40) {
		w.b.WriteString("#:schema x.json" + w.nl + w.comment() + w.nl)
	}
	w.body([]string{"top", "alpha", "srv.x", "srv.y", "items", "route.dot.to", "route.dot.host"})
	for i := w.n(0, 3); i > 0; i-- {
		w.list(i == 1 && w.chance(30))
	}
	w.named()
	if w.chance(30) {
		w.between()
	}
	s := w.b.String()
	if w.chance(30) {
		s = strings.TrimRight(s, "\r\n\t ")
	}
	return []byte(s)
}

func anyValue(t *rapid.T) any {
	return rapid.SampledFrom([]any{"x", "né \"q\" \\ \n[[route]]", int64(7), true, 2.5, []any{}, []any{"a", int64(2)},
		map[string]any{"k": "v", "odd key": []any{int64(1)}}, map[string]any{}, "it's"}).Draw(t, "value")
}
