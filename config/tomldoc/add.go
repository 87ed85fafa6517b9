package tomldoc

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// add writes a key that is not there yet, with the tables that lead to it.
func (d *Doc) add(p Path, v any) error {
	k := len(p) - 1
	for k > 0 && d.find(p[:k]) == nil {
		k--
	}
	up, missing := d.find(p[:k]), p[k:].keys()
	if len(missing) < len(p[k:]) || up.kids == nil {
		return fmt.Errorf("%s: %s is %s without such an element", p, p[:k], up.kind)
	}
	_, isTable := v.(map[string]any)
	switch {
	case up.inline() != nil:
		return d.addItem(up, missing, v)
	case up.header < 0 && up.host == nil && (len(missing) > 1 || isTable):
		return d.addSection(p, v)
	case up.header < 0 && up.host == nil && up != d.root:
		return d.addHeader(up, missing[0], v)
	}
	return d.splice(d.insertKey(up, missing[0], nest(missing[1:], v)))
}

// nest wraps v into the tables that the keys name.
func nest(keys []string, v any) any {
	for _, key := range slices.Backward(keys) {
		v = map[string]any{key: v}
	}
	return v
}

// inline is the inline table whose braces hold n's keys, nil without one.
func (n *Node) inline() *Node {
	switch {
	case n.kind == InlineTable:
		return n
	case n.host != nil && n.host.kind == InlineTable:
		return n.host
	}
	return nil
}

func (d *Doc) addItem(up *Node, missing []string, v any) error {
	table := up.inline()
	key := dotted(append(slices.Clone(up.prefix), missing[0]))
	text := key + " = " + encode(nest(missing[1:], v))
	return d.splice(d.insertItem(table, len(table.bindings), text)...)
}

// addSection appends [p] behind its siblings for a table, else the table that
// the key needs.
func (d *Doc) addSection(p Path, v any) error {
	table, ok := v.(map[string]any)
	if !ok {
		last := len(p) - 1
		return d.splice(d.newSection(p[:last], []KeyValue{{p[last].(string), v}}))
	}
	return d.splice(d.newSection(p, sortedPairs(table)))
}

// addHeader gives a table that only [its.sub] headers imply a header of its own.
func (d *Doc) addHeader(up *Node, key string, v any) error {
	at := d.ownedFrom(up.headers[0])
	text := d.block("["+dotted(up.Path().keys())+"]", []KeyValue{{key, v}})
	return d.splice(d.newLines(at, text+d.eol))
}

// insertKey adds "key = value" to the table's body, behind its last key.
func (d *Doc) insertKey(up *Node, key string, v any) splice {
	body, prefix := up, []string(nil)
	if up.host != nil {
		body, prefix = up.host, up.prefix
	}
	spelled := dotted(append(slices.Clone(prefix), key))
	last := lastBinding(body, prefix)
	if last == nil && body == d.root {
		return d.insertFirstKey(spelled + " = " + encode(v))
	}
	equals := " = "
	var above expr
	if last != nil {
		above, equals = d.exprs[last.expr], d.equals(body, last, utf8.RuneCountInString(spelled))
	} else {
		above = d.exprs[body.header]
	}
	indent := d.text(span{above.line.start, above.core.start})
	return d.newLines(above.line.end, indent+spelled+equals+encode(v)+d.eol)
}

// lastBinding is the last key of a body that begins with the prefix.
func lastBinding(body *Node, prefix []string) (last *binding) {
	for _, b := range body.bindings {
		if len(b.names) > len(prefix) && slices.Equal(b.names[:len(prefix)], prefix) {
			last = b
		}
	}
	return last
}

// insertFirstKey adds a key to a file that has none above its first header.
func (d *Doc) insertFirstKey(line string) splice {
	for i, x := range d.exprs {
		if x.isHeader() {
			return d.newLines(d.ownedFrom(i), line+d.eol+d.eol)
		}
	}
	return d.newLines(len(d.src), line+d.eol)
}

// equals is the equals sign as the neighbours write it: in their column when
// they share one, without blanks when they have none.
func (d *Doc) equals(body *Node, last *binding, width int) string {
	column, gap := d.equalsColumn(last)
	if gap == 0 && !isSpace(d.src[d.skipSpace(last.parts[len(last.parts)-1].end)+1]) {
		return "="
	}
	shared := 0
	for _, b := range body.bindings {
		if c, _ := d.equalsColumn(b); c == column {
			shared++
		}
	}
	if (shared > 1 || gap > 1) && gap > 0 && width < column {
		return strings.Repeat(" ", column-width) + "= "
	}
	return " = "
}

// equalsColumn counts the characters from the key's start to its equals sign,
// and the blanks before that.
func (d *Doc) equalsColumn(b *binding) (column, gap int) {
	end := b.parts[len(b.parts)-1].end
	equals := d.skipSpace(end)
	return utf8.RuneCount(d.src[b.span.start:equals]), equals - end
}
