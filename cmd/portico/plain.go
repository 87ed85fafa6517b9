package main

import (
	"io"
	"strings"
	"unicode"
)

// plain passes text on to a terminal without what would steer it: names and
// reasons may come from an upstream's certificate or answer.
type plain struct{ to io.Writer }

func (p plain) Write(text []byte) (int, error) {
	clean := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, string(text))
	if _, err := io.WriteString(p.to, clean); err != nil {
		return 0, err
	}
	return len(text), nil
}
