package config

import (
	"bytes"
	"errors"

	"forge.home.arpa/portico/config/tomldoc"
)

// File is the text under an edit. Its methods change the bytes of the value
// they mean and no others; each checks that the edited text decodes to exactly
// what was asked, and refuses the edit with a reason otherwise.
type File struct{ doc *tomldoc.Doc }

// KeyValue is a key of a route or table and its value: string, bool, int64,
// float64, []any or map[string]any.
type KeyValue struct {
	Key   string
	Value any
}

// newFile reads the text; the error is Problems.
func newFile(text []byte) (*File, error) {
	doc, err := tomldoc.Parse(text)
	if err != nil {
		return nil, syntaxProblems(err)
	}
	return &File{doc}, nil
}

// Bytes returns the text as it stands.
func (f *File) Bytes() []byte { return f.doc.Bytes() }

// Has tells whether the file spells the key or table.
func (f *File) Has(path ...string) bool { return f.node(path) != nil }

// Value is what the file says at the path: string, bool, int64, float64, []any,
// map[string]any or a TOML date; nil when it says nothing.
func (f *File) Value(path ...string) any {
	if n := f.node(path); n != nil {
		return n.Value()
	}
	return nil
}

func (f *File) node(path []string) *tomldoc.Node {
	n := f.doc.Root()
	for _, key := range path {
		if n = n.Get(key); n == nil {
			return nil
		}
	}
	return n
}

// Set writes the value at the path ("route", "cctv", "to"), replacing or adding.
func (f *File) Set(value any, path ...string) error { return f.doc.Set(docPath(path), value) }

// Delete removes a key or a table; an error when there is none.
func (f *File) Delete(path ...string) error { return f.doc.Delete(docPath(path)) }

// AddRoute writes [route.NAME] with the keys in the order given, behind the last
// route of the file.
func (f *File) AddRoute(name string, keys []KeyValue) error {
	if name == "" {
		return errors.New("a route needs a name")
	}
	pairs := make([]tomldoc.KeyValue, len(keys))
	for i, kv := range keys {
		pairs[i] = tomldoc.KeyValue(kv)
	}
	return f.doc.AddTable(tomldoc.Path{"route", name}, pairs)
}

// RenameRoute changes a route's name wherever the file spells it, references
// (fallback) included.
func (f *File) RenameRoute(from, to string) error {
	if to == "" {
		return errors.New("a route needs a name")
	}
	before := *f.doc
	err := f.doc.Rename(tomldoc.Path{"route", from}, to)
	for _, table := range f.routeTables() {
		path := append(table, "fallback")
		if err == nil && f.Value(path...) == from {
			err = f.Set(to, path...)
		}
	}
	if err != nil {
		*f.doc = before
	}
	return err
}

// routeTables are the paths of the tables that hold keys of a route.
func (f *File) routeTables() [][]string {
	tables := [][]string{{"defaults"}}
	for _, family := range []string{"preset", "route"} {
		if n := f.node([]string{family}); n != nil {
			for _, name := range n.Keys() {
				tables = append(tables, []string{family, name})
			}
		}
	}
	return tables
}

// replaceText takes the text for the whole file.
func (f *File) replaceText(text []byte) error {
	next, err := newFile(text)
	if err == nil {
		f.doc = next.doc
	}
	return err
}

func docPath(keys []string) tomldoc.Path {
	p := make(tomldoc.Path, len(keys))
	for i, key := range keys {
		p[i] = key
	}
	return p
}

// edited is the text after the edit; the same bytes when it changed nothing.
func edited(text []byte, edit func(*File) error) ([]byte, error) {
	f, err := newFile(text)
	if err != nil {
		return nil, err
	}
	if err := edit(f); err != nil {
		return nil, err
	}
	after := f.Bytes()
	if bytes.Equal(after, text) {
		return text, nil
	}
	return after, nil
}
