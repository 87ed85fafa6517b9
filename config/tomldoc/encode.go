package tomldoc

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	toml "github.com/pelletier/go-toml/v2"
)

// canonical turns v into what decoding its text gives, or says why it has none.
func canonical(v any) (any, error) {
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("%q is not UTF-8 text", v)
		}
		return v, nil
	case bool, int64, float64, time.Time, toml.LocalDate, toml.LocalTime, toml.LocalDateTime:
		return v, nil
	case int:
		return int64(v), nil
	case []string:
		list := make([]any, len(v))
		for i, s := range v {
			list[i] = s
		}
		return canonical(list)
	case []any:
		return canonicalList(v)
	case map[string]any:
		return canonicalTable(v)
	}
	return nil, fmt.Errorf("a %T cannot be written as TOML", v)
}

func canonicalList(list []any) (any, error) {
	out := make([]any, len(list))
	for i, v := range list {
		var err error
		if out[i], err = canonical(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func canonicalTable(table map[string]any) (any, error) {
	out := make(map[string]any, len(table))
	for key, v := range table {
		c, err := canonical(v)
		if err != nil {
			return nil, err
		}
		if !utf8.ValidString(key) {
			return nil, fmt.Errorf("the key %q is not UTF-8 text", key)
		}
		out[key] = c
	}
	return out, nil
}

// encode spells a canonical value on one line.
func encode(v any) string {
	switch v := v.(type) {
	case string:
		return quote(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return encodeFloat(v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []any:
		parts := make([]string, len(v))
		for i, elem := range v {
			parts[i] = encode(elem)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, key := range sortedKeys(v) {
			parts = append(parts, quoteKey(key)+" = "+encode(v[key]))
		}
		if len(parts) == 0 {
			return "{}"
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	}
	return fmt.Sprint(v) // toml.LocalDate, LocalTime, LocalDateTime
}

func encodeFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(f, 'f', -1, 64)), "+")
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// dotted spells a key of several parts.
func dotted(keys []string) string {
	parts := make([]string, len(keys))
	for i, key := range keys {
		parts[i] = quoteKey(key)
	}
	return strings.Join(parts, ".")
}

// quoteKey spells a key, quoted only where it must be.
func quoteKey(key string) string {
	bare := key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	})
	if bare {
		return key
	}
	return quote(key)
}

func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
