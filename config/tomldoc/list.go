package tomldoc

import (
	"fmt"
	"slices"
	"strings"
)

// Insert puts v into the list at p's last step, an index from 0 to its length.
func (d *Doc) Insert(p Path, v any) error {
	v, err := canonical(v)
	if err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	list, i, err := d.place(p)
	if err != nil {
		return err
	}
	table, isTable := v.(map[string]any)
	if list.kind == ArrayTable && !isTable {
		return fmt.Errorf("%s must be a table", p)
	}
	return d.edit(
		func(w *Doc) error {
			if list.kind == Array {
				return w.splice(w.insertItem(list, i, encode(v))...)
			}
			return w.splice(w.insertElement(list, i, w.block(list.elementHeader(), sortedPairs(table))))
		},
		func(root map[string]any) error { return modelInsert(root, p, v) },
	)
}

// place resolves a path that ends in an index of a list, its end included.
func (d *Doc) place(p Path) (*Node, int, error) {
	if len(p) > 1 {
		list := d.find(p[:len(p)-1])
		i, ok := p[len(p)-1].(int)
		if ok && list != nil && (list.kind == Array || list.kind == ArrayTable) && i >= 0 && i <= len(list.elems) {
			return list, i, nil
		}
	}
	return nil, 0, fmt.Errorf("%s: no such place in a list", p)
}

func (n *Node) elementHeader() string { return "[[" + dotted(n.Path().keys()) + "]]" }

// insertElement puts a [[table]] before element i, or behind the last.
func (d *Doc) insertElement(list *Node, i int, text string) splice {
	if i < len(list.elems) {
		return d.newBlock(d.section(list.elems[i].headers[0]).start, text)
	}
	return d.newBlock(d.section(list.headers[len(list.headers)-1]).end, text)
}

// Move takes element from of a list and puts it where index to will be, with the
// comments that belong to it.
func (d *Doc) Move(p Path, from, to int) error {
	list := d.find(p)
	if list == nil || from < 0 || from >= len(list.elems) || to < 0 || to >= len(list.elems) {
		return fmt.Errorf("%s: no such move", p)
	}
	if from == to {
		return nil
	}
	return d.edit(
		func(w *Doc) error {
			if list.kind == Array {
				return w.splice(w.moveItem(list, from, to)...)
			}
			return w.moveElement(p, from, to)
		},
		func(root map[string]any) error { return modelMove(root, p, from, to) },
	)
}

// moveElement moves the sections of a [[table]].
func (d *Doc) moveElement(p Path, from, to int) error {
	elem := d.find(p.child(from))
	text := d.sections(elem.headers)
	if err := d.removeTable(p.child(from), elem); err != nil {
		return err
	}
	return d.splice(d.insertElement(d.find(p), to, text))
}

// sections is the text of the headers' sections, the blank lines between those
// that follow each other included.
func (d *Doc) sections(headers []int) string {
	var b strings.Builder
	end := -1
	for _, header := range headers {
		s := d.section(header)
		if gap := (span{end, s.start}); end >= 0 && d.isBlank(gap) {
			b.WriteString(d.text(gap))
		} else if end >= 0 {
			b.WriteString(d.eol)
		}
		b.WriteString(strings.TrimSuffix(d.text(s), d.eol) + d.eol)
		end = s.end
	}
	return b.String()
}

// moveItem turns the items from one place to the other by one. Commas stay where
// they are. Comments go along where every item has its lines for itself; those
// above only where no bracket is in the way.
func (d *Doc) moveItem(list *Node, from, to int) (splices []splice) {
	first, last, shift := from, to, 1
	if from > to {
		first, last, shift = to, from, -1
	}
	cells := d.cells(list)[first : last+1]
	ownLines := !slices.ContainsFunc(cells, func(c cell) bool { return !c.ownLines })
	alone := !slices.ContainsFunc(cells, func(c cell) bool { return !c.alone })
	for i, c := range cells {
		next := cells[(i+shift+len(cells))%len(cells)]
		if ownLines {
			splices = append(splices, splice{c.above, d.text(next.above)})
		}
		if alone {
			splices = append(splices, splice{c.behind, d.comment(list, c, next)})
		}
		splices = append(splices, splice{c.item, d.text(next.item)})
	}
	return splices
}

// comment is what stands behind c once next's comment is c's. Where the closing
// bracket follows, a comment needs a line end before it.
func (d *Doc) comment(list *Node, c, next cell) string {
	beside := d.lineEnd(c.behind.end) >= list.value.end
	switch {
	case !d.isBlank(next.behind) && beside:
		return d.text(next.behind) + d.eol
	case !d.isBlank(next.behind):
		return d.text(next.behind)
	case beside:
		return d.text(c.behind) // blanks
	}
	return ""
}
