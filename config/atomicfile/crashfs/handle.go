package crashfs

import (
	"bytes"
	"io/fs"
	"slices"
	"time"
)

// handle is an open file.
type handle struct {
	disk *Disk
	file *file
	at   int
}

// Write goes in pieces, so that a cut can tear it.
func (h *handle) Write(b []byte) (int, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	n := 0
	for piece := range slices.Chunk(b, len(b)/4+1) {
		if err := h.disk.step(); err != nil {
			return n, err
		}
		grown := make([]byte, max(len(h.file.cache), h.at+len(piece)))
		copy(grown, h.file.cache)
		copy(grown[h.at:], piece)
		h.file.cache = grown
		h.at += len(piece)
		n += len(piece)
	}
	return n, nil
}

func (h *handle) Truncate(size int64) error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.disk.step(); err != nil {
		return err
	}
	h.file.cache = bytes.Clone(h.file.cache[:size])
	return nil
}

func (h *handle) Sync() error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.disk.step(); err != nil || h.disk.LazyFiles {
		return err
	}
	h.file.disk = h.file.cache
	return nil
}

func (h *handle) Chmod(mode fs.FileMode) error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.disk.step(); err != nil {
		return err
	}
	h.file.mode = mode
	return nil
}

func (h *handle) Chown(int, int) error { return nil }

// TakeAttributes does nothing: there are none.
func (h *handle) TakeAttributes(string) error { return nil }
func (h *handle) Close() error                { return nil }

type info struct {
	name string
	mode fs.FileMode
}

func (i info) Name() string      { return i.name }
func (i info) Mode() fs.FileMode { return i.mode }
func (i info) IsDir() bool       { return i.mode.IsDir() }
func (info) Size() int64         { return 0 }
func (info) ModTime() time.Time  { return time.Time{} }
func (info) Sys() any            { return nil }
