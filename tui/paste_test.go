package tui

import (
	"bytes"
	"strings"
	"testing"
)

func TestPasteLimit(t *testing.T) {
	long := strings.Repeat("x", 2*maxPaste)
	for _, c := range []struct{ name, in, want string }{
		{"keys", "jjk\x1b[A\x1b", "jjk\x1b[A\x1b"},
		{"a paste and keys", "a\x1b[200~hi\x1b[201~b", "a\x1b[200~hi\x1b[201~b"},
		{"a paste too long", "a\x1b[200~" + long + "\x1b[201~b", "a\x1b[200~" + long[:maxPaste] + "\x1b[201~b"},
		{"two of them", strings.Repeat("\x1b[200~"+long+"\x1b[201~", 2), strings.Repeat("\x1b[200~"+long[:maxPaste]+"\x1b[201~", 2)},
		{"a marker across the limit", "\x1b[200~" + long[:maxPaste-3] + "\x1b[201~b", "\x1b[200~" + long[:maxPaste-3] + "\x1b[201~b"},
		{"a marker just at the limit", "\x1b[200~" + long[:maxPaste] + "\x1b[201~b", "\x1b[200~" + long[:maxPaste] + "\x1b[201~b"},
		{"many keys are no paste", long, long},
	} {
		for _, chunk := range []int{1, 7, 250} {
			if got := filterBy(chunk, c.in); got != c.want {
				t.Errorf("%s, by %d: %d bytes, want %d", c.name, chunk, len(got), len(c.want))
			}
		}
	}
}

// filterBy reads in so many bytes at a time.
func filterBy(chunk int, in string) string {
	var p pasteLimit
	var out bytes.Buffer
	for b := []byte(in); len(b) > 0; {
		n := min(chunk, len(b))
		out.Write(p.filter(b[:n:n]))
		b = b[n:]
	}
	return out.String()
}

// FuzzPasteLimit holds that a paste which ends does end for Bubble Tea, within
// the limit, and that the keys behind it arrive.
func FuzzPasteLimit(f *testing.F) {
	f.Add("\x1b", uint32(maxPaste), uint8(1))
	f.Add("\x1b[2", uint32(30_000), uint8(9))
	f.Add("\x1b[201", uint32(20_000), uint8(255))
	f.Add("\x1b[200~", uint32(12_000), uint8(6))
	f.Fuzz(func(t *testing.T, unit string, times uint32, chunk uint8) {
		body := strings.Repeat(unit[:min(len(unit), 20)], int(times%(2*maxPaste)))
		if strings.Index(body+pasteEnd, pasteEnd) != len(body) {
			t.Skip("ends by itself")
		}
		got := filterBy(int(chunk)+1, pasteBegin+body+pasteEnd+"keys")
		rest, ok := strings.CutPrefix(got, pasteBegin)
		end := strings.Index(rest, pasteEnd)
		if !ok || end < 0 || rest[end+len(pasteEnd):] != "keys" {
			t.Fatalf("a paste of %d bytes comes as %d and does not end", len(body), len(got))
		}
		if end > maxPaste+len(pasteEnd) || !strings.HasPrefix(body, rest[:end]) {
			t.Fatalf("%d bytes of a paste of %d let through", end, len(body))
		}
	})
}
