package record

import "bytes"

// Detail is a row with what is kept of its heads, as they were on the wire
// (nil when no longer kept; Cut when longer than HeadSize).
type Detail struct {
	Row               Row
	Request, Response []byte
	RequestCut        bool
	ResponseCut       bool
}

// Get finds a row by ID; false when it is no longer kept.
func (l *Log) Get(id uint64) (Detail, bool) {
	var d Detail
	var h heads
	if !l.find(id, &d.Row, &h) {
		return Detail{}, false
	}
	if h.kept {
		d.Request = bytes.Clone(h.request[:h.requestLen])
		d.Response = bytes.Clone(h.response[:h.responseLen])
		d.RequestCut, d.ResponseCut = h.requestCut, h.responseCut
	}
	return d, true
}

// find copies the row and its heads; a failure outlives its row among all
// rows, and its heads outlive those of other requests.
func (l *Log) find(id uint64, row *Row, h *heads) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := l.all.find(id, row, h)
	if h.kept {
		return true
	}
	return l.failed.find(id, row, h) || found
}

// find copies the row with this ID and, where they are kept, its heads.
func (s *shelf) find(id uint64, row *Row, h *heads) bool {
	seq := s.seek(id)
	r := s.rows.at(seq)
	if r == nil || r.ID != id {
		return false
	}
	*row = *r
	if kept := s.heads.at(seq); kept != nil {
		*h = *kept
	}
	return true
}
