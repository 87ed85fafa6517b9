package proxy

import (
	"errors"
	"strconv"

	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/record"
)

const maxBodyRule = "max_body"

// maxBody bounds the body of a request: at once where its length is said, else
// while it comes.
type maxBody struct{ bytes int64 }

func (g maxBody) judge(q *question) verdict {
	v := verdict{guard: maxBodyRule, status: 413}
	if q.visit == nil {
		v.why = "at most " + strconv.FormatInt(g.bytes, 10) + " bytes"
		return v
	}
	r := &q.visit.x.Request
	switch {
	case r.Length > g.bytes:
		v.refused, v.why = true, "a body of "+strconv.FormatInt(r.Length, 10)+" bytes"
		q.visit.row.Cause = record.CauseTooLarge
	case r.Length == message.Unknown:
		q.visit.body = boundedBody{Body: r.Body, left: g.bytes}
		r.Body = &q.visit.body
	}
	return v
}

// errBodyTooLarge ends a body that outgrew max_body.
var errBodyTooLarge = errors.New("the body is larger than max_body")

// boundedBody is a body that may not be longer than left.
type boundedBody struct {
	message.Body
	left int64
}

// Next implements message.Body. What is too much is never handed out, so that
// nobody takes a part for the whole.
func (b *boundedBody) Next() ([]byte, error) {
	if b.left < 0 {
		return nil, errBodyTooLarge
	}
	data, err := b.Body.Next()
	if b.left -= int64(len(data)); b.left < 0 {
		return nil, errBodyTooLarge
	}
	return data, err
}

// Whole implements what message.Whole asks for.
func (b *boundedBody) Whole() ([]byte, bool) {
	data, whole := message.Whole(b.Body)
	return data, whole && int64(len(data)) <= b.left
}

// refuseBody answers a request whose body outgrew max_body on the way.
func (v *visit) refuseBody() {
	v.row.Cause = record.CauseTooLarge
	v.refusedBy(&verdict{guard: maxBodyRule, status: 413, why: errBodyTooLarge.Error()})
}
