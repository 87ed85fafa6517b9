package proxy

import (
	"crypto/rand"
	"sync"
)

// beacons are paths at which this portico alone can answer, by the answer: for
// those who look whether an address leads here. The zero value is ready.
type beacons struct{ lit sync.Map }

// Beacon lights a path that has an answer, on every listener and whatever the
// host, until off is called. It stands among the tokens of authorities, which
// are answered before redirects and guards. Nobody can give the answer who has
// only seen the question.
func (s *Server) Beacon() (path, answer string, off func()) {
	path, answer = challengePath+"portico-"+rand.Text(), rand.Text()
	s.beacons.lit.Store(path, []byte(answer))
	return path, answer, func() { s.beacons.lit.Delete(path) }
}

func (b *beacons) answer(path []byte) ([]byte, bool) {
	answer, lit := b.lit.Load(string(path))
	if !lit {
		return nil, false
	}
	return answer.([]byte), true
}
