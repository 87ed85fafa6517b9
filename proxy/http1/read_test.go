package http1_test

import (
	"errors"
	"io"
	"net"
	"reflect"
	"strconv"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
)

var limits = http1.DefaultLimits

// readRequests reads what a client sends until the connection is of no more
// use.
func readRequests(t testing.TB, conn net.Conn, l http1.Limits) (all []request) {
	t.Helper()
	c := http1.NewServerConn(conn, l)
	defer c.Release()
	for c.Await(time.Minute) == nil {
		x := message.New()
		r := readRequest(t, c, x)
		all = append(all, r)
		x.Release()
		if !r.more {
			break
		}
	}
	return all
}

func readRequest(t testing.TB, c *http1.ServerConn, x *message.Exchange) request {
	t.Helper()
	err := c.ReadRequest(x, time.Minute)
	if err != nil {
		if c.Done() {
			t.Errorf("after %v the connection takes another request", err)
		}
		return request{head: headVerdict(t, err)}
	}
	m := &x.Request
	r := request{
		head: isWhole, method: string(m.Method), authority: string(m.Authority), path: string(m.Path), query: string(m.Query),
		fields: fieldsOf(m.Fields), minor: m.Minor, length: m.Length, upgrade: string(m.Upgrade), expect: m.Expect, te: m.TE,
	}
	var body []byte
	body, r.end = readBody(t, m.Body)
	r.body, r.trailers, r.more = string(body), fieldsOf(m.Trailers), c.Done()
	return r
}

func headVerdict(t testing.TB, err error) string {
	t.Helper()
	var bad *http1.BadRequest
	switch {
	case errors.As(err, &bad):
		return strconv.Itoa(bad.Status)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return isCut
	case err == http1.ErrHTTP2:
		return isHTTP2
	}
	t.Errorf("an error of a kind nobody expects: %v", err)
	return err.Error()
}

// readBody reads to the end and checks that an error stays what it was.
func readBody(t testing.TB, b message.Body) (body []byte, verdict string) {
	t.Helper()
	if b == nil {
		return nil, isWhole
	}
	for {
		data, err := b.Next()
		if err == nil && len(data) == 0 || err != nil && len(data) > 0 {
			t.Errorf("Next gives %d bytes and error %v", len(data), err)
		}
		body = append(body, data...)
		if err == nil {
			continue
		}
		if _, again := b.Next(); again != err || !b.Ready() {
			t.Errorf("after %v a body gives %v, ready %v", err, again, b.Ready())
		}
		return body, bodyVerdict(t, err)
	}
}

func bodyVerdict(t testing.TB, err error) string {
	t.Helper()
	if err == io.EOF {
		return isWhole
	}
	if bad := http1.BodyFault(err); bad != nil {
		return strconv.Itoa(bad.Status)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an error of a kind nobody expects: %v", err)
	}
	return isCut
}

func fieldsOf(fields message.Fields) (out []field) {
	for _, f := range fields {
		out = append(out, field{string(f.Name), string(f.Value)})
	}
	return out
}

// readResponse sends a request over conn and reads the answer.
func readResponse(t testing.TB, conn net.Conn, a asked, l http1.Limits) (r response) {
	t.Helper()
	x := message.New()
	defer x.Release()
	c := http1.NewClientConn(conn, l)
	defer c.Release()
	x.Request.Method, x.Request.Path, x.Request.Upgrade = []byte("GET"), []byte("/"), []byte(a.upgrade)
	if a.head {
		x.Request.Method = []byte("HEAD")
	}
	if err := c.WriteRequest(x, nil); err != nil {
		t.Fatal(err)
	}
	err := c.ReadResponse(x, time.Minute, &r)
	if err != nil {
		if c.Reusable() {
			t.Errorf("after %v the connection takes another request", err)
		}
		r.head = answerVerdict(t, err)
		return r
	}
	m := &x.Response
	r.head, r.status, r.reason, r.fields = isWhole, m.Status, string(m.Reason), fieldsOf(m.Fields)
	r.length, r.upgrade = m.Length, string(m.Upgrade)
	var body []byte
	body, r.end = readBody(t, m.Body)
	if r.end != isWhole && r.end != isCut {
		r.end = "bad"
	}
	r.body, r.trailers, r.reusable = string(body), fieldsOf(m.Trailers), c.Reusable()
	return r
}

func answerVerdict(t testing.TB, err error) string {
	t.Helper()
	var bad *message.BadResponse
	switch {
	case errors.As(err, &bad):
		return "bad"
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return isCut
	}
	t.Errorf("an error of a kind nobody expects: %v", err)
	return err.Error()
}

func same(t testing.TB, how string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", how, got, want)
	}
}

// Interim implements message.Interim.
func (r *response) Interim(status int, fields message.Fields) error {
	r.interim = append(r.interim, interim{status, fieldsOf(fields)})
	return nil
}
