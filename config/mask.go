package config

import (
	"slices"
	"strings"

	"forge.home.arpa/portico/config/tomldoc"
)

// hidden stands in the place of a secret.
const hidden = "(hidden)"

// shownDiff is lineDiff for people: a secret in plain text, as somebody may
// have written one in spite of the warning, is hidden wherever it stands in
// either text, for a diff is soon pasted somewhere.
func shownDiff(before, after []byte) []DiffLine {
	diff := lineDiff(before, after)
	if len(diff) == 0 {
		return nil
	}
	var m mask
	m.look(before)
	m.look(after)
	replacer := strings.NewReplacer(m.pairs...)
	for i := range diff {
		if m.all {
			diff[i].Text = hidden
		} else {
			diff[i].Text = replacer.Replace(diff[i].Text)
		}
	}
	return diff
}

// mask is what to hide of some texts.
type mask struct {
	pairs []string // of a Replacer: how a secret is spelled, and what to show
	all   bool     // a secret is spelled over several lines, or cannot be found
}

func (m *mask) look(text []byte) {
	doc, err := tomldoc.Parse(text)
	if err != nil {
		m.all = true
		return
	}
	m.collect(text, doc.Root(), nil)
}

func (m *mask) collect(text []byte, n *node, path []string) {
	for _, key := range n.Keys() {
		m.collect(text, n.Get(key), append(path, key))
	}
	for _, e := range n.Elems() {
		m.collect(text, e, path)
	}
	switch n.Kind() {
	case tomldoc.Table, tomldoc.InlineTable, tomldoc.Array, tomldoc.ArrayTable:
		return
	}
	if secretAt(path) && !refersElsewhere(n.Text()) || hasLogin(n) {
		at := n.Pos()
		m.add(string(text[at.Offset:at.Offset+at.Len]), n)
	}
}

// add hides a secret as it is spelled, and as it would stand elsewhere. What is
// no string is an error, and too common a word to look for.
func (m *mask) add(spelled string, n *node) {
	if n.Kind() != tomldoc.String || strings.Contains(spelled, "\n") {
		m.all = true
		return
	}
	for _, s := range []string{spelled, `"` + n.Text() + `"`, `'` + n.Text() + `'`} {
		m.pairs = append(m.pairs, s, s[:1]+hidden+s[:1])
	}
}

// hasLogin tells whether a value is a URL with a user or a password in it, which
// no key takes and somebody may still have written.
func hasLogin(n *node) bool {
	if n.Kind() != tomldoc.String {
		return false
	}
	_, rest, found := strings.Cut(n.Text(), "://")
	authority, _, _ := strings.Cut(rest, "/")
	return found && strings.Contains(authority, "@")
}

// refersElsewhere tells a reference, or nothing, from a secret.
func refersElsewhere(s string) bool {
	return s == "" || strings.HasPrefix(s, "env:") || strings.HasPrefix(s, "file:")
}

// secretAt tells whether a key holds a secret. A certificate's key is a path,
// and of the addresses only those of an alert and of an update give a right to
// whoever knows them.
func secretAt(path []string) bool {
	if len(path) > 1 && slices.Contains(families, path[0]) {
		path = slices.Delete(slices.Clone(path), 1, 2) // a name
	}
	for i, key := range path {
		switch key {
		case "password", "token", "secret", "users":
			return true
		case "key":
			return path[0] == "ddns" || i > 0 && path[i-1] == "eab"
		case "url":
			return path[0] == "alert" || path[0] == "ddns"
		case "request_headers":
			return i+2 < len(path) && path[i+1] != "remove" && SecretField(path[i+2])
		}
	}
	return false
}

// secretWords make a field's name one that sounds like a secret.
var secretWords = []string{"token", "secret", "key", "password", "passwd", "auth", "session", "credential", "signature", "cookie", "jwt"}

// harmlessFields only sound so.
var harmlessFields = []string{":authority", "sec-websocket-key", "www-authenticate", "proxy-authenticate"}

// SecretField tells whether a header field of that name carries a secret, to be
// hidden wherever requests and configurations are shown.
func SecretField(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(name, w) }) &&
		!slices.Contains(harmlessFields, name)
}
