package config

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

// Base is what an edit begins from: the file as it stands. Where that cannot run
// an edit may be the one that mends it; Config is then nil. Problems are
// returned, wrapped, where the file is no TOML, which no edit can mend.
func (s *Store) Base() (*Revision, error) {
	current := s.Current()
	disk, err := s.look()
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if bytes.Equal(disk.text, current.Text) {
		return current, nil
	}
	if _, err := newFile(disk.text); err != nil {
		return nil, fmt.Errorf("%s is no TOML; mend that by hand first:\n%w", s.path, err)
	}
	c, ps := parseIn(s.file.Path, disk.text)
	return &Revision{Config: c, Text: disk.text, Sum: sha256.Sum256(disk.text), Warnings: ps.Warnings()}, nil
}
