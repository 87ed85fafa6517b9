package proxy

import (
	"bytes"
	"sync"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/match"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/network"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// front is the client's side of an exchange, whatever version it speaks.
type front interface {
	Interim(status int, fields message.Fields) error
	Respond(x *message.Exchange) error
	SetIdle(time.Duration)
	CloseAfter()
	Settle()
	StopReading()
}

// client is who waits for an answer, as those see it who look after it: over
// HTTP/1 its connection, over HTTP/2 one stream of it.
type client interface {
	// depend notes the upstream's connection that the request waits for;
	// uploading says that the client is being read meanwhile.
	depend(on upstream.Wire, uploading bool, now time.Time)
	// uploaded says that the client is read no more.
	uploaded()
	// release ends what depend began.
	release()
	// answering says that the answer is passed on; endless, that it has no end
	// of its own.
	answering(endless bool, now time.Time)
	// gone tells whether the client left while its answer was awaited.
	gone() bool
}

// visit is one request on its way through the proxy. It belongs to the
// goroutine of its connection.
type visit struct {
	server   *Server
	conn     *conn
	front    front
	client   client
	snap     *snapshot
	x        *message.Exchange
	route    *route
	match    match.Result
	vars     variables
	row      record.Row
	began    time.Time
	answered time.Time // the upstream's head was there; zero without one
	out      message.Bytes
	readErr  error // what ReadRequest said
	err      error // what Respond said
	passage

	authority           []byte             // as the client named it
	destPath, destQuery []byte             // of a WebDAV Destination, rewritten
	page                *pageVisit         // while memcached is asked; else nil
	stick               string             // the upstream that the client's cookie is to name, "" for no cookie
	asked               *upstream.Upstream // last; nil while none is
	askedAt             time.Time
	heads               [2][]byte // for the record, where x was given back before the end
	scratch             []byte
	xff                 [8][]byte
}

var visits = sync.Pool{New: func() any { return new(visit) }}

// begin takes a visit whose head has begun to arrive; without a front it can
// only be recorded.
func (s *Server) begin(c *conn, f front, who client) *visit {
	v := visits.Get().(*visit)
	v.server, v.conn, v.front, v.client = s, c, f, who
	v.snap = s.snapshot.Load()
	v.x = message.New()
	v.began = time.Now()
	if f != nil {
		f.SetIdle(defaultIdle)
	}
	return v
}

// end gives everything of the visit back.
func (v *visit) end() {
	v.passage.leave()
	if v.x != nil {
		v.x.Release()
	}
	scratch := v.scratch
	*v = visit{scratch: scratch[:0]}
	visits.Put(v)
}

// serve answers a request whose head was read.
func (v *visit) serve() {
	v.identify()
	named := v.name()
	if named && v.challenged() || v.banned() {
		return
	}
	if !named {
		v.refuse(&http1.BadRequest{Status: 400, Why: "a bad host"})
		return
	}
	v.watchRouter()
	v.find()
	if v.route != nil && !v.sentToTLS() && v.guard() && !v.addSlash() {
		v.row.Guard = time.Since(v.began)
		v.route.action.serve(v)
	}
}

// name brings the host into the form that routes are matched by.
func (v *visit) name() (ok bool) {
	r := &v.x.Request
	r.Host = v.x.Make(func(b []byte) []byte {
		b, ok = match.NormalHost(b, r.Authority)
		return b
	})
	v.row.Host.Set(r.Host)
	v.vars.host = r.Host
	return ok
}

// identify finds out who asks and what is to be remembered of it.
func (v *visit) identify() {
	r := &v.x.Request
	v.authority = r.Authority
	v.row.Peer = v.conn.peer
	v.row.Method.Set(r.Method)
	v.row.Proto = v.proto()
	v.row.TLS = v.conn.tls
	v.row.Path.Set(r.Path)
	v.row.Path.Append(r.Query)
	r.Scheme = v.conn.scheme()
	trusted := v.fromTrusted()
	v.row.Client, v.row.Source = v.conn.peer, v.conn.source
	if trusted {
		client, found := network.Client(v.conn.peer, v.snap.trusted, v.forwardedFor())
		if v.row.Client = client; found {
			v.row.Source = record.FromForwardedFor
		}
		if p := r.Fields.Get(message.XForwardedProto); validScheme(p) {
			r.Scheme = string(p)
		}
	}
	v.vars = variables{path: r.Path, query: r.Query, client: v.row.Client, scheme: r.Scheme}
}

func (v *visit) proto() record.Proto {
	switch {
	case v.conn.streams != nil:
		return record.HTTP2
	case v.x.Request.Minor == 0:
		return record.HTTP10
	}
	return record.HTTP11
}

func (v *visit) fromTrusted() bool {
	_, ok := v.snap.trusted.Contains(v.conn.peer)
	return ok
}

func (v *visit) forwardedFor() [][]byte {
	list := v.xff[:0]
	for i := range v.x.Request.Fields {
		if f := &v.x.Request.Fields[i]; f.Known == message.XForwardedFor {
			list = append(list, f.Value)
		}
	}
	return list
}

// find matches the request; where no route takes it, it is answered here.
func (v *visit) find() {
	r := &v.x.Request
	v.match = v.snap.table.Match(r.Host, r.Path, r.Method, &v.scratch, nil)
	switch v.match.Verdict {
	case match.Found, match.AddSlash:
		v.route = v.snap.routeOf(v.match)
		v.row.Route = v.route.Name
		v.front.SetIdle(v.patience())
	case match.BadPath:
		v.refuse(&http1.BadRequest{Status: 400, Why: v.match.Bad})
	case match.MethodMissed:
		v.x.Response.Fields.Add("Allow", v.x.Make(func(b []byte) []byte { return appendList(b, v.match.Allow) }))
		v.fail(405)
	default:
		if v.snap.bans != nil && !v.snap.table.Knows(r.Host) {
			v.offends(unmatchedHost, string(r.Method)+" "+string(r.Host)+string(r.Path))
		}
		v.fail(404)
	}
}

func appendList(b []byte, list []string) []byte {
	for i, s := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, s...)
	}
	return b
}

