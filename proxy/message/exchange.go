package message

import "sync"

// Exchange is one request, its answer, and the memory they live in.
type Exchange struct {
	Request  Request
	Response Response

	// RequestHead and ResponseHead are the heads as they were on the wire.
	RequestHead, ResponseHead []byte

	memory   []byte
	request  [24]Field
	response [24]Field
}

const (
	firstMemory = 4 << 10
	// keptMemory is the most that goes back to the pool: one large head must
	// not stay resident for ever.
	keptMemory = 16 << 10
	keptFields = 64
)

var pool = sync.Pool{New: func() any { return &Exchange{memory: make([]byte, 0, firstMemory)} }}

// New takes an empty exchange from the pool.
func New() *Exchange {
	x := pool.Get().(*Exchange)
	if x.Request.Fields == nil {
		x.Request.Fields = x.request[:0]
		x.Response.Fields = x.response[:0]
	}
	return x
}

// Release gives the exchange back. Nothing that lies in its memory may be used
// afterwards.
func (x *Exchange) Release() {
	if cap(x.memory) > keptMemory {
		x.memory = make([]byte, 0, firstMemory)
	}
	x.memory = x.memory[:0]
	request, response := x.Request.Fields, x.Response.Fields
	x.Request, x.Response = Request{}, Response{}
	x.RequestHead, x.ResponseHead = nil, nil
	if cap(request) <= keptFields && cap(response) <= keptFields {
		x.Request.Fields, x.Response.Fields = request[:0], response[:0]
	}
	pool.Put(x)
}

// Copy puts b into the exchange's memory.
func (x *Exchange) Copy(b []byte) []byte {
	start := x.room(len(b))
	x.memory = append(x.memory, b...)
	return x.memory[start:len(x.memory):len(x.memory)]
}

// Make appends what build appends to the exchange's memory and returns it.
// build may append any amount; it must return the slice it was given, grown.
func (x *Exchange) Make(build func([]byte) []byte) []byte {
	start := len(x.memory)
	x.memory = build(x.memory)
	return x.memory[start:len(x.memory):len(x.memory)]
}

// room makes place for n bytes without moving what is there: slices into the
// old memory stay valid, since it is left to the collector.
func (x *Exchange) room(n int) int {
	if cap(x.memory)-len(x.memory) < n {
		x.memory = make([]byte, 0, max(2*cap(x.memory), n))
	}
	return len(x.memory)
}
