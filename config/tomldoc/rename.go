package tomldoc

import "fmt"

// Rename changes the last key of p in every header and dotted key that spells
// it.
func (d *Doc) Rename(p Path, to string) error {
	n := d.find(p)
	if n == nil || n == d.root {
		return fmt.Errorf("%s does not exist", p)
	}
	from, ok := n.step.(string)
	if !ok {
		return fmt.Errorf("%s has no name", p)
	}
	renamed := p[:len(p)-1].child(to)
	if from == to {
		return nil
	}
	if d.find(renamed) != nil {
		return fmt.Errorf("%s exists already", renamed)
	}
	return d.edit(
		func(w *Doc) error { return w.splice(w.spellings(n, quoteKey(to))...) },
		func(root map[string]any) error { return modelRename(root, p, to) },
	)
}

// spellings replaces each place that n's key is written.
func (d *Doc) spellings(n *Node, key string) (list []splice) {
	depth := len(n.Path().keys()) - 1
	for _, header := range n.headers {
		list = append(list, splice{d.exprs[header].keys[depth], key})
	}
	eachBinding(n, func(b *binding) {
		// The key is part of the binding only if the body holding it is above n.
		if part := depth - len(b.up.Path().keys()); part >= 0 {
			list = append(list, splice{b.parts[part], key})
		}
	})
	return list
}

// eachBinding visits the keys whose values are n or below it, those within
// inline tables below it left out.
func eachBinding(n *Node, visit func(*binding)) {
	if n.binding != nil {
		visit(n.binding)
		return
	}
	for _, key := range n.order {
		eachBinding(n.kids[key], visit)
	}
	for _, elem := range n.elems {
		eachBinding(elem, visit)
	}
}
