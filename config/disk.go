package config

import (
	"errors"
	"os"
	"path/filepath"
)

// asPath reads the path of what need not be there yet.
var asPath = reader[string]{readPath, aWord}

func readPath(d *decoder, n *node) (string, bool) {
	s, ok := readWord(d, n)
	return d.located(s), ok
}

// located is where a path of the file leads.
func (d *decoder) located(path string) string {
	if d.folder == "" || path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.folder, path)
}

// asFile reads a path; a file that cannot be read is a warning, for it may
// come later.
var asFile = reader[string]{readFile, aWord}

func readFile(d *decoder, n *node) (string, bool) {
	s, ok := readPath(d, n)
	if !ok {
		return "", false
	}
	info, err := os.Stat(s)
	switch {
	case err != nil:
	case info.IsDir():
		err = errors.New("is a folder")
	case !info.Mode().IsRegular(): // opening a pipe would wait for its writer
		err = errors.New("is not a file")
	default:
		err = canOpen(s)
	}
	d.unreadable(n, s, err)
	return s, true
}

// asFolder is asFile for folders.
var asFolder = reader[string]{readFolder, aWord}

func readFolder(d *decoder, n *node) (string, bool) {
	s, ok := readPath(d, n)
	if !ok {
		return "", false
	}
	info, err := os.Stat(s)
	if err == nil && !info.IsDir() {
		err = errors.New("is not a folder")
	} else if err == nil {
		err = canOpen(s)
	}
	d.unreadable(n, s, err)
	return s, true
}

func canOpen(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

func (d *decoder) unreadable(n *node, path string, err error) {
	if err != nil {
		d.warn(n, "", ": %s cannot be read: %s", quote(path), cause(err))
	}
}

// cause takes the path off an error, where the message has it already.
func cause(err error) string {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
