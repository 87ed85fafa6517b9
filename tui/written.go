package tui

import "slices"

// wordsOf gives the words of a value that is a string or a list; an upstream
// that is written as a table is its URL.
func wordsOf(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case bool:
		return []string{yesNo(v)}
	case map[string]any:
		return wordsOf(v["url"])
	case []any:
		var words []string
		for _, e := range v {
			words = append(words, wordsOf(e)...)
		}
		return words
	}
	return nil
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// rewritten is the value for new words in the form the old one had: a single
// word stays a string, a list a list, and an upstream that is kept keeps its
// weight.
func rewritten(was any, words []string) any {
	before, wasList := was.([]any)
	if len(words) == 1 && !wasList {
		return words[0]
	}
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = w
		at := slices.IndexFunc(before, func(e any) bool { return slices.Equal(wordsOf(e), []string{w}) })
		if at >= 0 {
			list[i] = before[at]
		}
	}
	return list
}
