package tui

import (
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

// facts is what the last look at the Source found: all that the pages show
// beside the requests.
type facts struct {
	known    bool // false until the first look is done
	status   proxy.Status
	revision *config.Revision
	base     *config.Revision // what edits begin from: the revision, or the file that cannot run
	noBase   error            // why there is none
	file     string
	spelled  spelled         // revision as it is written
	problems config.Problems // of the file on disk while an older one runs
	broken   time.Time       // since when
	notices  []string
	canUndo  bool

	pending   *config.Pending // a change that waits to be kept
	lastGood  time.Time       // since when the last good file runs; zero while the file does
	versions  []config.Version
	noHistory error // why there are none
	log       []string

	failed map[string]failure // the last one of each route that fails
	certs  []proxy.CertificateStatus
	names  ddns.Status
}

// gather looks at everything; it may wait for the store, so it runs in a command.
func (s Source) gather(before facts) facts {
	f := facts{known: true, file: s.Store.Path(), status: s.Proxy.Status(), revision: s.Store.Current()}
	if f.spelled = before.spelled; f.revision != before.revision {
		f.spelled = spell(f.revision.Text)
	}
	f.failed = lastFailures(s.Proxy.Records(), f.status.Routes)
	f.problems, f.broken = s.Store.Problems()
	if f.base = f.revision; len(f.problems.Errors()) > 0 {
		f.base, f.noBase = s.Store.Base()
	}
	if p, waits := s.Store.Pending(); waits {
		f.pending = &p
	}
	if since, runs := s.Store.LastGood(); runs {
		f.lastGood = since
	}
	f.versions, f.noHistory = s.Store.History()
	_, f.canUndo = s.Store.Last()
	f.canUndo = f.canUndo || len(f.versions) > 1
	if s.Log != nil {
		f.log = s.Log()
	}
	if s.Locks != nil {
		f.certs, f.names = s.Locks.Certificates(), s.Locks.Names()
	}
	if s.Notices != nil {
		f.notices = s.Notices()
	}
	return f
}

// route finds a route's status by its name.
func (f *facts) route(name string) *proxy.RouteStatus {
	for i := range f.status.Routes {
		if f.status.Routes[i].Name == name {
			return &f.status.Routes[i]
		}
	}
	return nil
}

// upstream finds an upstream's status by its URL.
func (f *facts) upstream(url string) *proxy.UpstreamStatus {
	for i := range f.status.Upstreams {
		if f.status.Upstreams[i].URL == url {
			return &f.status.Upstreams[i]
		}
	}
	return nil
}

// up counts the upstreams that are not down, and all.
func (f *facts) up() (up, all int) {
	for _, u := range f.status.Upstreams {
		if u.State != proxy.StateDown {
			up++
		}
	}
	return up, len(f.status.Upstreams)
}
