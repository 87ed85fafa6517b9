package tomldoc

import "github.com/pelletier/go-toml/v2/unstable"

// indexValue notes the value at offset at. The parser gives no range for lists
// and only the brace for inline tables, so the source is walked beside it.
func (d *Doc) indexValue(v *unstable.Node, at int, step any, parent *Node) (*Node, error) {
	n := &Node{doc: d, step: step, parent: parent, header: -1}
	switch v.Kind {
	case unstable.Array:
		n.kind = Array
		return n, d.indexArray(n, v, at)
	case unstable.InlineTable:
		n.kind, n.kids = InlineTable, map[string]*Node{}
		return n, d.indexInline(n, v, at)
	}
	n.kind, n.value, n.text = scalarKind(v.Kind), d.raw(v.Raw), string(v.Data)
	if n.value.start != at {
		return nil, errIndex
	}
	return n, nil
}

func scalarKind(k unstable.Kind) Kind {
	switch k {
	case unstable.String:
		return String
	case unstable.Integer:
		return Integer
	case unstable.Float:
		return Float
	case unstable.Bool:
		return Bool
	}
	return DateTime
}

func (d *Doc) indexArray(n *Node, v *unstable.Node, at int) error {
	i := at + 1
	for it := v.Children(); it.Next(); {
		if it.Node().Kind == unstable.Comment {
			continue
		}
		elem, err := d.indexValue(it.Node(), d.skipGap(i), len(n.elems), n)
		if err != nil {
			return err
		}
		elem.key = elem.value
		n.elems = append(n.elems, elem)
		i = elem.value.end
	}
	return d.closeValue(n, at, i, '[', ']')
}

func (d *Doc) indexInline(n *Node, v *unstable.Node, at int) error {
	i := at + 1
	for it := v.Children(); it.Next(); {
		if it.Node().Kind != unstable.KeyValue {
			continue
		}
		b, err := d.bind(n, it.Node(), -1)
		if err != nil {
			return err
		}
		i = b.span.end
	}
	return d.closeValue(n, at, i, '{', '}')
}

func (d *Doc) closeValue(n *Node, open, i int, left, right byte) error {
	i = d.skipGap(i)
	if d.src[open] != left || i >= len(d.src) || d.src[i] != right {
		return errIndex
	}
	n.value = span{open, i + 1}
	return nil
}
