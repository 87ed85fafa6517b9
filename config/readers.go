package config

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"forge.home.arpa/portico/config/tomldoc"
)

// flaw is why a text cannot be used as what it should be. Its reason goes on
// behind the text: "is not a network".
type flaw struct {
	reason, hint string
	hidden       bool // the text may hold a secret and is not shown
}

// Error gives the reason.
func (f *flaw) Error() string { return f.reason }

func flawed(reason, hint string) error { return &flaw{reason: reason, hint: hint} }

// asText reads a string, the empty one too.
var asText = reader[string]{readText, aText}

func readText(d *decoder, n *node) (string, bool) {
	if n.Kind() != tomldoc.String {
		d.mustBe(n, "a string")
		return "", false
	}
	return n.Text(), true
}

// asWord reads a string that says something.
var asWord = reader[string]{readWord, aWord}

func readWord(d *decoder, n *node) (string, bool) {
	s, ok := readText(d, n)
	if ok && s == "" {
		d.at(n, "", " is empty")
		return "", false
	}
	return s, ok
}

// parsed reads a string by a function whose error is a flaw.
func parsed[V any](parse func(string) (V, error)) reader[V] {
	return reader[V]{func(d *decoder, n *node) (v V, ok bool) {
		s, ok := readWord(d, n)
		if !ok {
			return v, false
		}
		v, err := parse(s)
		if err != nil {
			d.flaw(n, s, err)
		}
		return v, err == nil
	}, aWord}
}

// quoted shows how to write what people like to write as a bare number.
func quoted[V any](example string, r reader[V]) reader[V] {
	return reader[V]{func(d *decoder, n *node) (v V, ok bool) {
		if n.Kind() != tomldoc.String {
			d.at(n, example, " must be a string, not %s", n.Kind())
			return v, false
		}
		return r.read(d, n)
	}, r.shape}
}

// flawOf gives what is wrong by an error of a parsing function.
func flawOf(err error) *flaw {
	f := &flaw{reason: err.Error()}
	errors.As(err, &f)
	return f
}

// flaw notes what is wrong with the value of n.
func (d *decoder) flaw(n *node, text string, err error) {
	f := flawOf(err)
	if f.hidden {
		d.bad(n, f.hint, "the value %s", f.reason)
		return
	}
	d.bad(n, f.hint, "%s %s", quote(text), f.reason)
}

var asFlag = reader[bool]{func(d *decoder, n *node) (bool, bool) {
	if n.Kind() != tomldoc.Bool {
		d.mustBe(n, "true or false")
		return false, false
	}
	return n.Text() == "true", true
}, func() schema { return schema{Type: "boolean"} }}

// count reads a whole number from low to high.
func count(low, high int) reader[int] {
	return reader[int]{func(d *decoder, n *node) (int, bool) {
		if n.Kind() != tomldoc.Integer {
			d.mustBe(n, "a whole number")
			return 0, false
		}
		i, _ := n.Value().(int64)
		if i < int64(low) || i > int64(high) {
			d.bad(n, "", "%s is not between %d and %d", n.Text(), low, high)
			return 0, false
		}
		return int(i), true
	}, func() schema { return schema{Type: "integer", Minimum: &low, Maximum: &high} }}
}

// oneOf reads one of a few words.
func oneOf(words ...string) reader[string] {
	return reader[string]{func(d *decoder, n *node) (string, bool) {
		s, ok := readWord(d, n)
		if !ok {
			return "", false
		}
		if !slices.Contains(words, s) {
			d.bad(n, d.meant(s, words), "%s is not one of %s", quote(s), strings.Join(words, ", "))
			return "", false
		}
		return s, true
	}, func() schema { return choice(words) }}
}

// list reads a list, or one item for a list of one. Items with a problem are
// left out.
func list[V any](item reader[V]) reader[[]V] {
	return reader[[]V]{func(d *decoder, n *node) ([]V, bool) {
		items := []*node{n}
		switch n.Kind() {
		case tomldoc.String:
		case tomldoc.Array, tomldoc.ArrayTable:
			items = n.Elems()
		default:
			d.mustBe(n, "a list")
			return nil, false
		}
		var vs []V
		for _, e := range items {
			if v, ok := item.read(d, e); ok {
				vs = append(vs, v)
			}
		}
		return vs, true
	}, func() schema { return listOf(item.shape()) }}
}

// some is for lists that are wrong when empty.
func some[V any](r reader[[]V]) reader[[]V] {
	return reader[[]V]{func(d *decoder, n *node) ([]V, bool) {
		if n.Kind() == tomldoc.Array && len(n.Elems()) == 0 {
			d.at(n, "", " is an empty list")
			return nil, false
		}
		return r.read(d, n)
	}, func() schema { return r.shape().lists(func(s *schema) { s.MinItems = 1 }) }}
}

// distinct refuses an item that a list holds already. id is what makes two
// items the same.
func distinct[V any](item reader[V], id func(V) string) reader[[]V] {
	return reader[[]V]{func(d *decoder, n *node) ([]V, bool) {
		seen := map[string]bool{}
		return list(reader[V]{read: func(d *decoder, e *node) (v V, ok bool) {
			if v, ok = item.read(d, e); !ok {
				return v, false
			}
			if seen[id(v)] {
				d.bad(e, "", "%s is there twice", quote(id(v)))
				return v, false
			}
			seen[id(v)] = true
			return v, true
		}}).read(d, n)
	}, func() schema { return listOf(item.shape()).lists(func(s *schema) { s.UniqueItems = true }) }}
}

func itself(s string) string { return s }

// atLeast reads a duration.
func atLeast(low time.Duration) reader[time.Duration] {
	const example = `as "10s", "5m" or "1h30m"`
	return quoted(example, parsed(func(s string) (time.Duration, error) {
		v, err := time.ParseDuration(s)
		switch {
		case err != nil:
			return 0, flawed("is not a duration", example)
		case v < low:
			return 0, flawed("is less than "+low.String(), "")
		}
		return v, nil
	}).like(durationLike))
}

// durationLike is what time.ParseDuration reads.
const durationLike = `^[+-]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`

// sizeIn reads a size from low to high.
func sizeIn(low, high Size) reader[Size] {
	return quoted(sizeExample, parsed(func(s string) (Size, error) {
		v, err := parseSize(s)
		if err == nil && (v < low || v > high) {
			err = flawed("is not between "+low.text()+" and "+high.text(), "")
		}
		return v, err
	}).like(sizePattern.String()))
}

func parsePattern(s string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(s)
	if err != nil {
		return nil, flawed("is not a regular expression: "+patternReason(err), "the syntax is RE2's")
	}
	return re, nil
}

func patternReason(err error) string {
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}

// quote shows a text in a message: escaped, and cut when it is long.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.Quote(s)
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
