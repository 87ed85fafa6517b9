package proxy

import "forge.home.arpa/portico/proxy/upstream"

// checkUpstreams has those upstreams checked that an enabled route sends
// requests to, and no others, as long as the server runs.
func (s *Server) checkUpstreams() {
	s.checking.Lock()
	defer s.checking.Unlock()
	snap := s.snapshot.Load()
	if snap == nil {
		return
	}
	wanted := map[*upstream.Upstream]bool{}
	for _, r := range snap.active {
		if r.group == nil || !s.checks {
			continue
		}
		for _, u := range r.group.Members {
			wanted[u] = true
		}
	}
	for _, u := range snap.upstreams {
		if wanted[u] {
			u.Watch()
		} else {
			u.Unwatch()
		}
	}
}

// switchChecks begins or ends all checks.
func (s *Server) switchChecks(on bool) {
	s.checking.Lock()
	s.checks = on
	s.checking.Unlock()
	s.checkUpstreams()
}
