package record

// chunkLen is how many elements are allocated at once: few, so that a proxy
// that serves little stays small.
const chunkLen = 16

// ring keeps the last size elements put into it, each under its number, from
// 1. Its memory is made in chunks as it fills: a quiet proxy never pays for
// the rest, and once it is full nothing is allocated any more.
type ring[T any] struct {
	size   uint64
	newest uint64 // number of the newest element; 0 when there is none
	chunks []*[chunkLen]T
}

func newRing[T any](size int) ring[T] {
	size = max(size, 0)
	return ring[T]{
		size:   uint64(size),
		chunks: make([]*[chunkLen]T, (size+chunkLen-1)/chunkLen),
	}
}

// next makes room for one element and returns its place, which holds what was
// there before; nil when the ring keeps nothing.
func (r *ring[T]) next() *T {
	r.newest++
	if r.size == 0 {
		return nil
	}
	return r.place(r.newest)
}

// at returns the element with number seq; nil when it is not kept.
func (r *ring[T]) at(seq uint64) *T {
	if seq < r.oldest() || seq > r.newest {
		return nil
	}
	return r.place(seq)
}

// oldest is the number of the oldest kept element; newest+1 when none is kept.
func (r *ring[T]) oldest() uint64 {
	return r.newest - min(r.newest, r.size) + 1
}

func (r *ring[T]) place(seq uint64) *T {
	i := (seq - 1) % r.size
	c := &r.chunks[i/chunkLen]
	if *c == nil {
		*c = new([chunkLen]T)
	}
	return &(*c)[i%chunkLen]
}
