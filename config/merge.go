package config

import (
	"bytes"

	"github.com/aymanbagabas/go-udiff/lcs"

	"forge.home.arpa/portico/config/tomldoc"
)

// inverse is the edit that takes the change from before to after back, in a text
// that may have changed since. Lines come back as they were, comments included,
// wherever that means exactly what taking the keys back means.
func inverse(before, after []byte) func(*File) error {
	return func(f *File) error {
		if bytes.Equal(f.Bytes(), after) {
			return f.replaceText(before)
		}
		back, err := changes(after, before)
		if err != nil {
			return err
		}
		text := f.Bytes()
		if err := f.carryOut(back); err != nil {
			return err
		}
		merged, ok := mergeLines(after, before, text)
		if !ok {
			return nil
		}
		lines, err := newFile(merged)
		if err == nil && tomldoc.Equal(lines.Value(), f.Value()) {
			f.doc = lines.doc
		}
		return nil
	}
}

// mergeLines makes the changes from base to mine in theirs, which is base with
// other changes; false where both changed the same lines.
func mergeLines(base, mine, theirs []byte) ([]byte, bool) {
	baseLines, myLines, theirLines := splitLines(base), splitLines(mine), splitLines(theirs)
	ours := lcs.DiffLines(baseLines, myLines)
	others := lcs.DiffLines(baseLines, theirLines)
	var out bytes.Buffer
	at := 0
	put := func(d lcs.Diff, lines []string) {
		writeLines(&out, baseLines[at:d.Start])
		writeLines(&out, lines[d.ReplStart:d.ReplEnd])
		at = d.End
	}
	for len(ours) > 0 || len(others) > 0 {
		switch {
		case len(others) == 0 || len(ours) > 0 && before(ours[0], others[0]):
			put(ours[0], myLines)
			ours = ours[1:]
		case len(ours) == 0 || before(others[0], ours[0]):
			put(others[0], theirLines)
			others = others[1:]
		default:
			return nil, false
		}
	}
	writeLines(&out, baseLines[at:])
	return out.Bytes(), true
}

// before tells whether a ends where b begins, or earlier.
func before(a, b lcs.Diff) bool { return a.End <= b.Start }

func writeLines(out *bytes.Buffer, lines []string) {
	for _, line := range lines {
		out.WriteString(line)
	}
}
