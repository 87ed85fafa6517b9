//go:build !linux

package atomicfile

// TakeAttributes implements Handle: only Linux is asked for attributes.
func (h handle) TakeAttributes(string) error { return nil }
