package tui

import "slices"

// cursor is a place in a list whose items have names. It stays on its item
// when others come and go, and near it when the item itself goes.
type cursor struct {
	key   string
	want  string // an item that is to come, and takes the cursor then
	at    int
	first int // item at the top of the screen
}

// settle finds the item again.
func (c *cursor) settle(keys []string) {
	for _, key := range []string{c.key, c.want} {
		if i := slices.Index(keys, key); i >= 0 {
			c.at = i
		}
	}
	if slices.Contains(keys, c.want) {
		c.want = ""
	}
	c.set(keys, c.at)
}

func (c *cursor) set(keys []string, at int) {
	c.at = max(min(at, len(keys)-1), 0)
	c.key = ""
	if len(keys) > 0 {
		c.key = keys[c.at]
	}
}

func (c *cursor) move(keys []string, by int) { c.set(keys, c.at+by) }

func (c *cursor) jump(keys []string, bottom bool) {
	if bottom {
		c.set(keys, len(keys)-1)
	} else {
		c.set(keys, 0)
	}
}

// scroll gives the first of n items to draw in h lines so that the item at
// is among them.
func (c *cursor) scroll(at, n, h int) int {
	c.first = min(c.first, at, max(n-h, 0))
	c.first = max(c.first, at-h+1, 0)
	return c.first
}
