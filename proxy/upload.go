package proxy

import (
	"errors"
	"sync/atomic"
	"time"

	"forge.home.arpa/portico/proxy/message"
)

// upload sends a request's body while the answer is read.
type upload struct {
	done    chan struct{}
	sent    atomic.Int64
	ended   atomic.Int64 // when all was sent, in Unix nanoseconds; 0 while it goes on
	stopped atomic.Bool  // by us
	err     error        // valid once done is closed, like cut
	cut     bool         // the client did not send all it had promised
}

func (t *trip) startUpload() *upload {
	up, c, client, wait := &upload{done: make(chan struct{})}, t.c, t.v.client, t.timeout
	r := &t.v.x.Request
	go func() {
		defer close(up.done)
		up.err = c.SendBody(r, &up.sent)
		up.ended.Store(time.Now().UnixNano())
		switch {
		case up.err == nil:
			c.AnswerWithin(wait)
			client.uploaded()
		case errors.Is(up.err, message.ErrBodyCut):
			// The upstream must not take what it got for the whole, and
			// whoever waits for its answer need wait no longer.
			up.cut = !up.stopped.Load()
			c.Close()
		}
	}()
	return up
}

// sentBy is when all was sent, where that was before an answer came; else since,
// when the head was.
func (up *upload) sentBy(since, answered time.Time) time.Time {
	ended := time.Unix(0, up.ended.Load())
	if ended.After(since) && ended.Before(answered) {
		return ended
	}
	return since
}

// uploadStall is how long an upload may stand still once its answer is
// complete: an upstream that answers early may read the rest or not (RFC 9112
// section 9.3), and the client may have stopped sending it.
const uploadStall = time.Second

// endUpload waits for the upload as long as it goes on. It returns false when
// the body was not sent whole.
func (t *trip) endUpload() bool {
	t.awaitUpload()
	t.v.row.BytesIn = t.upload.sent.Load()
	return t.upload.err == nil
}

func (t *trip) awaitUpload() {
	for before := int64(-1); ; {
		stall := time.NewTimer(uploadStall)
		select {
		case <-t.upload.done:
			stall.Stop()
			return
		case <-stall.C:
		}
		now := t.upload.sent.Load()
		if now == before {
			t.cutUpload()
			return
		}
		before = now
	}
}

func (t *trip) cutUpload() {
	t.upload.stopped.Store(true)
	t.c.Close()
	t.v.front.StopReading()
	<-t.upload.done
}
