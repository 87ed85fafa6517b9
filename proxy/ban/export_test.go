package ban

// Watched and Trusted count what a book holds.
func (b *Book) Watched() int { return len(b.watched) }
func (b *Book) Trusted() int { return len(b.trusted) }
