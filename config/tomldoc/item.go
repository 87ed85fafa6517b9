package tomldoc

import (
	"bytes"
	"strings"
)

// cell is one item of a list or inline table, with what stands around it.
type cell struct {
	item     span
	comma    int  // behind the item; -1 without one
	above    span // whole lines of comments that touch it from above
	behind   span // blanks and comment at the end of its line
	ownLines bool // nothing else stands on its lines
	alone    bool // no other item stands on its lines; the brackets may
}

// cells lists the items between the brackets of n.
func (d *Doc) cells(n *Node) []cell {
	items := make([]span, 0, len(n.elems)+len(n.bindings))
	for _, elem := range n.elems {
		items = append(items, elem.value)
	}
	for _, b := range n.bindings {
		items = append(items, b.span)
	}
	list := make([]cell, len(items))
	from := n.value.start + 1
	for i, item := range items {
		limit := n.value.end - 1
		if i+1 < len(items) {
			limit = items[i+1].start
		}
		c := d.cell(item, from, limit)
		begins := d.isBlank(span{max(c.above.end, from), item.start}) && (i == 0 || c.above.end >= from)
		c.alone = begins && d.isBlank(span{item.end, max(item.end, c.comma)}) &&
			(d.endsLine(c, limit) || i == len(items)-1 && d.isBlank(span{c.behind.end, limit}))
		c.ownLines = c.alone && c.above.end >= from && d.endsLine(c, limit)
		list[i] = c
		from = max(item.end, list[i].comma+1)
	}
	return list
}

// cell looks at an item that has the bytes from up to limit to itself.
func (d *Doc) cell(item span, from, limit int) cell {
	c := cell{item: item, comma: d.comma(item.end, limit)}
	line, end := d.lineStart(item.start), item.end
	if c.comma >= 0 {
		end = c.comma + 1
	}
	eol := d.lineEnd(end)
	c.behind = span{end, d.skipSpace(end)}
	if c.behind.end < limit && d.src[c.behind.end] == '#' {
		c.behind.end = end + len(bytes.TrimRight(d.src[end:eol], "\r\n"))
	}
	c.above = span{line, line}
	for line >= from && d.isBlank(span{line, item.start}) && c.above.start > from {
		up := d.lineStart(c.above.start - 1)
		if up < from || !strings.HasPrefix(strings.TrimLeft(d.text(span{up, c.above.start}), " \t"), "#") {
			break
		}
		c.above.start = up
	}
	return c
}

// endsLine tells whether nothing but its comment follows an item on its line.
func (d *Doc) endsLine(c cell, limit int) bool {
	eol := d.lineEnd(c.behind.start)
	return eol <= limit && d.isBlank(span{c.behind.end, eol})
}

// commented tells whether a comment behind an item is the item's.
func (d *Doc) commented(c cell) bool {
	return c.alone && c.behind.start < c.behind.end && !d.isBlank(c.behind)
}

// comma finds the comma from offset i up to limit, outside comments.
func (d *Doc) comma(i, limit int) int {
	for i < limit {
		switch d.src[i] {
		case ',':
			return i
		case '#':
			i = d.lineEnd(i)
		default:
			i++
		}
	}
	return -1
}

func (d *Doc) indent(item span) string { return d.text(span{d.lineStart(item.start), item.start}) }

// insertItem puts text before item i of a list or inline table, or behind the
// last, in the layout of the neighbour.
func (d *Doc) insertItem(n *Node, i int, text string) []splice {
	cells := d.cells(n)
	switch {
	case len(cells) == 0:
		return []splice{d.onlyItem(n, text)}
	case i == len(cells):
		return d.appendItem(n, cells[i-1], text)
	}
	c := cells[i]
	if c.ownLines {
		return []splice{insertAt(c.above.start, d.indent(c.item)+text+","+d.eol)}
	}
	return []splice{insertAt(c.item.start, text+", ")}
}

func (d *Doc) onlyItem(n *Node, text string) splice {
	inside := span{n.value.start + 1, n.value.end - 1}
	if !d.isBlank(inside) {
		return insertAt(inside.start, text)
	}
	if n.kind == InlineTable {
		text = " " + text + " "
	}
	return splice{inside, text}
}

func (d *Doc) appendItem(n *Node, last cell, text string) []splice {
	line := d.indent(last.item) + text
	switch {
	case d.commented(last) && !last.ownLines: // beside the bracket
		line = d.indent(span{d.skipSpace(d.lineStart(last.item.start)), 0}) + "  " + text
	case !last.ownLines:
		return []splice{insertAt(last.item.end, ", "+text)}
	}
	if last.comma >= 0 {
		return []splice{insertAt(d.lineEnd(last.comma), line+","+d.eol)}
	}
	return []splice{insertAt(last.item.end, ","), insertAt(d.lineEnd(last.item.end), line+d.eol)}
}

// removeItem removes item i of a list or inline table with its comma.
func (d *Doc) removeItem(n *Node, i int) []splice {
	cells := d.cells(n)
	c := cells[i]
	last := i == len(cells)-1
	// The comma before stays behind as a trailing one, which lists may have.
	// Inline tables may not before TOML 1.1.
	if c.ownLines && (c.comma >= 0 || i == 0 || n.kind == Array) {
		return []splice{cut(d.itemLines(cells, i))}
	}
	switch {
	case i == 0 && d.commented(c):
		// It begins on the bracket's line, which stays.
		return []splice{cut(span{n.value.start + 1, c.behind.end})}
	case c.comma >= 0 && !last && d.sameLine(c.item.end, cells[i+1].item.start) &&
		d.isBlank(span{c.item.end, c.comma}) && d.isBlank(span{c.comma + 1, cells[i+1].item.start}):
		return []splice{cut(span{c.item.start, cells[i+1].item.start})}
	case c.comma >= 0 && d.isBlank(span{c.item.end, c.comma}):
		return []splice{cut(span{c.item.start, c.comma + 1})}
	case c.comma >= 0:
		return []splice{cut(c.item), cut(span{c.comma, c.comma + 1})}
	case i == 0:
		return []splice{cut(c.item)}
	}
	before := cells[i-1].comma
	if d.isBlank(span{before + 1, c.item.start}) {
		return []splice{cut(span{before, c.item.end})}
	}
	return []splice{cut(span{before, before + 1}), cut(c.item)}
}

// itemLines are the lines of an item; the comment above goes with it as it does
// for keys, only when no other item follows at once.
func (d *Doc) itemLines(cells []cell, i int) span {
	c := cells[i]
	lines := span{c.above.start, d.lineEnd(max(c.item.end-1, c.comma))}
	if i+1 < len(cells) && cells[i+1].ownLines && cells[i+1].above.start == lines.end && cells[i+1].above.start == cells[i+1].above.end {
		lines.start = c.above.end
	}
	return lines
}

func (d *Doc) sameLine(a, b int) bool { return d.lineStart(a) == d.lineStart(b) }
