package proxy

import (
	"context"
	"net"
	"strconv"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/http2"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/upstream"
)

// pingH2C is pingHTTP1 over HTTP/2.
func pingH2C(_ context.Context, conn net.Conn, s *upstream.Spec) error {
	if s.Check.Path == "" {
		return nil
	}
	x := message.New()
	defer x.Release()
	x.Request.Method, x.Request.Path = []byte("GET"), []byte(s.Check.Path)
	x.Request.Fields.AddKnown(message.Accept, []byte("*/*"))
	err := askHTTP2(conn, s, x, nil, skim)
	if err == nil && !s.Check.Expect.Has(x.Response.Status) {
		err = unwell("%s answers %d %s", s.Check.Path, x.Response.Status, http1.StatusText(x.Response.Status))
	}
	return err
}

// askHTTP2 asks once, with a body or nil, and hands
// the body of the answer to read, if there is one. It ends when the connection is closed.
func askHTTP2(conn net.Conn, s *upstream.Spec, x *message.Exchange, body []byte, read func(message.Body)) error {
	r := &x.Request
	r.Authority, r.Length = []byte(askedBy(s)), int64(len(body))
	r.Fields.AddKnown(message.UserAgent, []byte("portico"))
	w := http2.NewWire(conn)
	defer w.Release()
	defer w.Reusable() // ends the exchange
	if err := w.ReadAfter(w.WriteRequest(x, body), x, 0, nil); err != nil {
		return err
	}
	if x.Response.Body != nil {
		read(x.Response.Body)
	}
	return nil
}

// pingGRPC asks gRPC's health service for the whole server. One without that
// service is as well as its answer that it has none.
func pingGRPC(_ context.Context, conn net.Conn, s *upstream.Spec) error {
	x := message.New()
	defer x.Release()
	r := &x.Request
	r.Method, r.Path = []byte("POST"), []byte("/grpc.health.v1.Health/Check")
	r.Fields.AddKnown(message.ContentType, grpcType)
	r.TE = true
	var said []byte
	err := askHTTP2(conn, s, x, healthRequest, func(b message.Body) { said = readHealth(b) })
	if err != nil {
		return err
	}
	a := &x.Response
	status := a.Trailers.Find("grpc-status")
	if status == nil {
		status = a.Fields.Find("grpc-status")
	}
	switch code, bad := strconv.Atoi(string(status)); {
	case a.Status != 200 || bad != nil:
		return unwell("the health service answers %d, which is no gRPC", a.Status)
	case code == grpcUnimplemented:
		return nil
	case code != 0:
		return unwell("the health service answers with gRPC status %d", code)
	}
	return serving(said)
}

// healthRequest is one message without fields: no compression, no bytes.
var healthRequest = []byte{0, 0, 0, 0, 0}

const (
	grpcPrefix  = 5    // of a message: whether it is compressed, its length
	statusTag   = 0x08 // of the first field, a number
	statusOK    = 1    // SERVING
	maxHealth   = 64   // bytes of an answer that are looked at
	notAnAnswer = "the health service's answer is no gRPC message"
)

// readHealth reads to the end, where the trailers are, and keeps the start.
func readHealth(b message.Body) (said []byte) {
	for n := 0; n < maxPingBody; {
		data, err := b.Next()
		if err != nil {
			return said
		}
		n += len(data)
		said = append(said, data[:min(len(data), maxHealth-len(said))]...)
	}
	return said
}

// serving reads a HealthCheckResponse. A field that has no value is not sent.
func serving(said []byte) error {
	if len(said) < grpcPrefix {
		return unwell(notAnAnswer)
	}
	switch m := said[grpcPrefix:]; {
	case len(m) == 2 && m[0] == statusTag && m[1] == statusOK:
		return nil
	case len(m) == 2 && m[0] == statusTag || len(m) == 0:
		return unwell("the health service says that it does not serve")
	}
	return unwell(notAnAnswer)
}
