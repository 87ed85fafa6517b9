package config

import (
	"errors"
	"io"
	"os"
	"strings"
)

// Secret is "env:NAME", "file:PATH" or a plain value. It prints as (hidden);
// Reveal is the only way to its value.
type Secret struct {
	ref   string
	value string
}

// NewSecret wraps a resolved value with the reference it was written as, ""
// for a plain value.
func NewSecret(ref, value string) Secret { return Secret{ref, value} }

// Ref is the reference that the file holds, its path as Parse found it; "" for a
// plain value.
func (s Secret) Ref() string { return s.ref }

// Reveal returns the value.
func (s Secret) Reveal() string { return s.value }

// IsSet tells whether the secret has a value.
func (s Secret) IsSet() bool { return s.value != "" }

// String hides the value.
func (s Secret) String() string { return hidden }

// GoString hides the value from %#v too.
func (s Secret) GoString() string { return hidden }

// MarshalText hides the value from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// asSecret reads a secret. A reference that leads nowhere is a warning: the
// variable may be set, and the file may come, before it is needed.
var asSecret = reader[Secret]{readSecret, aWord}

func readSecret(d *decoder, n *node) (Secret, bool) {
	s, ok := readSecretOrPlain(d, n)
	if ok && s.ref == "" {
		d.warn(n, `write "env:NAME" or "file:PATH"`, " is a secret in plain text: it is also in the history")
	}
	return s, ok
}

func readSecretOrPlain(d *decoder, n *node) (Secret, bool) {
	text, ok := readWord(d, n)
	if !ok {
		return Secret{}, false
	}
	text = d.reference(text)
	s, err := resolve(text)
	if err != nil {
		d.warn(n, "", ": %s %s", quote(text), cause(err))
	}
	return s, true
}

// reference makes the path of a "file:" one that leads from where we stand.
func (d *decoder) reference(text string) string {
	if path, isFile := strings.CutPrefix(text, "file:"); isFile {
		return "file:" + d.located(path)
	}
	return text
}

// resolve looks up what a secret refers to. The error goes on behind the
// reference.
func resolve(text string) (Secret, error) {
	if name, ok := strings.CutPrefix(text, "env:"); ok {
		value := os.Getenv(name)
		if value == "" {
			return NewSecret(text, ""), errors.New("is not set")
		}
		return NewSecret(text, value), nil
	}
	if path, ok := strings.CutPrefix(text, "file:"); ok {
		value, err := secretFile(path)
		return NewSecret(text, value), err
	}
	return NewSecret("", text), nil
}

// secretFile reads a secret without the line end that editors put behind it.
func secretFile(path string) (string, error) {
	const most = 64 << 10
	info, err := os.Stat(path)
	if err != nil {
		return "", errors.New("cannot be read: " + cause(err))
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for its writer
		return "", errors.New("is not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", errors.New("cannot be read: " + cause(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return "", errors.New("cannot be read: " + cause(err))
	case len(b) > most:
		return "", errors.New("is too large for a secret")
	}
	value := strings.TrimRight(string(b), "\r\n")
	if value == "" {
		return "", errors.New("is empty")
	}
	return value, nil
}
