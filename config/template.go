package config

import (
	"slices"
	"strings"
)

// Template is text with placeholders, in order.
type Template []TemplatePart

// TemplatePart is either literal text or the name of a placeholder: uri, path,
// query, host, client_ip, scheme.
type TemplatePart struct{ Literal, Placeholder string }

// String gives the template as the file has it.
func (t Template) String() string {
	var b strings.Builder
	for _, p := range t {
		if p.Placeholder != "" {
			b.WriteString("{" + p.Placeholder + "}")
		} else {
			b.WriteString(p.Literal)
		}
	}
	return b.String()
}

var placeholders = []string{"uri", "path", "query", "host", "client_ip", "scheme"}

const placeholderHint = "known are {uri} {path} {query} {host} {client_ip} {scheme}"

// parseTemplate splits a text at its placeholders. A brace that does not stand
// before a name is text, so that a field may carry JSON.
func parseTemplate(s string) (Template, error) {
	if strings.ContainsFunc(s, isControl) {
		return nil, flawed("has a control character in it", "")
	}
	var t Template
	text := 0 // where the literal under way begins
	for i := 0; i < len(s); i++ {
		name := placeholderName(s[i:])
		if name == "" {
			continue
		}
		if i+1+len(name) == len(s) {
			return nil, flawed("leaves {"+name+" open", "")
		}
		if s[i+1+len(name)] != '}' {
			continue
		}
		if !slices.Contains(placeholders, name) {
			return nil, flawed("has the unknown placeholder {"+name+"}", placeholderHint)
		}
		t = t.with(s[text:i], name)
		i += len(name) + 1
		text = i + 1
	}
	return t.with(s[text:], ""), nil
}

func (t Template) with(literal, placeholder string) Template {
	if literal != "" {
		t = append(t, TemplatePart{Literal: literal})
	}
	if placeholder != "" {
		t = append(t, TemplatePart{Placeholder: placeholder})
	}
	return t
}

// placeholderName is the name that follows the brace s begins with; "" when it
// begins with none.
func placeholderName(s string) string {
	if len(s) < 2 || s[0] != '{' || !isLetter(s[1]) {
		return ""
	}
	end := 1
	for end < len(s) && (isLetter(s[end]) || isDigit(s[end]) || strings.IndexByte("_.-", s[end]) >= 0) {
		end++
	}
	return s[1:end]
}

// parseRedirect reads the target of a redirect. What a browser could take for
// another host is refused: "//evil.example" and "/\evil.example" leave the
// site, and so would "/{uri}", for {uri} begins with a slash of its own.
func parseRedirect(s string) (Template, error) {
	t, err := parseTemplate(s)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"<>\`, r) }) {
		return nil, flawed("has a character that a URL cannot have", "write it as %XX")
	}
	if strings.HasPrefix(s, "//") || slashTwice(t) {
		return nil, flawed("would begin with //, which leads to another host", `{uri} and {path} begin with a slash themselves`)
	}
	for _, scheme := range []string{"https://", "http://", "{scheme}://"} {
		if host, ok := strings.CutPrefix(s, scheme); ok {
			if host == "" || strings.ContainsRune("/?#:", rune(host[0])) || strings.HasPrefix(host, "{uri}") || strings.HasPrefix(host, "{path}") {
				return nil, flawed("has no host", `as "https://example.com{uri}"`)
			}
			return t, nil
		}
	}
	if !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "{uri}") && !strings.HasPrefix(s, "{path}") {
		return nil, flawed("is not a redirect target", `as "https://example.com{uri}" or "/path"`)
	}
	return t, nil
}

// slashTwice tells whether a template begins with a slash and then a
// placeholder that may begin with one.
func slashTwice(t Template) bool {
	return len(t) > 1 && t[0].Literal == "/" && slices.Contains([]string{"uri", "path", "query"}, t[1].Placeholder)
}

func isControl(r rune) bool  { return r < ' ' && r != '\t' || r == 0x7f }
func isLetter(c byte) bool   { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool    { return '0' <= c && c <= '9' }
func isHexDigit(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
