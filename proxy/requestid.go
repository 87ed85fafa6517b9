package proxy

import (
	"math/rand/v2"
)

// requestID keeps a trusted proxy's ID or makes one: 24 hex digits, unique
// enough to find one request among all of a home, and no secret.
func (v *visit) requestID(kept []byte) []byte {
	id := kept
	if len(id) == 0 {
		id = v.x.Make(func(b []byte) []byte {
			return appendHex(appendHex(b, rand.Uint64(), 16), rand.Uint64(), 8)
		})
	}
	v.row.ReqID.Set(id)
	return id
}

func appendHex(b []byte, n uint64, digits int) []byte {
	const hex = "0123456789abcdef"
	for range digits {
		b = append(b, hex[n&15])
		n >>= 4
	}
	return b
}
