package proxy

import (
	"sync/atomic"
	"time"
)

// dateFormat is that of RFC 9110 section 5.6.7.
const dateFormat = "Mon, 02 Jan 2006 15:04:05 GMT"

// dateField keeps the text of the present second.
type dateField struct{ at atomic.Pointer[dateText] }

type dateText struct {
	second int64
	text   []byte
}

func (d *dateField) now(t time.Time) []byte {
	second := t.Unix()
	if last := d.at.Load(); last != nil && last.second == second {
		return last.text
	}
	text := t.UTC().AppendFormat(nil, dateFormat)
	d.at.Store(&dateText{second, text})
	return text
}
