package tui

import (
	"context"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// detail is one request, whole. It holds a copy, so that the ring may
// overwrite the record while it is read.
type detail struct {
	reading
	record.Detail
	loaded   bool
	why      *proxy.Explanation // nil until it has come
	whyNot   error              // why it does not come
	revealed bool
	mends    []proxy.Mend // what to do about it, once that is known
	scroll   scroll
	resume   bool // the list followed before, and does so again afterwards
}

func (*detail) scope() scope { return inDetail }

// load takes a row and asks why it went where it went.
func (d *detail) load(m *model, row *record.Row) {
	if d.shows(row) {
		return
	}
	*d = detail{loaded: true, resume: d.resume, Detail: m.requests.stream.whole(row)}
	d.seekMends(m)
	id, ask := row.ID, asked(row)
	m.await(func(context.Context) then {
		e, err := m.src.Proxy.Explain(ask)
		return func(*model) {
			if d.Row.ID == id {
				d.why, d.whyNot = &e, err
			}
		}
	})
}

// shows tells whether it is that row's.
func (d *detail) shows(row *record.Row) bool { return d.loaded && d.Row.ID == row.ID }

// whole is a row with all that is kept of its request.
func (s *stream) whole(row *record.Row) record.Detail {
	if found, ok := s.log.Get(row.ID); ok {
		return found
	}
	return record.Detail{Row: *row}
}

// follow keeps the pane on the selected row.
func (d *detail) follow(m *model) {
	if row := m.requests.stream.selected(); row != nil && m.split() && !m.requests.stream.follow {
		d.load(m, row)
	}
}

// asked is the request that is explained.
func asked(r *record.Row) proxy.Request {
	return proxy.Request{
		URL:    requestURL(r, r.Host.String(), true),
		Method: r.Method.String(),
		From:   r.Client,
	}
}

func (d *detail) move(_ *model, by int)      { d.scroll.by(by) }
func (d *detail) jump(_ *model, bottom bool) { d.scroll.end(bottom) }
func (d *detail) open(*model)                {}

// draw shows the request over the whole body, or with the list beside it.
func (d *detail) draw(m *model, a area) {
	if m.split() {
		m.requests.draw(m, a)
		return
	}
	d.drawIn(m, a)
}

func (d *detail) drawIn(m *model, a area) {
	if d.loaded {
		d.scroll.draw(a, d.lines(m, a.w))
	}
}

// close leaves the request; the list goes on if it did before.
func (d *detail) close(m *model) {
	if d.resume && !m.requests.stream.frozen {
		m.requests.stream.newest()
	}
}

func (d *detail) back(m *model) bool {
	m.pop()
	d.close(m)
	return true
}
