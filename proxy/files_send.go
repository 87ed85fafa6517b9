package proxy

import (
	"io/fs"
	"path/filepath"
	"strconv"
	"time"

	"forge.home.arpa/portico/proxy/message"
)

// sendFile answers with an open file; the caller closes it.
func (v *visit) sendFile(f found) {
	val := validatorsOf(f.info, v.began)
	r := &v.x.Response
	r.Fields.Add("ETag", []byte(val.tag))
	if val.modified != "" {
		r.Fields.Add("Last-Modified", []byte(val.modified))
	}
	switch val.judge(&v.x.Request) {
	case 304:
		v.sendBody(304, nil, message.Unknown)
		return
	case 412:
		v.fail(412)
		return
	}
	r.Fields.Add("Accept-Ranges", []byte("bytes"))
	size := f.info.Size()
	ranges, ok := val.ranges(&v.x.Request, size)
	if !ok {
		r.Fields.Add("Content-Range", append([]byte("bytes */"), strconv.FormatInt(size, 10)...))
		v.fail(416)
		return
	}
	body := fileBody{file: f.File}
	defer body.release()
	kind := fileType(filepath.Ext(f.name))
	status := body.cut(&r.Fields, ranges, size, kind)
	r.Fields = append(r.Fields, nosniff)
	v.sendBody(status, &body, body.length())
	v.fileSent(f.name)
}

// sendBody answers with a body of our own whose fields stand already.
func (v *visit) sendBody(status int, body message.Body, length int64) {
	r := &v.x.Response
	r.Status, r.Reason, r.Body, r.Length = status, nil, body, length
	v.front.Settle()
	v.respond()
}

// validators tell one version of a file from another.
type validators struct {
	tag      string // the ETag, quoted
	strong   bool
	time     time.Time // of the last change, in whole seconds
	modified string    // time as a field's value; "" where the file has none
}

// young is how long after a change another may follow that neither the time
// nor the size shows: clocks of file systems tick.
const young = 2 * time.Second

// validatorsOf makes them of size and time, which needs no reading. The tag is
// strong, since only that lets a broken download go on (RFC 9110 section
// 13.1.5); but weak while the file is young, or from the future, as where a
// machine started without a clock (section 8.8.1).
func validatorsOf(info fs.FileInfo, now time.Time) (val validators) {
	changed := info.ModTime()
	val.strong = now.Sub(changed) >= young
	tag := append(make([]byte, 0, 40), `W/"`...)
	tag = strconv.AppendInt(tag, changed.UnixNano(), 36)
	tag = strconv.AppendInt(append(tag, '-'), info.Size(), 36)
	tag = append(tag, '"')
	if val.strong {
		tag = tag[len("W/"):]
	}
	val.tag = string(tag)
	if changed.After(now) { // never later than Date (section 8.8.2.1)
		changed = now
	}
	if val.time = changed.UTC().Truncate(time.Second); val.time.Unix() > 0 {
		val.modified = val.time.Format(dateFormat)
	}
	return val
}

// judge evaluates the request's conditions in the order of RFC 9110 section
// 13.2.2: 304, 412, or 0 where the file is to be sent.
func (val *validators) judge(r *message.Request) int {
	if has, matches := val.named(r.Fields, "If-Match", true); has {
		if !matches {
			return 412
		}
	} else if t, ok := timeOf(r.Fields.Find("If-Unmodified-Since")); ok && val.time.After(t) {
		return 412
	}
	if has, matches := val.named(r.Fields, "If-None-Match", false); has {
		if matches {
			return 304
		}
	} else if t, ok := timeOf(r.Fields.Find("If-Modified-Since")); ok && val.modified != "" && !val.time.After(t) {
		return 304
	}
	return 0
}

// named tells whether there is a field of that name, and whether the tag is
// among those that it lists. Strongly, weak tags equal nothing (RFC 9110
// section 8.8.3.2).
func (val *validators) named(fields message.Fields, name string, strongly bool) (has, matches bool) {
	for i := range fields {
		if !message.EqualFold(fields[i].Name, name) {
			continue
		}
		has = true
		if string(fields[i].Value) == "*" || val.among(fields[i].Value, strongly) {
			return true, true
		}
	}
	return has, false
}

func (val *validators) among(list []byte, strongly bool) bool {
	for len(list) > 0 {
		if c := list[0]; c == ',' || c == ' ' || c == '\t' {
			list = list[1:]
			continue
		}
		n := tagLength(list)
		if n == 0 {
			return false
		}
		if val.same(list[:n], strongly) {
			return true
		}
		list = list[n:]
	}
	return false
}

func (val *validators) same(tag []byte, strongly bool) bool {
	weak := tag[0] == 'W'
	if strongly && (weak || !val.strong) {
		return false
	}
	return opaque(string(tag)) == opaque(val.tag)
}

func opaque(tag string) string {
	if tag[0] == 'W' {
		return tag[len("W/"):]
	}
	return tag
}

// tagLength is the length of the entity tag that b begins with, 0 for none (RFC
// 9110 section 8.8.3).
func tagLength(b []byte) int {
	n := 0
	if len(b) > 2 && b[0] == 'W' && b[1] == '/' {
		n = 2
	}
	if len(b) <= n || b[n] != '"' {
		return 0
	}
	for n++; n < len(b); n++ {
		switch c := b[n]; {
		case c == '"':
			return n + 1
		case c <= ' ' || c == 0x7f:
			return 0
		}
	}
	return 0
}

// timeOf reads an HTTP date in its three forms (RFC 9110 section 5.6.7).
func timeOf(value []byte) (time.Time, bool) {
	if len(value) == 0 {
		return time.Time{}, false
	}
	for _, layout := range [...]string{dateFormat, "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
		if t, err := time.Parse(layout, string(value)); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
