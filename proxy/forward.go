package proxy

import (
	"errors"
	"math"
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
	u := e.next(rt)
	e.out.Upstream = u.URL
	e.forwarded(rt, speakers[u.Scheme].url, u.Addr)
}

// next is the upstream that a request of the client would go to now.
func (e *explainer) next(rt *route) *upstream.Upstream {
	return rt.group.Next(time.Now(), upstream.By{Client: e.client})
}

func (f *forward) serve(v *visit) {
	if !v.moveDestination() {
		return
	}
	v.rewrite()
	v.toUpstream()
	f.exchange(v)
}

// outcome is what became of a request to one upstream.
type outcome uint8

const (
	answered outcome = iota // by the upstream or in its place
	unsent                  // it got nothing of the request: any may be asked now
	harmless                // it gave no answer, and asking again does no harm
)

// exchange asks one upstream after the other as long as nothing can be done
// twice. Where nothing was sent the others are asked at once; what the route's
// retry allows beyond that waits before it.
func (f *forward) exchange(v *visit) {
	by := upstream.By{Client: v.row.Client}
	if name := f.route.group.CookieName; name != "" {
		by.Cookie = v.x.Request.Fields.Cookie(name)
	}
	left, now := f.route.Retry.Attempts, v.began
	for asked := false; ; asked = true {
		u, i := f.route.group.Pick(now, by)
		if u == nil { // all were tried
			if waited := f.wakes(v); v.row.Aborted || !waited && !f.again(v, &left) {
				return
			}
			by.Tried = 0
			continue
		}
		if asked && v.row.Retries < math.MaxUint8 {
			v.row.Retries++
		}
		v.row.Upstream = u.URL
		v.askAnother(u, now)
		v.sendHost(u)
		v.sendDestination(u)
		v.stick = ""
		if name := f.route.group.Cookie(i); name != string(by.Cookie) {
			v.stick = name
		}
		switch f.ask(v, u, left > 0) {
		case answered:
			return
		case harmless:
			if !f.again(v, &left) {
				return
			}
			if by.Tried |= 1 << i; by.Tried == f.route.group.All() {
				by.Tried = 0
			}
		case unsent:
			by.Tried |= 1 << i
		}
		now = time.Now()
	}
}

// askAnother notes who is asked now. One asked before, in vain, has failed.
func (v *visit) askAnother(u *upstream.Upstream, now time.Time) {
	if v.asked != nil {
		v.asked.Counters.Add(now, 502, now.Sub(v.askedAt), 0)
	}
	v.asked, v.askedAt = u, now
}

// again waits for another attempt where one is left; else, or where nobody waits
// for it any more, it ends the request.
func (f *forward) again(v *visit, left *int) bool {
	if *left == 0 {
		v.bad()
		return false
	}
	*left--
	return f.route.Retry.Wait == 0 || v.pause(f.route.Retry.Wait)
}

// pause waits; false where the client left meanwhile, which is noted.
func (v *visit) pause(d time.Duration) bool {
	h := v.hold()
	defer h.release()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-h.Done():
		v.abandoned()
		return false
	}
}

// ask sends the request to u; more says that there is another attempt.
func (f *forward) ask(v *visit, u *upstream.Upstream, more bool) outcome {
	_, held := message.Whole(v.x.Request.Body)
	repeatable := held && v.x.Request.Idempotent()
	if c, ok := u.KeptFor(repeatable); ok {
		if o := f.roundTrip(v, u, c, repeatable, more); o != unsent {
			return o
		}
	}
	h := v.hold()
	c, err := u.Dial(h, f.route.Timeout.Dial)
	h.release()
	v.row.Dial += c.Climb.Lookup + c.Climb.Connect
	v.row.Handshake += c.Climb.Handshake
	switch {
	case err != nil && h.Err() == nil:
		v.failed(u, err)
		return unsent
	case err != nil:
		v.abandoned()
		return answered
	}
	return f.roundTrip(v, u, c, repeatable, more)
}

// roundTrip does one exchange over c and answers the client, unless it may be
// done anew. A kept connection that had died before it brought anything counts
// as one over which nothing was sent.
func (f *forward) roundTrip(v *visit, u *upstream.Upstream, c upstream.Conn, repeatable, more bool) outcome {
	t := trip{v: v, u: u, c: c, timeout: f.route.Timeout.ResponseHeader, began: time.Now()}
	t.body, t.held = message.Whole(v.x.Request.Body)
	c.SetIdle(v.patience())
	v.client.depend(c.Wire, !t.held, t.began)
	defer func() {
		if v.upgraded() {
			return // the relay does both
		}
		v.client.release()
		u.Done(c, t.began)
	}()
	err := t.ask()
	if err == nil {
		u.Succeeded(v.began)
		v.row.Cause, v.row.Detail = record.CauseNone, "" // of attempts before
		t.answer()
		return answered
	}
	if v.client.gone() || errors.As(err, new(*message.Unsendable)) {
		t.answerFailure(err)
		return answered
	}
	switch {
	case t.held && errors.Is(err, upstream.ErrNotBegun):
		v.noted(u.ExchangeFailure(upstream.Sending, err))
		return unsent
	case repeatable && c.Reused && !c.Answered():
		return unsent
	case repeatable && more && !isClientError(err) && !errors.As(err, new(*message.Unsendable)):
		v.noted(u.ExchangeFailure(upstream.Waiting, err))
		u.Noted(time.Now(), v.row.Detail)
		return harmless
	}
	t.answerFailure(err)
	return answered
}

func isClientError(err error) bool {
	var gone *http1.ClientError
	return errors.As(err, &gone)
}

// abandoned ends a request for whose answer nobody waits.
func (v *visit) abandoned() {
	v.row.Cause, v.row.Detail = record.CauseClientGone, "the client left before an answer"
	v.row.Aborted = true
	v.front.CloseAfter()
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
	if v.page.instead(v) {
		return
	}
	v.x.Response.Fields = v.x.Response.Fields[:0]
	switch v.row.Cause {
	case record.CauseHeaderTimeout, record.CauseDialTimeout, record.CauseTLSTimeout:
		v.fail(504)
	default:
		v.fail(502)
	}
}
