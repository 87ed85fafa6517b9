package http1

import (
	"bytes"

	"forge.home.arpa/portico/proxy/message"
)

// scan finds the end of a head while its bytes arrive, and looks at each byte
// once.
type scan struct {
	at    int // looked at until here
	line  int // where the current line starts
	lines int // that are complete
}

// end returns the length of the head with its empty line, 0 while it is not
// complete. A bare LF is found as soon as it arrives, so that nobody waits for
// a CR that will not come.
func (s *scan) end(b []byte, l Limits) (int, error) {
	for {
		i := bytes.IndexByte(b[s.at:], '\n')
		if i < 0 {
			s.at = len(b)
			return 0, s.tooLong(len(b), l)
		}
		i += s.at
		if err := s.tooLong(i, l); err != nil {
			return 0, err
		}
		if i == s.line || b[i-1] != '\r' {
			return 0, errBareLF
		}
		empty := i-1 == s.line
		s.at, s.line = i+1, i+1
		if empty && s.lines > 0 {
			return i + 1, nil
		}
		s.lines++
	}
}

func (s *scan) tooLong(n int, l Limits) error {
	switch {
	case s.lines == 0 && n > l.Line:
		return errLineTooLong
	case n > l.Head:
		return errHeadTooLong
	case s.lines > l.Fields+1:
		return errTooManyFields
	}
	return nil
}

// fieldLine reads one field line at the start of b, which holds at least one
// whole line, and returns the bytes after it.
func fieldLine(b []byte) (f message.Field, rest []byte, err error) {
	n := tokenLen(b)
	if n == 0 {
		if isBlank(b[0]) {
			return f, nil, errFold // RFC 9112 section 5.2
		}
		return f, nil, errFieldName
	}
	if b[n] != ':' {
		return f, nil, errFieldName // RFC 9112 section 5.1
	}
	end := n + 1 + bytes.IndexByte(b[n+1:], '\n')
	value := b[n+1 : end-1]
	if !validValue(value) {
		return f, nil, errFieldValue
	}
	f.Name, f.Value = b[:n:n], trim(value)
	f.Known = message.Lookup(f.Name)
	return f, b[end+1:], nil
}

// options are what Connection says (RFC 9110 section 7.6.1).
type options struct {
	close     bool
	keepAlive bool
	upgrade   bool
	nominated [maxNominated][]byte
	names     int
}

func (o *options) reset() { o.close, o.keepAlive, o.upgrade, o.names = false, false, false, 0 }

func (o *options) read(value []byte) error {
	for len(value) > 0 {
		var item []byte
		item, value = nextItem(value)
		switch {
		case len(item) == 0:
		case message.EqualFold(item, "close"):
			o.close = true
		case message.EqualFold(item, "keep-alive"):
			o.keepAlive = true
		case message.EqualFold(item, "upgrade"):
			o.upgrade = true
		case o.names == maxNominated:
			return errNominated
		default:
			o.nominated[o.names] = item
			o.names++
		}
	}
	return nil
}

// drop takes the fields out that Connection named for one hop only.
func (o *options) drop(f *message.Fields) {
	if o.names == 0 {
		return
	}
	f.RemoveFunc(func(x *message.Field) bool {
		for _, name := range o.nominated[:o.names] {
			if len(x.Name) == len(name) && message.EqualFold(x.Name, string(name)) {
				return true
			}
		}
		return false
	})
}

// framing is how a body is delimited (RFC 9112 section 6).
type framing struct {
	length  int64 // -1 while there is no Content-Length
	chunked bool
}

func (f *framing) readLength(value []byte) error {
	n, ok := decimal(value)
	if !ok || f.length >= 0 {
		return errLength
	}
	f.length = n
	return nil
}

func (f *framing) readCoding(value []byte) error {
	if f.chunked || !message.EqualFold(value, "chunked") {
		return errCoding
	}
	f.chunked = true
	return nil
}

func (f *framing) check(minor int) error {
	switch {
	case f.chunked && f.length >= 0:
		return errLengthCoding
	case f.chunked && minor == 0:
		return errCodingOld
	}
	return nil
}
