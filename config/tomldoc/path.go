package tomldoc

import (
	"strconv"
	"strings"
)

// Path leads from the root to a node: a string for a key, an int for an index.
type Path []any

// String gives route.cctv.to[1], with quotes around keys that need them.
func (p Path) String() string {
	var b strings.Builder
	for i, step := range p {
		switch step := step.(type) {
		case int:
			b.WriteString("[" + strconv.Itoa(step) + "]")
		case string:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(quoteKey(step))
		}
	}
	return b.String()
}

// child never shares its tail with a sibling's path.
func (p Path) child(step any) Path { return append(p[:len(p):len(p)], step) }

// keys are the path's keys; the indices of [[lists]] have no spelling.
func (p Path) keys() (names []string) {
	for _, step := range p {
		if name, ok := step.(string); ok {
			names = append(names, name)
		}
	}
	return names
}
