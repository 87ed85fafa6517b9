package tomldoc_test

import (
	"math"
	"reflect"
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
