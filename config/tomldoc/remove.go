package tomldoc

import (
	"fmt"
	"slices"
)

// Delete removes a key, a table with everything in it, or an element of a list,
// together with the comments that belong to it.
func (d *Doc) Delete(p Path) error {
	n := d.find(p)
	if n == nil || n == d.root {
		return fmt.Errorf("%s does not exist", p)
	}
	gone := n.vanishing().Path()
	return d.edit(
		func(w *Doc) error { return w.remove(p) },
		func(root map[string]any) error { return modelDelete(root, gone) },
	)
}

// vanishing is the node, or the table or [[list]] above it that has no spelling
// of its own and so goes with its last key.
func (n *Node) vanishing() *Node {
	for up := n.parent; up.parent != nil; up = n.parent {
		implied := up.kind == Table && up.header < 0 && len(up.kids) == 1
		if !implied && !(up.kind == ArrayTable && len(up.elems) == 1) {
			break
		}
		n = up
	}
	return n
}

func (d *Doc) remove(p Path) error {
	n := d.find(p)
	switch {
	case n.kind == Table || n.kind == ArrayTable:
		return d.removeTable(p, n)
	case n.binding != nil:
		return d.removeBinding(n.binding)
	}
	return d.splice(d.removeItem(n.parent, n.step.(int))...)
}

func (d *Doc) removeBinding(b *binding) error {
	if b.expr < 0 {
		return d.splice(d.removeItem(b.up, slices.Index(b.up.bindings, b))...)
	}
	return d.splice(d.cutLines(d.keyLines(b.expr)))
}

// removeTable goes from the last section to the first, so that the places of
// the others hold, and then takes the dotted keys that spell the rest.
func (d *Doc) removeTable(p Path, n *Node) error {
	headers := n.headers
	for _, header := range slices.Backward(headers) {
		if err := d.splice(d.cutLines(d.withBlanks(d.section(header)))); err != nil {
			return err
		}
	}
	if n.parent.kind == ArrayTable {
		return nil // p is the next element by now
	}
	for n := d.find(p); n != nil; n = d.find(p) {
		b := firstBinding(n)
		if b == nil {
			return errIndex
		}
		if err := d.removeBinding(b); err != nil {
			return err
		}
	}
	return nil
}

// firstBinding is the first key that spells a part of n.
func firstBinding(n *Node) *binding {
	if n.binding != nil {
		return n.binding
	}
	for _, key := range n.order {
		if b := firstBinding(n.kids[key]); b != nil {
			return b
		}
	}
	return nil
}
