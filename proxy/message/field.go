package message

import "bytes"

// Field is one header field, in the spelling it arrived in.
type Field struct {
	Known Name
	Name  []byte
	Value []byte // without surrounding blanks
}

// Fields are in the order they arrived or were added.
type Fields []Field

// Get returns the value of the first field of that name, nil if there is none.
func (f Fields) Get(n Name) []byte {
	for i := range f {
		if f[i].Known == n {
			return f[i].Value
		}
	}
	return nil
}

// Has tells whether there is a field of that name.
func (f Fields) Has(n Name) bool {
	for i := range f {
		if f[i].Known == n {
			return true
		}
	}
	return false
}

// Find returns the value of the first field with that name, in any case of
// letters; nil if there is none.
func (f Fields) Find(name string) []byte {
	for i := range f {
		if EqualFold(f[i].Name, name) {
			return f[i].Value
		}
	}
	return nil
}

// Cookie returns the value of the first cookie of that name (RFC 6265 section
// 5.4), nil if there is none. It may stand in any of several fields.
func (f Fields) Cookie(name string) []byte {
	for i := range f {
		if f[i].Known != Cookie {
			continue
		}
		for rest := f[i].Value; len(rest) > 0; {
			var pair []byte
			pair, rest, _ = bytes.Cut(rest, []byte(";"))
			key, value, _ := bytes.Cut(bytes.TrimSpace(pair), []byte("="))
			if string(key) == name {
				return value
			}
		}
	}
	return nil
}

// Add appends a field; the caller keeps name and value unchanged.
func (f *Fields) Add(name string, value []byte) {
	b := []byte(name)
	*f = append(*f, Field{Lookup(b), b, value})
}

// AddKnown appends a field that has a Name, in its usual spelling.
func (f *Fields) AddKnown(n Name, value []byte) {
	*f = append(*f, Field{n, spelling[n], value})
}

// RemoveFunc takes out every field that drop accepts, keeping the order.
func (f *Fields) RemoveFunc(drop func(*Field) bool) {
	kept := (*f)[:0]
	for i := range *f {
		if !drop(&(*f)[i]) {
			kept = append(kept, (*f)[i])
		}
	}
	*f = kept
}

// Remove takes out every field of that name, in any case of letters.
func (f *Fields) Remove(name string) {
	f.RemoveFunc(func(x *Field) bool { return EqualFold(x.Name, name) })
}

// EqualFold compares in ASCII without regard to case: field names have no other
// letters (RFC 9110 section 5.1).
func EqualFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		if lower(b[i]) != lower(s[i]) {
			return false
		}
	}
	return true
}

// EqualName is EqualFold with '_' read as '-'.
func EqualName(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		if dash(lower(b[i])) != dash(lower(s[i])) {
			return false
		}
	}
	return true
}

func dash(c byte) byte {
	if c == '_' {
		return '-'
	}
	return c
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}
