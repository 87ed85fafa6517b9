package match

import "strings"

// StripPrefix appends a judged path without its prefix to dst, or the whole
// path where the prefix is another or ends inside a segment. Of "/blog" and
// "/blog/" the prefix "/blog", written with or without a final slash, leaves
// "/". The result has one leading slash whatever the path had: one with two
// would name a host in a redirect. Escapes are read as Match reads them, so
// "/Special%3AX/y" loses "/Special:X".
func StripPrefix(dst, path []byte, prefix string) []byte {
	if n, ok := prefixLength(path, strings.TrimSuffix(prefix, "/")); ok {
		path = path[n:]
	}
	for len(path) > 0 && path[0] == '/' {
		path = path[1:]
	}
	return append(append(dst, '/'), path...)
}

// prefixLength is the length of a prefix as the path spells it.
func prefixLength(path []byte, prefix string) (n int, ok bool) {
	for len(prefix) > 0 {
		if n == len(path) {
			return 0, false
		}
		c, size := unit(path[n:])
		p, prefixSize := unit(prefix)
		if c != p || c == '/' && size != prefixSize {
			return 0, false
		}
		n, prefix = n+size, prefix[prefixSize:]
	}
	return n, n == len(path) || path[n] == '/'
}
