package record

import "sort"

// heads is what is kept of the two heads of one request.
type heads struct {
	request, response       [HeadSize]byte
	requestLen, responseLen uint16
	requestCut, responseCut bool
	kept                    bool
}

func (h *heads) set(request, response []byte) {
	h.requestLen = uint16(copy(h.request[:], request))
	h.responseLen = uint16(copy(h.response[:], response))
	h.requestCut = len(request) > HeadSize
	h.responseCut = len(response) > HeadSize
	h.kept = true
}

// shelf is a ring of rows, oldest first and by rising ID, and a ring of the
// heads of the newest of them under the same numbers.
type shelf struct {
	rows  ring[Row]
	heads ring[heads]
}

func newShelf(rows, headsOf int) shelf {
	return shelf{rows: newRing[Row](rows), heads: newRing[heads](min(rows, headsOf))}
}

// put copies r, under id and with detail, and both heads.
func (s *shelf) put(r *Row, id uint64, detail string, request, response []byte) {
	if row := s.rows.next(); row != nil {
		*row = *r
		row.ID = id
		row.Detail = detail
	}
	if h := s.heads.next(); h != nil {
		h.set(request, response)
	}
}

// seek returns the number of the newest row with an ID of at most id; a number
// below the oldest when there is none.
func (s *shelf) seek(id uint64) uint64 {
	oldest := s.rows.oldest()
	kept := int(s.rows.newest - oldest + 1)
	later := sort.Search(kept, func(i int) bool {
		return s.rows.at(oldest+uint64(i)).ID > id
	})
	return oldest + uint64(later) - 1
}

// backward copies rows from number seq on, newest first.
func (s *shelf) backward(seq uint64, dst []Row) int {
	for n := range dst {
		row := s.rows.at(seq - uint64(n))
		if row == nil {
			return n
		}
		dst[n] = *row
	}
	return len(dst)
}

// forward copies rows from number seq on, oldest first.
func (s *shelf) forward(seq uint64, dst []Row) int {
	for n := range dst {
		row := s.rows.at(seq + uint64(n))
		if row == nil {
			return n
		}
		dst[n] = *row
	}
	return len(dst)
}
