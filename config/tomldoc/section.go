package tomldoc

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// KeyValue is a key of a table and its value, of the types Set takes.
type KeyValue struct {
	Key   string
	Value any
}

// AddTable appends the header [p] with its keys, in the order given, behind the
// last of its siblings or at the end of the file. Where p's parent is an inline
// table, p becomes one too.
func (d *Doc) AddTable(p Path, keys []KeyValue) error {
	keys, table, err := canonicalPairs(keys)
	if err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	if len(p) == 0 || d.find(p) != nil {
		return fmt.Errorf("%s exists already", p)
	}
	return d.edit(
		func(w *Doc) error {
			if up := w.nearest(p); up.inline() != nil {
				return w.add(p, table)
			}
			return w.splice(w.newSection(p, keys))
		},
		func(root map[string]any) error { return modelSet(root, p, table) },
	)
}

// nearest is the last node on the way to p that exists.
func (d *Doc) nearest(p Path) *Node {
	for k := len(p) - 1; k > 0; k-- {
		if n := d.find(p[:k]); n != nil {
			return n
		}
	}
	return d.root
}

// newSection puts [p] behind the last header of p's siblings.
func (d *Doc) newSection(p Path, keys []KeyValue) splice {
	at := len(d.src)
	for up := d.nearest(p); up != nil; up = up.parent {
		if len(up.headers) > 0 {
			at = d.section(up.headers[len(up.headers)-1]).end
			break
		}
	}
	return d.newBlock(at, d.block("["+dotted(p.keys())+"]", keys))
}

// block spells a header and its keys, the equals signs in one column.
func (d *Doc) block(header string, keys []KeyValue) string {
	width := 0
	for _, kv := range keys {
		width = max(width, utf8.RuneCountInString(quoteKey(kv.Key)))
	}
	var b strings.Builder
	b.WriteString(header + d.eol)
	for _, kv := range keys {
		fmt.Fprintf(&b, "%-*s = %s%s", width, quoteKey(kv.Key), encode(kv.Value), d.eol)
	}
	return b.String()
}

// newBlock inserts lines with a blank line on either side.
func (d *Doc) newBlock(at int, text string) splice {
	if at < len(d.src) && !d.isBlank(span{at, d.lineEnd(at)}) {
		text += d.eol
	}
	if at > d.body && !d.isBlankLineBefore(at) {
		text = d.eol + text
	}
	return d.newLines(at, text)
}

func sortedPairs(m map[string]any) []KeyValue {
	keys := make([]KeyValue, 0, len(m))
	for _, key := range sortedKeys(m) {
		keys = append(keys, KeyValue{key, m[key]})
	}
	return keys
}

// canonicalPairs also gives the table that the pairs make.
func canonicalPairs(keys []KeyValue) ([]KeyValue, map[string]any, error) {
	keys = slices.Clone(keys)
	table := make(map[string]any, len(keys))
	for i, kv := range keys {
		v, err := canonical(kv.Value)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", quoteKey(kv.Key), err)
		}
		if _, twice := table[kv.Key]; twice {
			return nil, nil, fmt.Errorf("%s is given twice", quoteKey(kv.Key))
		}
		keys[i].Value, table[kv.Key] = v, v
	}
	return keys, table, nil
}
