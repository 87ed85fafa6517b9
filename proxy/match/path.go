package match

import "bytes"

// spelling is a path with all that judging it found out.
type spelling struct {
	path       []byte // judged
	key        []byte // judged, and the remaining escapes decoded
	climbs     bool   // ".." above the root: no server's answer to it is a right one
	refusal    string // why it is refused where guards go by path; "" if it is not
	parameters bool   // a ";" stands in it
}

// judge brings a path that begins with a slash to the form that routes are
// matched by. The usual path is already in it and is returned as it is.
func judge(path []byte, scratch *[]byte) spelling {
	if plain(path) {
		return spelling{path: path, key: path}
	}
	w := writer{out: append((*scratch)[:0], '/'), start: 1}
	for rest := path[1:]; len(rest) > 0; {
		rest = rest[w.read(rest):]
	}
	w.endSegment()
	s := spelling{path: w.out, key: w.out, climbs: w.climbs, refusal: w.refusal, parameters: w.parameters}
	if bytes.IndexByte(w.out, '%') >= 0 {
		n := len(w.out)
		w.out = appendKey(w.out, w.out, false)
		s.path, s.key = w.out[:n:n], w.out[n:]
	}
	*scratch = w.out
	return s
}

// plain says, cheaply, that a path is its own judged form and ambiguous to no
// server. Some paths that are, /.well-known among them, go the long way.
func plain(path []byte) bool {
	previous := byte(0)
	for _, c := range path {
		if odd[c] && (previous == '/' || c != '/' && c != '.') {
			return false
		}
		previous = c
	}
	return true
}

// odd marks the bytes that plain must look at.
var odd = [256]bool{'/': true, '.': true, '%': true, ';': true, '\\': true}

// writer writes the judged path. Each byte is written once and taken back at
// most once, whatever the dots say.
type writer struct {
	out        []byte
	start      int // of the segment being written; out[start-1] is a slash
	twice      bool
	climbs     bool
	refusal    string
	parameters bool
}

// read takes one byte or one escape and returns its length.
func (w *writer) read(rest []byte) int {
	switch c := rest[0]; c {
	case '/':
		w.endSegment()
		if w.start < len(w.out) {
			w.out = append(w.out, '/')
			w.start = len(w.out)
		}
		return 1
	case '%':
		return w.readEscape(rest)
	case '\\':
		w.refuse("backslash")
	case ';':
		w.parameters = true
	}
	w.out = append(w.out, rest[0])
	return 1
}

func (w *writer) readEscape(rest []byte) int {
	c, ok := escaped(rest)
	if !ok {
		// As it is, it could make an escape of what is decoded after it.
		w.refuse("invalid escape")
		w.out = append(w.out, "%25"...)
		return 1
	}
	if unreserved[c] {
		w.out = append(w.out, c)
		return 3
	}
	switch c {
	case '/':
		w.refuse("encoded slash")
	case '\\':
		w.refuse("encoded backslash")
	case 0:
		w.refuse("encoded zero byte")
	case '%':
		w.twice = true
	}
	w.out = append(w.out, rest[:3]...)
	return 3
}

// endSegment looks at the segment that ends here: RFC 3986, 5.2.4. After it,
// out ends with a slash unless a segment was kept.
func (w *writer) endSegment() {
	segment := w.out[w.start:]
	if len(segment) == 0 {
		return
	}
	if w.twice && escapedTwice(segment) {
		w.refuse("escaped twice")
	}
	w.twice = false
	switch {
	case string(segment) == ".":
		w.out = w.out[:w.start]
	case string(segment) == "..":
		w.climb()
	case dotsBefore(segment):
		w.refuse("semicolon in a dot segment")
	}
}

func (w *writer) climb() {
	if w.start == len("/") {
		w.climbs = true
		w.out = w.out[:w.start]
		return
	}
	parent := bytes.LastIndexByte(w.out[:w.start-1], '/')
	w.start = parent + 1
	w.out = w.out[:w.start]
}

func (w *writer) refuse(why string) {
	if w.refusal == "" {
		w.refusal = why
	}
}

// dotsBefore reports ".;a" and "..;a", which servers in Java take for dot
// segments; an escaped semicolon is read so by some behind another proxy.
func dotsBefore(segment []byte) bool {
	if len(segment) == 0 || segment[0] != '.' {
		return false
	}
	segment = segment[1:]
	if len(segment) > 0 && segment[0] == '.' {
		segment = segment[1:]
	}
	c, _ := escaped(segment)
	return c == ';' || len(segment) > 0 && segment[0] == ';'
}

// escapedTwice reports a dot, slash or backslash that appears when what was
// already decoded is decoded again.
func escapedTwice(segment []byte) bool {
	for {
		i := bytes.Index(segment, []byte("%25"))
		if i < 0 {
			return false
		}
		segment = segment[i+2:] // from the 5 on, in place of a percent sign
		if len(segment) < 3 {
			return false
		}
		if c, ok := hex(segment[1], segment[2]); ok && (c == '.' || c == '/' || c == '\\') {
			return true
		}
	}
}

// bare is the key without the parameters of its segments.
func (s spelling) bare(scratch *[]byte) []byte {
	n := len(*scratch)
	*scratch = appendKey(*scratch, s.path, true)
	return (*scratch)[n:]
}

// appendKey appends a judged path with its escapes decoded. A bare one loses
// what stands between a ";" and the next slash, and the segments left empty.
func appendKey(dst, path []byte, bare bool) []byte {
	for i := 0; i < len(path); {
		if bare && path[i] == ';' {
			for i++; i < len(path) && path[i] != '/'; i++ {
			}
			continue
		}
		if bare && path[i] == '/' && i > 0 && dst[len(dst)-1] == '/' {
			i++
			continue
		}
		c, n := unit(path[i:])
		dst = append(dst, c)
		i += n
	}
	return dst
}

type text interface{ []byte | string }

// unit is the first byte of a path, decoded, and its length as it is spelled.
func unit[T text](path T) (c byte, n int) {
	if c, ok := escaped(path); ok {
		return c, 3
	}
	return path[0], 1
}

// spelledLength is the length in a judged path of what are n bytes of its key.
func spelledLength(path []byte, n int) int {
	at := 0
	for range n {
		_, size := unit(path[at:])
		at += size
	}
	return at
}

// escaped is the byte that the escape at the beginning of s stands for.
func escaped[T text](s T) (c byte, ok bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	return hex(s[1], s[2])
}

func hex(high, low byte) (c byte, ok bool) {
	h, l := digits[high], digits[low]
	return (h-1)<<4 | (l - 1), h != 0 && l != 0
}

// digits holds the value of a hexadecimal digit plus one.
var digits = func() (d [256]byte) {
	for i := range byte(16) {
		d["0123456789abcdef"[i]] = i + 1
		d["0123456789ABCDEF"[i]] = i + 1
	}
	return d
}()

// unreserved: RFC 3986, 2.3.
var unreserved = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") {
		set[c] = true
	}
	return set
}()
