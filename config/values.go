package config

// Size is a number of bytes, written "10MB" in the file (units of 1024).
type Size int64

// Rate is a number of events a second, written "20/s", "5/m" or "100/h".
type Rate float64

// Secret is "env:NAME", "file:PATH" or a plain value. It prints as (hidden);
// Reveal is the only way to its value.
type Secret struct {
	ref   string
	value string
}

// NewSecret wraps a resolved value with the reference it was written as.
func NewSecret(ref, value string) Secret { return Secret{ref, value} }

// Reveal returns the value.
func (s Secret) Reveal() string { return s.value }

// IsSet tells whether the secret has a value.
func (s Secret) IsSet() bool { return s.value != "" }

// String hides the value.
func (s Secret) String() string { return "(hidden)" }

// GoString hides the value from %#v too.
func (s Secret) GoString() string { return "(hidden)" }

// MarshalText hides the value from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte("(hidden)"), nil }

// Template is text with placeholders, in order.
type Template []TemplatePart

// TemplatePart is either literal text or the name of a placeholder: uri, path,
// query, host, client_ip, scheme.
type TemplatePart struct{ Literal, Placeholder string }
