package main

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestAssignments(t *testing.T) {
	for word, want := range map[string]assignment{
		"to=http://nas:2342/a=b":    {[]string{"to"}, "http://nas:2342/a=b"},
		"to=":                       {[]string{"to"}, nil},
		`to=""`:                     {[]string{"to"}, ""},
		"compress=true":             {[]string{"compress"}, true},
		"compress=True":             {[]string{"compress"}, "True"},
		"max_conns=5":               {[]string{"max_conns"}, int64(5)},
		"timeout.dial=90s":          {[]string{"timeout", "dial"}, "90s"},
		`"x.y" . z = 1`:             {[]string{"x.y", "z"}, int64(1)},
		`allow=["lan", "vpn"]`:      {[]string{"allow"}, []any{"lan", "vpn"}},
		`health={path="/", ok=[2]}`: {[]string{"health"}, map[string]any{"path": "/", "ok": []any{int64(2)}}},
		`host='1.5'`:                {[]string{"host"}, "1.5"},
		"weight=1.5":                {[]string{"weight"}, 1.5},
		"host=nan":                  {[]string{"host"}, "nan"},
		"host=2026-01-01":           {[]string{"host"}, "2026-01-01"},
		"host=# none":               {[]string{"host"}, "# none"},
		"host=1\n[x]":               {[]string{"host"}, "1\n[x]"},
		"host=1\nw=2":               {[]string{"host"}, "1\nw=2"},
		"host= a b":                 {[]string{"host"}, " a b"},
	} {
		if got, err := parseAssignment(word); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %#v, %v; want %#v", word, got, err, want)
		}
	}
	for _, word := range []string{"", "to", "=1", "a b=1", "a.=1", "#a=1", "a\nb=1", "[a]\nb=1", "a]=1"} {
		if got, err := parseAssignment(word); err == nil {
			t.Errorf("%q is %#v", word, got)
		}
	}
}

// Words come from the control socket too.
func FuzzAssignment(f *testing.F) {
	for _, seed := range []string{"to=http://a", "a.b=[1, {c=2}]", "a=", "\"=1", "a=1\n[v]\nx=1", "a=\"\"\"\n\"\"\"", "a=1e999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, word string) {
		a, err := parseAssignment(word)
		if err != nil {
			return
		}
		if len(a.key) == 0 {
			t.Fatalf("%q has no key", word)
		}
		switch v := a.value.(type) {
		case nil:
			if !strings.HasSuffix(word, "=") {
				t.Fatalf("%q has no value", word)
			}
		case float64:
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%q is %v", word, v)
			}
		case string, bool, int64, []any, map[string]any:
		default:
			t.Fatalf("%q is a %T", word, v)
		}
	})
}
