package proxy

import (
	"context"
	"errors"
	"strconv"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// forward sends a request to one of a route's upstreams over HTTP/1.1.
type forward struct{ route *route }

func (f *forward) words() string {
	words := f.route.To[0].URL
	if more := len(f.route.To) - 1; more > 0 {
		words += " +" + strconv.Itoa(more)
	}
	return words
}

func (f *forward) explain(e *explainer, rt *route) {
	u := f.route.group.Next()
	e.out.Upstream = u.URL
	e.forwarded(rt, speakers[u.Scheme].url, u.Addr)
}

func (f *forward) serve(v *visit) {
	if !v.moveDestination() {
		return
	}
	v.rewrite()
	v.toUpstream()
	f.exchange(v)
}

// exchange asks one upstream after the other as long as nothing can be done
// twice.
func (f *forward) exchange(v *visit) {
	var tried uint64
	for {
		u, i := f.route.group.Pick(v.began, tried)
		if u == nil {
			v.bad()
			return
		}
		if tried != 0 {
			v.row.Retries++
		}
		tried |= 1 << i
		v.row.Upstream = u.URL
		v.sendHost(u)
		v.sendDestination(u)
		if !f.ask(v, u) {
			return
		}
	}
}

// ask sends the request to u. It returns true where another upstream may be
// asked: this one could not be reached, so nothing was sent.
func (f *forward) ask(v *visit, u *upstream.Upstream) (again bool) {
	if c, ok := u.Kept(); ok {
		stale := f.roundTrip(v, u, c)
		if !stale {
			return false
		}
	}
	c, err := u.Dial(context.Background(), f.route.Timeout.Dial)
	v.row.Dial += c.Climb.Lookup + c.Climb.Connect
	v.row.Handshake += c.Climb.Handshake
	if err != nil {
		v.failed(u, err)
		return true
	}
	f.roundTrip(v, u, c)
	return false
}

// roundTrip does one exchange over c and answers the client. It returns true,
// with nothing answered, where c was a kept connection that had died before it
// brought anything, and the request can be sent again: its method is idempotent
// and its body still held.
func (f *forward) roundTrip(v *visit, u *upstream.Upstream, c upstream.Conn) (stale bool) {
	t := trip{v: v, u: u, c: c, timeout: f.route.Timeout.ResponseHeader, began: time.Now()}
	t.body, t.held = message.Whole(v.x.Request.Body)
	c.SetIdle(f.route.Timeout.Idle)
	v.client.depend(c.Wire, !t.held, t.began)
	defer func() {
		v.client.release()
		u.Done(c, t.began)
	}()
	err := t.ask()
	if err != nil {
		if c.Reused && t.held && !c.Answered() && v.x.Request.Idempotent() && !v.client.gone() {
			return true
		}
		t.answerFailure(err)
		return false
	}
	u.Succeeded(v.began)
	t.answer()
	return false
}

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
	v.fromUpstream(t.u)
	if v.x.Response.Status == 101 {
		t.relay()
		return
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
	}
	if t.upload != nil && !t.endUpload() {
		t.c.Spoil()
		v.front.CloseAfter()
	}
}

// relay is the rest of an upgraded connection.
func (t *trip) relay() {
	v := t.v
	backend, ok := t.c.Wire.(*http1.ClientConn)
	if !ok {
		t.answerFailure(&message.BadResponse{Why: "101 where nothing can be switched"})
		return
	}
	if v.respond(); v.err != nil {
		v.row.Cause, v.row.Detail = record.CauseClientGone, v.err.Error()
		return
	}
	v.conn.upgrade(v.answered)
	v.server.upgraded.Add(1)
	live := v.goLive(upgradeKind(v.x.Response.Upgrade))
	_ = http1.Relay(v.conn.http, backend, &live.in, &live.out) // how either side ends is its own affair
	v.server.live.remove(live)
	v.server.upgraded.Add(-1)
	v.row.BytesIn, v.relayed = live.in.Load(), live.out.Load()
	v.front.CloseAfter()
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
		if t.upload.err != nil && errors.Is(t.upload.err, message.ErrBodyCut) {
			v.cutBody(t.upload.err)
			return
		}
	}
	var gone *http1.ClientError
	if v.client.gone() || errors.As(err, &gone) {
		v.row.Cause, v.row.Detail = record.CauseClientGone, "the client left before an answer"
		v.row.Aborted = true
		v.front.CloseAfter()
		return
	}
	var unsendable *message.Unsendable
	if errors.As(err, &unsendable) {
		v.row.Cause, v.row.Detail = record.CauseTooLarge, err.Error()
		v.fail(unsendable.Status)
		return
	}
	stage := upstream.Waiting
	if !t.c.Answered() && t.upload != nil && t.upload.err != nil {
		stage, err = upstream.Sending, t.upload.err
	}
	v.noted(t.u.ExchangeFailure(stage, err))
	t.u.Noted(time.Now(), v.row.Detail)
	v.bad()
}

// blame tells whose failure ended the answer, and its cause.
func (t *trip) blame(err error, stage upstream.Stage) (record.Cause, string) {
	var gone *http1.ClientError
	if errors.As(err, &gone) || t.v.client.gone() {
		return record.CauseClientGone, "the client left within the answer"
	}
	f := t.u.ExchangeFailure(stage, err)
	t.u.Noted(time.Now(), f.Detail)
	return f.Cause, f.Detail
}

// failed notes that an upstream could not be reached, in its health and in the
// record.
func (v *visit) failed(u *upstream.Upstream, err error) {
	u.Failed(time.Now(), err.Error())
	v.noted(err)
}

func (v *visit) noted(err error) {
	var f *upstream.Failure
	if errors.As(err, &f) {
		v.row.Cause, v.row.Detail = f.Cause, f.Detail
	}
}

// bad answers for upstreams that did not.
func (v *visit) bad() {
	v.x.Response.Fields = v.x.Response.Fields[:0]
	switch v.row.Cause {
	case record.CauseHeaderTimeout, record.CauseDialTimeout, record.CauseTLSTimeout:
		v.fail(504)
	default:
		v.fail(502)
	}
}