// addSlash redirects "/x" where only "/x/*" has a route.
func (v *visit) addSlash() bool {
	if v.match.Verdict != match.AddSlash {
		return false
	}
	v.redirect(308, v.x.Make(func(b []byte) []byte {
		b = append(appendPath(b, v.match.Path), '/')
		return append(b, v.x.Request.Query...)
	}))
	return true
}

// sent is the path the upstream gets before the route's own changes.
func (v *visit) sent() []byte {
	if v.match.Judged {
		return v.match.Path
	}
	return v.x.Request.Path
}

// badRequestRule is what a record shows of a request that was no good.
const badRequestRule = "bad request"

// refuse answers a request that is no good and ends the connection.
func (v *visit) refuse(bad *http1.BadRequest) {
	v.row.Rule = badRequestRule
	v.row.Detail = bad.Why
	if bad.Status != 408 { // a slow line is no offence
		v.offends(badRequest, bad.Why)
	}
	v.front.CloseAfter()
	if bad.Status == 405 {
		v.x.Response.Fields.Add("Allow", []byte("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"))
	}
	v.fail(bad.Status)
}

// redirect answers with a Location.
func (v *visit) redirect(status int, location []byte) {
	v.x.Response.Fields.AddKnown(message.Location, location)
	v.fail(status)
}

// fail answers with a status and its page, or as gRPC says it.
func (v *visit) fail(status int) {
	if status >= 400 && v.isGRPC() {
		v.failGRPC(status)
		return
	}
	v.reply(status, htmlType, errorPage(status))
}

// reply answers with a body that lies in memory.
func (v *visit) reply(status int, contentType, body []byte) {
	r := &v.x.Response
	r.Status, r.Reason = status, nil
	r.Fields.AddKnown(message.ContentType, contentType)
	r.Fields = append(r.Fields, nosniff)
	v.front.Settle()
	v.out.Set(body)
	r.Body, r.Length = &v.out, int64(len(body))
	v.respond()
}

var (
	htmlType = []byte("text/html; charset=utf-8")
	nosniff  = message.Field{Name: []byte("X-Content-Type-Options"), Value: []byte("nosniff")}
)

// respond sends the answer and notes what became of it.
func (v *visit) respond() {
	r := &v.x.Response
	if v.route != nil {
		v.route.responseEdits.apply(v.x, &r.Fields, v.vars)
		r.Drop = v.route.responseEdits.drop
	}
	if r.Fields.Get(message.Date) == nil {
		r.Fields.AddKnown(message.Date, v.server.date.now(v.began))
	}
	if v.server.draining.Load() || v.conn.on.dropped.Load() {
		v.front.CloseAfter()
	}
	v.row.Status = uint16(r.Status)
	if v.route != nil && v.route.Compress {
		defer v.compress().release()
	}
	if v.err = v.front.Respond(v.x); v.err != nil {
		v.row.Aborted = true
	}
}

// finish writes the record and the counters; it is called for every request,
// whatever became of it. Whoever reads that it has ended finds nothing of it
// left.
func (v *visit) finish(bytesOut int64) {
	v.leave()
	v.row.Start = v.began.UnixNano()
	took := time.Since(v.began)
	v.row.Total = took
	if !v.answered.IsZero() {
		v.row.Body = v.began.Add(took).Sub(v.answered)
	}
	v.row.BytesOut = bytesOut
	end := v.began.Add(took)
	status := int(v.row.Status)
	if v.row.Aborted && v.row.Cause != record.CauseClientGone {
		status = 502
	}
	v.server.total.Add(end, status, took, bytesOut)
	if v.asked != nil {
		v.asked.Counters.Add(end, status, end.Sub(v.askedAt), bytesOut)
	}
	if v.route != nil {
		v.route.counters.Add(end, status, took, bytesOut)
	}
	if v.x != nil {
		v.heads = [2][]byte{v.x.RequestHead, v.x.ResponseHead}
	}
	v.server.records.Put(&v.row, v.heads[0], v.heads[1])
}

// upgraded tells whether nothing but bytes pass from now on.
func (v *visit) upgraded() bool { return v.conn.upgraded != nil }

// slim gives back all that is no longer needed once nothing but bytes pass,
// hours long perhaps and for thousands.
func (v *visit) slim() {
	keep := func(head []byte) []byte { return bytes.Clone(head[:min(len(head), record.HeadSize+1)]) }
	v.heads = [2][]byte{keep(v.x.RequestHead), keep(v.x.ResponseHead)}
	v.x.Release()
	v.x = nil // what lay in its memory is not looked at any more
}
