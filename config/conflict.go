package config

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"forge.home.arpa/portico/config/tomldoc"
)

// Conflict is a key that an edit changes and that was changed in the file since
// the revision the edit was made on. Nil stands for a key that is not there. The
// values are as written, secrets included; Error hides those.
type Conflict struct {
	Key          string // "route.cctv.to"
	Mine, Theirs any

	path []string // Key in its parts
}

// Error names the key with both values.
func (c *Conflict) Error() string {
	return fmt.Sprintf("%s was changed in the file meanwhile: %s there, %s here", c.Key, c.show(c.Theirs), c.show(c.Mine))
}

func (c *Conflict) show(v any) string {
	if secretAt(c.path) {
		return hidden
	}
	text := []rune(spell(v))
	if len(text) > 60 {
		return string(text[:60]) + "…"
	}
	return string(text)
}

func spell(v any) string {
	switch v := v.(type) {
	case nil:
		return "removed"
	case string:
		return strconv.Quote(v)
	case map[string]any:
		return "a table"
	case []any:
		parts := make([]string, len(v))
		for i, elem := range v {
			parts[i] = spell(elem)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// Conflicts is every Conflict of an edit; errors.As finds the first.
type Conflicts []*Conflict

// Error gives one conflict a line.
func (cs Conflicts) Error() string {
	lines := make([]string, len(cs))
	for i, c := range cs {
		lines[i] = c.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lists the conflicts.
func (cs Conflicts) Unwrap() []error {
	errs := make([]error, len(cs))
	for i, c := range cs {
		errs[i] = c
	}
	return errs
}

// keyChange is a key and its values before and after; nil where it is not there.
// A table that appears is a change of each of its keys, one that goes is a
// change of itself: whatever someone did in it meanwhile would go too.
type keyChange struct {
	path    []string
	was, is any
}

// changes lists how two texts differ, in the order of the keys.
func changes(before, after []byte) ([]keyChange, error) {
	was, err := newFile(before)
	if err != nil {
		return nil, err
	}
	is, err := newFile(after)
	if err != nil {
		return nil, err
	}
	return compare(nil, was.Value(), is.Value()), nil
}

func compare(path []string, was, is any) []keyChange {
	oldTable, wasTable := was.(map[string]any)
	newTable, isTable := is.(map[string]any)
	if !isTable || !wasTable && (was != nil || len(newTable) == 0) {
		if tomldoc.Equal(was, is) {
			return nil
		}
		return []keyChange{{path, was, is}}
	}
	keys := maps.Clone(newTable)
	maps.Copy(keys, oldTable)
	var list []keyChange
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		list = append(list, compare(append(slices.Clone(path), key), oldTable[key], newTable[key])...)
	}
	return list
}

// conflicts are the keys that both changed, and not to the same.
func conflicts(mine, theirs []keyChange) (list Conflicts) {
	for _, m := range mine {
		for _, t := range theirs {
			path := m.path
			if len(t.path) > len(path) {
				path = t.path
			}
			here, ok := m.at(path)
			there, ok2 := t.at(path)
			if ok && ok2 && !tomldoc.Equal(here, there) {
				list = append(list, &Conflict{docPath(path).String(), here, there, path})
			}
		}
	}
	return list
}

// at is what the change makes of the path; false if it does not reach there.
func (c keyChange) at(path []string) (any, bool) {
	if len(path) < len(c.path) || !slices.Equal(path[:len(c.path)], c.path) {
		return nil, false
	}
	v := c.is
	for _, key := range path[len(c.path):] {
		table, _ := v.(map[string]any)
		v = table[key]
	}
	return v, true
}

// carryOut makes changes key by key, in a text other than the one they were seen
// in. What holds already is left alone.
func (f *File) carryOut(list []keyChange) error {
	for _, c := range list {
		var err error
		switch is := f.Value(c.path...); {
		case tomldoc.Equal(is, c.is):
		case c.is == nil:
			err = f.Delete(c.path...)
		default:
			err = f.Set(c.is, c.path...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// replay makes an edit of base on the bytes that the disk holds now.
func replay(base, disk []byte, edit func(*File) error) ([]byte, error) {
	onBase, err := edited(base, edit)
	if err != nil || bytes.Equal(base, disk) {
		return onBase, err
	}
	theirs, err := changes(base, disk)
	if err != nil {
		return nil, err
	}
	mine, err := changes(base, onBase)
	if err != nil {
		return nil, err
	}
	if both := conflicts(mine, theirs); len(both) > 0 {
		return nil, both
	}
	// An edit that no longer fits (a key to delete is gone, a route to add is
	// there) may be done, or half done, by now.
	after, err := edited(disk, edit)
	if err != nil {
		after, again := edited(disk, func(f *File) error { return f.carryOut(mine) })
		if again == nil {
			return after, nil
		}
	}
	return after, err
}
