package tomldoc_test

import (
	"math"
	"reflect"

	"forge.home.arpa/portico/config/tomldoc"
)

// sameValue is reflect.DeepEqual with NaN equal to itself.
func sameValue(a, b any) bool { return reflect.DeepEqual(comparable(a), comparable(b)) }

func comparable(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, elem := range v {
			m[key] = comparable(elem)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, elem := range v {
			list[i] = comparable(elem)
		}
		return list
	case float64:
		if math.IsNaN(v) {
			return "nan"
		}
	}
	return v
}

func modelGet(v any, p tomldoc.Path) any {
	for _, step := range p {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			v = v.([]any)[step]
		}
	}
	return v
}

func modelPut(root map[string]any, p tomldoc.Path, v any) {
	var at any = root
	for _, step := range p[:len(p)-1] {
		if key, ok := step.(string); ok && at.(map[string]any)[key] == nil {
			at.(map[string]any)[key] = map[string]any{}
		}
		at = modelGet(at, tomldoc.Path{step})
	}
	switch step := p[len(p)-1].(type) {
	case string:
		at.(map[string]any)[step] = v
	case int:
		at.([]any)[step] = v
	}
}

func modelRemove(root map[string]any, p tomldoc.Path) {
	up := modelGet(root, p[:len(p)-1])
	switch step := p[len(p)-1].(type) {
	case string:
		delete(up.(map[string]any), step)
	case int:
		modelPut(root, p[:len(p)-1], append(append([]any{}, up.([]any)[:step]...), up.([]any)[step+1:]...))
	}
}

// withoutEmpty drops what is empty: a table spelled by dotted keys alone
// vanishes with its last key, and a [[list]] with its last element.
func withoutEmpty(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for key, elem := range v {
			elem = withoutEmpty(elem)
			table, isTable := elem.(map[string]any)
			list, isList := elem.([]any)
			if isTable && len(table) == 0 || isList && len(list) == 0 {
				continue
			}
			m[key] = elem
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, elem := range v {
			list[i] = withoutEmpty(elem)
		}
		return list
	}
	return v
}
