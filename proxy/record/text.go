package record

// Short texts with a bound, so that a row needs no allocation. Set cuts.
type (
	Method struct {
		n uint8
		b [15]byte
	}
	Host struct {
		n uint8
		b [79]byte
	}
	Path struct {
		n uint16
		b [256]byte
	}
	ID struct {
		n uint8
		b [63]byte
	}
)

func (t *Method) Set(s []byte)   { t.n = uint8(copy(t.b[:], s)) }
func (t *Method) String() string { return string(t.b[:t.n]) }
func (t *Host) Set(s []byte)     { t.n = uint8(copy(t.b[:], s)) }
func (t *Host) String() string   { return string(t.b[:t.n]) }
func (t *Path) Set(s []byte)     { t.n = uint16(copy(t.b[:], s)) }
func (t *Path) String() string   { return string(t.b[:t.n]) }
func (t *ID) Set(s []byte)       { t.n = uint8(copy(t.b[:], s)) }
func (t *ID) String() string     { return string(t.b[:t.n]) }
