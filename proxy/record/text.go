package record

// Short texts with a bound, so that a row needs no allocation. Set cuts, by
// bytes: the last character may be a broken one. Bytes is a view into the row,
// for reading only; it costs no allocation, String does.
type (
	Method struct {
		n uint8
		b [15]byte
	}
	Host struct {
		n uint8
		b [79]byte
	}
	ID struct {
		n uint8
		b [63]byte
	}
	Path struct {
		n uint16
		b [256]byte
	}
)

func (t *Method) Set(s []byte)   { t.n = uint8(copy(t.b[:], s)) }
func (t *Method) Bytes() []byte  { return t.b[:t.n] }
func (t *Method) String() string { return string(t.Bytes()) }

func (t *Host) Set(s []byte)   { t.n = uint8(copy(t.b[:], s)) }
func (t *Host) Bytes() []byte  { return t.b[:t.n] }
func (t *Host) String() string { return string(t.Bytes()) }

func (t *ID) Set(s []byte)   { t.n = uint8(copy(t.b[:], s)) }
func (t *ID) Bytes() []byte  { return t.b[:t.n] }
func (t *ID) String() string { return string(t.Bytes()) }

func (t *Path) Set(s []byte)   { t.n = uint16(copy(t.b[:], s)) }
func (t *Path) Bytes() []byte  { return t.b[:t.n] }
func (t *Path) String() string { return string(t.Bytes()) }

// Append adds to what Set put there, and cuts as Set does.
func (t *Path) Append(s []byte) { t.n += uint16(copy(t.b[t.n:], s)) }

// Cap is the most bytes that it holds: a text of that length may be cut.
func (t *Path) Cap() int { return len(t.b) }
