package proxy

import "time"

const (
	// endlessGrace is what streams without an end of their own get at the end,
	// and requestGrace what all others get.
	endlessGrace = 3 * time.Second
	requestGrace = 30 * time.Second
)

// drain stops accepting, lets requests end, and cuts those that do not.
func (s *Server) drain() {
	s.mu.Lock()
	s.draining.Store(true)
	for _, l := range s.listeners {
		l.close()
	}
	s.mu.Unlock()
	s.eachConn((*conn).killIdle)

	ended := make(chan struct{})
	go func() {
		s.group.Wait()
		close(ended)
	}()
	// What has no end may begin later: it is looked for again and again.
	endless, requests := time.NewTicker(endlessGrace), time.NewTimer(requestGrace)
	defer endless.Stop()
	defer requests.Stop()
	for {
		select {
		case <-ended:
			return
		case <-endless.C:
			s.eachConn((*conn).killEndless)
		case <-requests.C:
			s.eachConn((*conn).kill)
		}
	}
}
