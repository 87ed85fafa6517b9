package proxy

import (
	"bytes"
	"math"

	"forge.home.arpa/portico/proxy/message"
)

// byteRange is a part of a file.
type byteRange struct{ start, length int64 }

// maxRanges bounds the parts of one answer. Who asks for more, or for more
// bytes than there are, gets the whole file: a flood of small parts costs much
// and is asked by nobody in good faith (RFC 9110 section 17.15).
const maxRanges = 16

// ranges are the parts that a request asks for; none for the whole file, and
// false where it asks for nothing that there is.
func (val *validators) ranges(r *message.Request, size int64) (list []byteRange, ok bool) {
	if string(r.Method) != "GET" || size == 0 { // defined for GET alone (section 14.2)
		return nil, true
	}
	value := r.Fields.Find("Range")
	if value == nil || !val.unchanged(r.Fields.Find("If-Range")) {
		return nil, true
	}
	list, ok = parseRanges(value, size)
	switch {
	case !ok:
		return nil, true // what is malformed asks for nothing
	case len(list) == 0:
		return nil, false
	}
	var sum int64
	for _, r := range list {
		if sum += r.length; sum > size {
			return nil, true
		}
	}
	return list, true
}

// unchanged tells whether If-Range names the file as it is, without any doubt
// (RFC 9110 section 13.1.5).
func (val *validators) unchanged(ifRange []byte) bool {
	if ifRange == nil {
		return true
	}
	if n := tagLength(ifRange); n > 0 {
		return n == len(ifRange) && val.same(ifRange, true)
	}
	t, ok := timeOf(ifRange)
	return ok && val.strong && val.modified != "" && t.Equal(val.time)
}

// parseRanges reads a Range (RFC 9110 section 14.1.2). Parts beyond the end are
// left out; false says that it is malformed, of another unit, or has too many.
func parseRanges(value []byte, size int64) (list []byteRange, ok bool) {
	const unit = "bytes="
	if len(value) < len(unit) || !message.EqualFold(value[:len(unit)], unit) {
		return nil, false
	}
	asked := 0
	for spec := range bytes.SplitSeq(value[len(unit):], []byte(",")) {
		spec = bytes.Trim(spec, " \t")
		if len(spec) == 0 {
			continue
		}
		if asked++; asked > maxRanges {
			return nil, false
		}
		r, ok := parseRange(spec, size)
		if !ok {
			return nil, false
		}
		if r.length > 0 {
			list = append(list, r)
		}
	}
	return list, asked > 0
}

// parseRange reads "first-last", "first-" or "-length".
func parseRange(spec []byte, size int64) (r byteRange, ok bool) {
	first, last, found := bytes.Cut(spec, []byte("-"))
	if !found || len(first) == 0 && len(last) == 0 {
		return r, false
	}
	if len(first) == 0 {
		n, ok := position(last)
		n = min(n, size)
		return byteRange{size - n, n}, ok
	}
	start, ok := position(first)
	end := int64(math.MaxInt64)
	if ok && len(last) > 0 {
		end, ok = position(last)
	}
	if !ok || end < start {
		return r, false
	}
	if start >= size {
		return r, true
	}
	return byteRange{start, min(end, size-1) - start + 1}, true
}

// position reads digits; more than a file can have are as good as the most.
func position(b []byte) (n int64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n > (math.MaxInt64-9)/10 {
			n = math.MaxInt64 / 10
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
