package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/hinshun/vt10x"
)

// element is one <text> or <rect> of a picture.
type element struct {
	name, text string
	attr       map[string]string
}

// elements reads a picture as an XML reader does, so that what is not
// well-formed fails the test.
func elements(t *testing.T, picture []byte) []element {
	t.Helper()
	var out []element
	d := xml.NewDecoder(bytes.NewReader(picture))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, picture)
		}
		switch e := token.(type) {
		case xml.StartElement:
			attr := map[string]string{}
			for _, a := range e.Attr {
				attr[a.Name.Local] = a.Value
			}
			out = append(out, element{name: e.Name.Local, attr: attr})
		case xml.CharData:
			if len(out) > 0 && out[len(out)-1].name == "text" {
				out[len(out)-1].text += strings.TrimSuffix(string(e), "\n")
			}
		}
	}
}

func renderText(t *testing.T, cols, rows int, lines ...string) []element {
	t.Helper()
	var b bytes.Buffer
	if err := render(&b, lines, cols, rows); err != nil {
		t.Fatal(err)
	}
	return elements(t, b.Bytes())
}

func texts(es []element) []string {
	var out []string
	for _, e := range es {
		if e.name == "text" {
			out = append(out, e.text)
		}
	}
	return out
}

func TestRenderTexts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		want  string // the runs of text, joined by "|"
	}{
		{"plain", []string{"ab", "cd"}, "ab|cd"},
		{"blank", []string{"", "   "}, ""},
		{"markup", []string{`<a&">`}, `<a&">`},
		{"box", []string{"┌─░█┐"}, "┌─░█┐"},
		{"colours", []string{"a\x1b[31mb\x1b[0mc"}, "a|b|c"},
		{"cut at the right", []string{"abcdefghij", "x"}, "abcdej|x"},
		{"cut below", []string{"a", "b", "c"}, "a|b"},
		{"a style does not reach the next line", []string{"\x1b[1mabcdef", "b"}, "abcdef|b"},
		{"controls", []string{"a\x01\x1b[2Cb"}, "a  b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(texts(renderText(t, 6, 2, tt.lines...)), "|")
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRenderStyles(t *testing.T) {
	es := renderText(t, 20, 1, "\x1b[1mB\x1b[0m\x1b[33mY\x1b[0m\x1b[7mR\x1b[0m\x1b[4mU\x1b[0m\x1b[41;97mW\x1b[0m")
	want := map[string]map[string]string{
		"B": {"font-weight": "bold"},
		"Y": {"fill": palette[3]},
		"R": {"fill": background},
		"U": {"text-decoration": "underline"},
		"W": {"fill": palette[15]},
	}
	var backgrounds []string
	for _, e := range es[2:] {
		if e.name == "rect" {
			backgrounds = append(backgrounds, e.attr["fill"])
		}
		for name, value := range want[e.text] {
			if e.attr[name] != value {
				t.Errorf("%s has %v, want %s %s", e.text, e.attr, name, value)
			}
		}
	}
	if got := strings.Join(backgrounds, " "); got != foreground+" "+palette[1] {
		t.Errorf("backgrounds are %s", got)
	}
}

// TestRenderKeepsToItsCells: each run begins at its cell and is as long as its
// cells, and all lie within the picture.
func TestRenderKeepsToItsCells(t *testing.T) {
	es := renderText(t, 10, 3, "ab\x1b[31m  cd", "", "\x1b[44m0123456789")
	svg := es[0].attr
	for _, e := range es {
		if e.name != "text" {
			continue
		}
		if length := number(t, e.attr["textLength"]); math.Abs(length-cellWidth*float64(len(e.text))) > 0.06 {
			t.Errorf("%q is %v long", e.text, length)
		}
		if number(t, e.attr["x"])+number(t, e.attr["textLength"]) > number(t, svg["width"]) ||
			number(t, e.attr["y"]) > number(t, svg["height"]) {
			t.Errorf("%q leaves the picture", e.text)
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPaletteContrast(t *testing.T) {
	for i := range vt10x.Color(16) {
		if i == vt10x.Black || i == vt10x.DarkGrey {
			continue
		}
		if c := contrast(t, hex(i), background); c < 4.5 {
			t.Errorf("colour %d has a contrast of %.1f", i, c)
		}
	}
}

// contrast is that of WCAG 2.2.
func contrast(t *testing.T, a, b string) float64 {
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	v, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	linear := func(shift uint) float64 {
		c := float64(v>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
}

func TestHexOfXtermColours(t *testing.T) {
	for c, want := range map[vt10x.Color]string{
		16: "#000000", 196: "#ff0000", 231: "#ffffff", 232: "#080808", 255: "#eeeeee", 0x123456: "#123456",
	} {
		if got := hex(c); got != want {
			t.Errorf("colour %d is %s, want %s", c, got, want)
		}
	}
}

func FuzzRender(f *testing.F) {
	f.Add("plain\x1b[1;31mbold\x1b[0m", 20, 2)
	f.Add("\x1b[999;999H\x1b[2J<&>\x00\xff", 3, 1)
	f.Fuzz(func(t *testing.T, text string, cols, rows int) {
		if cols < 1 || rows < 1 || cols > 200 || rows > 60 {
			t.Skip("no size of a terminal")
		}
		renderText(t, cols, rows, strings.Split(text, "\n")...)
	})
}
