package network

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
)

// table finds the entry of an address in the logarithm of the number of
// prefixes: it holds disjoint spans, sorted, in place of prefixes that overlap.
// IPv4 has spans of its own, so that ::/0 does not contain it.
type table struct{ v4, v6 []span }

// span reaches from an address to the next span. No entry is -1.
type span struct {
	from  key
	entry int32
}

// key is an address of 128 bits; of IPv4, the one that is mapped to it.
type key struct{ high, low uint64 }

func keyOf(a netip.Addr) key {
	b := a.As16()
	return key{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (k key) compare(other key) int {
	return cmp.Or(cmp.Compare(k.high, other.high), cmp.Compare(k.low, other.low))
}

func (k key) less(other key) bool {
	return k.high < other.high || k.high == other.high && k.low < other.low
}

// next is false after the last address.
func (k key) next() (key, bool) {
	k.low++
	if k.low == 0 {
		k.high++
	}
	return k, k != key{}
}

// piece is a prefix with its entry, ready to be laid out.
type piece struct {
	is4         bool
	first, last key
	entry       int32
}

func pieceOf(p netip.Prefix, entry int32) piece {
	a, host := p.Addr(), p.Addr().BitLen()-p.Bits()
	if a.Is4In6() && host <= 32 {
		a = a.Unmap()
	}
	below := func(bits int) uint64 { return 1<<max(0, min(bits, 64)) - 1 } // a shift by 64 is zero, less one is all
	k := keyOf(a)
	mask := key{below(host - 64), below(host)}
	return piece{
		is4:   a.Is4(),
		first: key{k.high &^ mask.high, k.low &^ mask.low},
		last:  key{k.high | mask.high, k.low | mask.low},
		entry: entry,
	}
}

func newTable(pieces []piece) table {
	slices.SortFunc(pieces, func(a, b piece) int {
		return cmp.Or(a.first.compare(b.first), b.last.compare(a.last), cmp.Compare(a.entry, b.entry))
	})
	var t4, t6 layout
	for _, p := range pieces {
		if p.is4 {
			t4.add(p)
		} else {
			t6.add(p)
		}
	}
	return table{t4.done(), t6.done()}
}

// tableOf holds prefixes under the entry 0.
func tableOf(prefixes []netip.Prefix) table {
	pieces := make([]piece, len(prefixes))
	for i, p := range prefixes {
		pieces[i] = pieceOf(p, 0)
	}
	return newTable(pieces)
}

// layout turns sorted pieces into spans. Prefixes are apart or one in the
// other, so those around the present one are a stack.
type layout struct {
	spans []span
	open  []piece
}

func (l *layout) add(p piece) {
	for len(l.open) > 0 && l.open[len(l.open)-1].last.less(p.first) {
		l.pop()
	}
	if len(l.open) > 0 {
		p.entry = min(p.entry, l.open[len(l.open)-1].entry) // the first of the list wins
	}
	l.open = append(l.open, p)
	l.begin(p.first, p.entry)
}

// pop ends the innermost piece; the one around it goes on.
func (l *layout) pop() {
	ended := l.open[len(l.open)-1]
	l.open = l.open[:len(l.open)-1]
	entry := int32(-1)
	if len(l.open) > 0 {
		entry = l.open[len(l.open)-1].entry
	}
	if after, ok := ended.last.next(); ok {
		l.begin(after, entry)
	}
}

func (l *layout) begin(from key, entry int32) {
	if n := len(l.spans); n > 0 && l.spans[n-1].from == from {
		l.spans[n-1].entry = entry
		return
	}
	l.spans = append(l.spans, span{from, entry})
}

func (l *layout) done() []span {
	for len(l.open) > 0 {
		l.pop()
	}
	return slices.Clip(l.spans)
}

// find returns the entry of an address, or -1.
func (t *table) find(a netip.Addr) int32 {
	spans := t.v6
	if a.Is4() || a.Is4In6() {
		spans = t.v4
	}
	k := keyOf(a)
	low, high := 0, len(spans)
	for low < high {
		middle := int(uint(low+high) / 2)
		if k.less(spans[middle].from) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	if low == 0 {
		return -1
	}
	return spans[low-1].entry
}
