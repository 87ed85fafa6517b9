package config

// File is the text under an edit. Its methods change the bytes of the value
// they mean and no others; each checks that the edited text decodes to exactly
// what was asked, and refuses the edit with a reason otherwise.
type File struct{}

// KeyValue is a key of a route or table and its value: string, bool, int64,
// float64, []any or map[string]any.
type KeyValue struct {
	Key   string
	Value any
}

// Bytes returns the text as it stands.
func (f *File) Bytes() []byte { return nil }

// Set writes the value at the path ("route", "cctv", "to"), replacing or adding.
func (f *File) Set(value any, path ...string) error { return nil }

// Delete removes a key or a table; an error when there is none.
func (f *File) Delete(path ...string) error { return nil }

// AddRoute appends [route.NAME] with the keys in the order given.
func (f *File) AddRoute(name string, keys []KeyValue) error { return nil }

// RenameRoute changes a route's name wherever the file spells it, references
// (fallback) included.
func (f *File) RenameRoute(from, to string) error { return nil }
