package http1_test

import (
	"net"
	"sync/atomic"
	"testing"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

// exchange is one request through both sides of the package, as a proxy without
// opinions would pass it on.
type exchange struct {
	client   *http1.ServerConn
	upstream *http1.ClientConn
	sent     atomic.Int64

	readErr, askErr, respondErr error
	again, reusable             bool
}

func newExchange(client, upstream net.Conn) *exchange {
	e := &exchange{client: http1.NewServerConn(client, limits), upstream: http1.NewClientConn(upstream, limits)}
	e.client.SetIdle(patience)
	e.upstream.SetIdle(patience)
	return e
}

// run does everything in turn: the body is sent before the answer is read.
func (e *exchange) run() *exchange {
	x := message.New()
	defer x.Release()
	if e.askErr = e.client.Await(patience); e.askErr != nil {
		return e
	}
	if e.askErr = e.client.ReadRequest(x, patience); e.askErr != nil {
		return e
	}
	if e.ask(x); e.askErr != nil {
		return e
	}
	if e.readErr = e.upstream.ReadResponse(x, patience, e.client); e.readErr != nil {
		return e
	}
	e.respondErr = e.client.Respond(x)
	e.again = e.respondErr == nil && e.client.Done()
	e.reusable = e.upstream.Reusable()
	return e
}

func (e *exchange) ask(x *message.Exchange) {
	held, whole := message.Whole(x.Request.Body)
	if e.askErr = e.upstream.WriteRequest(x, held); e.askErr == nil && !whole {
		e.askErr = e.upstream.SendBody(&x.Request, &e.sent)
	}
}

// forward passes what a client says on to an upstream that answers so, and
// returns what each was sent.
func forward(client, upstream *script) (toClient, toUpstream string, e *exchange) {
	e = newExchange(client, upstream).run()
	return client.out.String(), upstream.out.String(), e
}

// respondLater runs an exchange beside the test.
func respondLater(t testing.TB, client, upstream net.Conn) <-chan *exchange {
	done := make(chan *exchange, 1)
	e := newExchange(client, upstream)
	go func() {
		e.run()
		client.Close()
		upstream.Close()
		done <- e
	}()
	t.Cleanup(func() {
		client.Close()
		upstream.Close()
	})
	return done
}
