package tomldoc

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"
)

// The same edits on decoded values: what the text must mean afterwards.

// modelUp finds the table or list that holds the last step of p, making the
// tables on the way.
func modelUp(root map[string]any, p Path) (any, error) {
	var at any = root
	for i, step := range p[:len(p)-1] {
		switch up := at.(type) {
		case map[string]any:
			key, ok := step.(string)
			if !ok {
				return nil, fmt.Errorf("%s is a table, not a list", p[:i])
			}
			if up[key] == nil {
				up[key] = map[string]any{}
			}
			at = up[key]
		case []any:
			k, ok := step.(int)
			if !ok || k < 0 || k >= len(up) {
				return nil, fmt.Errorf("%s has no element %v", p[:i], step)
			}
			at = up[k]
		default:
			return nil, fmt.Errorf("%s is neither a table nor a list", p[:i])
		}
	}
	return at, nil
}

func modelSet(root map[string]any, p Path, v any) error {
	up, err := modelUp(root, p)
	if err != nil {
		return err
	}
	last := p[len(p)-1]
	switch up := up.(type) {
	case map[string]any:
		if key, ok := last.(string); ok {
			up[key] = v
			return nil
		}
	case []any:
		if i, ok := last.(int); ok && i >= 0 && i < len(up) {
			up[i] = v
			return nil
		}
	}
	return fmt.Errorf("%s: no such place", p)
}

func modelDelete(root map[string]any, p Path) error {
	if key, ok := p[len(p)-1].(string); ok {
		up, err := modelUp(root, p)
		if err == nil {
			delete(up.(map[string]any), key)
		}
		return err
	}
	return modelList(root, p[:len(p)-1], func(list []any) []any {
		i := p[len(p)-1].(int)
		return slices.Delete(list, i, i+1)
	})
}

func modelInsert(root map[string]any, p Path, v any) error {
	return modelList(root, p[:len(p)-1], func(list []any) []any {
		return slices.Insert(list, p[len(p)-1].(int), v)
	})
}

func modelMove(root map[string]any, p Path, from, to int) error {
	return modelList(root, p, func(list []any) []any {
		v := list[from]
		return slices.Insert(slices.Delete(list, from, from+1), to, v)
	})
}

func modelRename(root map[string]any, p Path, to string) error {
	up, err := modelUp(root, p)
	if err != nil {
		return err
	}
	table, from := up.(map[string]any), p[len(p)-1].(string)
	table[to] = table[from]
	delete(table, from)
	return nil
}

// modelList replaces the list at p.
func modelList(root map[string]any, p Path, change func([]any) []any) error {
	// One step deeper, so that p itself is resolved.
	list, err := modelUp(root, p.child(0))
	if err != nil {
		return err
	}
	return modelSet(root, p, change(list.([]any)))
}

// Equal compares decoded values, as Value gives them; NaN equals itself, a time its like in the
// same zone.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key, v := range a {
			if w, ok := b[key]; !ok || !Equal(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	case float64:
		b, ok := b.(float64)
		return ok && (a == b || math.IsNaN(a) && math.IsNaN(b))
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Format(time.RFC3339Nano) == b.Format(time.RFC3339Nano)
	}
	return reflect.DeepEqual(a, b)
}
