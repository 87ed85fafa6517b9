package proxy

import (
	"errors"
	"net"
	"time"

	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// trip is one request over one connection.
type trip struct {
	v       *visit
	u       *upstream.Upstream
	c       upstream.Conn
	timeout time.Duration
	body    []byte // the whole of it, where held
	held    bool   // the whole body lies in memory and can be sent again
	upload  *upload
	began   time.Time
}

// ask sends the request and reads the head of the answer.
func (t *trip) ask() error {
	v := t.v
	v.row.BytesIn = int64(len(t.body))
	sent := t.began
	var err error
	if t.held && t.c.Reused {
		err = t.c.Ask(v.x, t.body, t.timeout, v.front)
	} else {
		err = t.send()
		sent = time.Now()
		err = t.c.ReadAfter(err, v.x, t.headTime(), v.front)
	}
	v.answered = time.Now()
	if t.upload != nil {
		sent = t.upload.sentBy(sent, v.answered)
	}
	v.row.Send, v.row.FirstByte = sent.Sub(t.began), v.answered.Sub(sent)
	return err
}

// send writes the request; what is not held of its body follows meanwhile.
func (t *trip) send() error {
	err := t.c.WriteRequest(t.v.x, t.body)
	if err == nil && !t.held {
		t.upload = t.startUpload()
	}
	return err
}

// headTime is how long the head may take from now; after an upload its time
// begins when that has ended.
func (t *trip) headTime() time.Duration {
	if t.upload != nil {
		return 0
	}
	return t.timeout
}

// answer passes the answer on.
func (t *trip) answer() {
	v := t.v
	if v.page != nil && !v.page.take(v, t.u) {
		return
	}
	v.fromUpstream(t.u)
	if v.x.Response.Status == 101 {
		t.upgrade()
		return
	}
	if r := &v.x.Response; r.Body != nil && v.conn.streams != nil && v.isGRPC() {
		r.Body = &callBody{r.Body, v, t.u}
	}
	kind := kindOf(v.x.Response.Fields)
	v.client.answering(kind != notLive, v.answered)
	if kind != notLive {
		t.respondLive(kind)
	} else {
		v.respond()
	}
	if v.err != nil {
		v.row.Cause, v.row.Detail = t.blame(v.err, upstream.Reading)
		if t.upload != nil {
			t.cutUpload() // nobody can use the rest
		}
	}
	if t.upload != nil && !t.endUpload() {
		t.c.Spoil()
		v.front.CloseAfter()
	}
}

// respondLive passes an answer on that has no end of its own, listed meanwhile.
func (t *trip) respondLive(kind LiveKind) {
	live := t.v.goLive(kind)
	defer t.v.server.live.remove(live)
	if r := &t.v.x.Response; r.Body != nil {
		r.Body = tally{r.Body, &live.out}
	}
	t.v.respond()
}

// answerFailure answers in place of the upstream.
func (t *trip) answerFailure(err error) {
	v := t.v
	v.client.answering(false, v.answered)
	if t.upload != nil {
		t.cutUpload()
		v.row.BytesIn = t.upload.sent.Load()
		if t.upload.cut {
			v.cutBody(t.upload.err)
			return
		}
	}
	if v.client.gone() || isClientError(err) {
		v.abandoned()
		return
	}
	var unsendable *message.Unsendable
	if errors.As(err, &unsendable) {
		v.row.Cause, v.row.Detail = record.CauseTooLarge, err.Error()
		v.fail(unsendable.Status)
		return
	}
	if reset, ok := v.callReset(err); ok {
		t.answerReset(reset)
		return
	}
	stage := upstream.Waiting
	if !t.c.Answered() && t.upload != nil && t.upload.err != nil && !errors.Is(t.upload.err, message.ErrBodyCut) {
		stage, err = upstream.Sending, t.upload.err
	}
	v.noted(t.u.ExchangeFailure(stage, err))
	t.u.Noted(time.Now(), v.row.Detail)
	v.bad()
}

// blame tells whose failure ended the answer, and its cause.
func (t *trip) blame(err error, stage upstream.Stage) (record.Cause, string) {
	if isClientError(err) || t.v.client.gone() {
		return record.CauseClientGone, "the client left within the answer"
	}
	if t.upload != nil && errors.Is(err, net.ErrClosed) { // by the upload, if that was cut
		if <-t.upload.done; t.upload.cut {
			return cutCause(t.upload.err), "the client's body was cut short within the answer: " + t.upload.err.Error()
		}
	}
	f := t.u.ExchangeFailure(stage, err)
	t.u.Noted(time.Now(), f.Detail)
	return f.Cause, f.Detail
}
