package tui

import (
	"strings"
	"unicode"
)

// items cuts what was typed into a field into its parts. Blanks and commas
// separate; a part that holds one stands in double quotes, where a quote is
// written twice. A regular expression (~) may hold commas as it is.
func items(s string) []string { return split(s, isSeparator) }

// arguments cuts a command or a filter at its blanks; a part that holds one
// stands in quotes as in items.
func arguments(s string) []string { return split(s, unicode.IsSpace) }

func isSeparator(r rune) bool { return r == ',' || unicode.IsSpace(r) }

func split(s string, separates func(rune) bool) []string {
	var all []string
	for s = strings.TrimLeftFunc(s, separates); s != ""; s = strings.TrimLeftFunc(s, separates) {
		var item string
		item, s = cutItem(s, separates)
		all = append(all, item)
	}
	return all
}

func cutItem(s string, separates func(rune) bool) (item, rest string) {
	switch s[0] {
	case '"':
		return cutQuoted(s[1:])
	case '~':
		separates = unicode.IsSpace
	}
	if i := strings.IndexFunc(s, separates); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// cutQuoted reads up to the closing quote, or to the end while it is not typed.
func cutQuoted(s string) (item, rest string) {
	var b strings.Builder
	for {
		part, after, _ := strings.Cut(s, `"`)
		b.WriteString(part)
		if !strings.HasPrefix(after, `"`) {
			return b.String(), after
		}
		b.WriteByte('"')
		s = after[1:]
	}
}

// lastItem is the part that is being typed, "" where s ends between two, and
// what stands before it.
func lastItem(s string, separates func(rune) bool) (before, last string) {
	rest := strings.TrimLeftFunc(s, separates)
	for rest != "" {
		item, after := cutItem(rest, separates)
		if after == "" {
			return s[:len(s)-len(rest)], item
		}
		rest = strings.TrimLeftFunc(after, separates)
	}
	return s, ""
}

// quoted spells a part so that items and arguments read it again.
func quoted(item string) string {
	if got := items(item); len(got) == 1 && got[0] == item {
		return item
	}
	return `"` + strings.ReplaceAll(item, `"`, `""`) + `"`
}

// begun is quoted for a part that goes on: its quote stays open.
func begun(item string) string {
	if q := quoted(item); q != item {
		return strings.TrimSuffix(q, `"`)
	}
	return item
}

// joined is the text of these parts.
func joined(all []string) string {
	parts := make([]string, len(all))
	for i, item := range all {
		parts[i] = quoted(item)
	}
	return strings.Join(parts, " ")
}
