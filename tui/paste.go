package tui

const (
	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"

	// maxPaste is how many bytes of a paste the console takes. Bubble Tea
	// collects a paste whole and copies it anew with each read, so that some
	// megabytes by mistake would keep a core busy for minutes.
	maxPaste = 64 << 10
)

// pasteLimit follows a terminal's input and cuts what a paste has too much.
type pasteLimit struct {
	inside  bool
	matched int // bytes of the marker that would come next
	size    int // bytes let through of this paste
	closed  int // bytes of pasteEnd put in the place of what is cut
}

// filter shortens b in place.
func (p *pasteLimit) filter(b []byte) []byte {
	kept := b[:0]
	for _, c := range b {
		within := p.inside
		p.follow(c)
		switch {
		case !within:
			p.size, p.closed = 0, 0
		case p.closed == 0 && (p.size < maxPaste || p.marker()):
			p.size++
		case p.closed < len(pasteEnd):
			c = pasteEnd[p.closed]
			p.closed++
		default:
			continue
		}
		kept = append(kept, c)
	}
	return kept
}

// follow notes whether c begins or ends a paste.
func (p *pasteLimit) follow(c byte) {
	want := pasteBegin
	if p.inside {
		want = pasteEnd
	}
	switch c {
	case want[p.matched]:
		p.matched++
	case want[0]:
		p.matched = 1
	default:
		p.matched = 0
	}
	if p.matched == len(want) {
		p.inside, p.matched = !p.inside, 0
	}
}

// marker reports whether the byte just followed continues or completes a
// marker whose beginning was let through; the cut must not fall within it.
func (p *pasteLimit) marker() bool { return p.matched > 1 || !p.inside }
