package tomldoc

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Set writes v at p in place of what is there, or as a new key. In lists and
// tables only the elements that differ are touched, so comments between them
// stay. v is a string, bool, int, int64, float64, time.Time, a toml.Local*,
// []string, []any or map[string]any.
func (d *Doc) Set(p Path, v any) error {
	v, err := canonical(v)
	if err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	if len(p) == 0 {
		return errors.New("the whole file cannot be set")
	}
	return d.edit(
		func(w *Doc) error { return w.set(p, v) },
		func(root map[string]any) error { return modelSet(root, p, v) },
	)
}

func (d *Doc) set(p Path, v any) error {
	n := d.find(p)
	if n == nil {
		return d.add(p, v)
	}
	if Equal(n.Value(), v) {
		return nil
	}
	table, isTable := v.(map[string]any)
	list, isList := v.([]any)
	switch {
	case isTable && len(table) > 0 && (n.kind == Table || n.kind == InlineTable):
		return d.setTable(p, n, table)
	case isTable && n.kind == Table && n.header >= 0:
		return d.setTable(p, n, table)
	case isList && len(list) > 0 && n.kind == Array && len(n.elems) > 0:
		return d.setList(p, n, list)
	case n.parent.kind == ArrayTable:
		return fmt.Errorf("%s must be a table", p)
	case n.kind == Table || n.kind == ArrayTable:
		if err := d.remove(p); err != nil {
			return err
		}
		return d.add(p, v)
	}
	return d.splice(splice{n.value, d.encodeLike(n, v)})
}

// setTable sets before it deletes: a table that only dotted keys spell would
// vanish with its last one.
func (d *Doc) setTable(p Path, n *Node, table map[string]any) error {
	old := n.Keys()
	for _, key := range sortedKeys(table) {
		if err := d.set(p.child(key), table[key]); err != nil {
			return err
		}
	}
	for _, key := range old {
		if _, keep := table[key]; !keep {
			if err := d.remove(p.child(key)); err != nil {
				return err
			}
		}
	}
	return nil
}

// encodeLike keeps the quotes of the string it replaces where they can hold s.
func (d *Doc) encodeLike(n *Node, v any) string {
	s, ok := v.(string)
	if ok && n.kind == String && d.src[n.value.start] == '\'' && !strings.ContainsFunc(s, notLiteral) {
		return "'" + s + "'"
	}
	return encode(v)
}

func notLiteral(r rune) bool { return r == '\'' || r < 0x20 || r == 0x7f }

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
