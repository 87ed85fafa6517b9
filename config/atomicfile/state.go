package atomicfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// InState is a private file of a state directory. Without a directory it has no
// path: then Load finds nothing and Save keeps nothing.
func InState(dir, name string) File {
	if dir == "" {
		return File{}
	}
	return New(filepath.Join(dir, name))
}

// Load reads into v what Save wrote, in JSON. Where there is none, v stays as it
// was; with an error it may hold a part.
func (f File) Load(v any) error {
	if f.Path == "" {
		return nil
	}
	text, err := f.Read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return nil
}

// Save makes the content v, in JSON, as Put does.
func (f File) Save(v any) error {
	if f.Path == "" {
		return nil
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return f.Put(text)
}
