package proxy

import (
	"context"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/accesslog"
	"forge.home.arpa/portico/proxy/record"
)

// logEvery is how often new records are taken over into the access log.
const logEvery = 200 * time.Millisecond

// accessLog follows the records; the path of a request never waits for it.
type accessLog struct {
	server *Server
	config config.Log
	log    *accesslog.Log // nil: off
	last   uint64         // the newest record that is in it
	failed bool
}

// logRequests keeps the access log until ctx ends.
func (s *Server) logRequests(ctx context.Context) {
	a := &accessLog{server: s}
	a.follow(s.snapshot.Load().config.Log)
	a.last = 0 // requests may have been served before this began
	each(ctx, logEvery, func(now time.Time) {
		a.follow(s.snapshot.Load().config.Log)
		if a.log != nil {
			a.take()
			a.report(a.log.Turn(now))
		}
	})
	if a.log != nil {
		a.take()
		a.report(a.log.Flush())
	}
}

// follow takes over an edit of [log].
func (a *accessLog) follow(c config.Log) {
	if a.config == c {
		return
	}
	if a.log != nil {
		a.take()
		a.report(a.log.Flush())
	}
	if a.config, a.log = c, nil; c.Access == "" {
		return
	}
	a.log = accesslog.New(accesslog.Options{Path: c.Access, JSON: c.Format == "json", Keep: c.Keep, Size: int64(c.Size)})
	a.last = a.server.records.Newest()
}

// take puts the records since the last into the log.
func (a *accessLog) take() {
	var rows [64]record.Row
	for {
		n, missed := a.server.records.Since(a.last, rows[:])
		if n == 0 {
			return
		}
		for i := range rows[:n] {
			a.log.Add(&rows[i], a.headOf(rows[i].ID))
		}
		a.last += uint64(n) + missed
	}
}

// headOf is needed for one format only.
func (a *accessLog) headOf(id uint64) []byte {
	if a.config.Format == "json" {
		return nil
	}
	d, _ := a.server.records.Get(id)
	return d.Request
}

// report says once that the file cannot be written, and once that it can again.
func (a *accessLog) report(err error) {
	switch {
	case err != nil && !a.failed:
		a.server.log.Warn("the access log cannot be written: requests are served all the same", "file", a.config.Access, "error", err)
	case err == nil && a.failed:
		a.server.log.Info("the access log is written again", "file", a.config.Access)
	}
	a.failed = err != nil
}
