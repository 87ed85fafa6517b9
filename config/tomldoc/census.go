package tomldoc

import (
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"
)

// go-toml finds a key defined twice by looking at all its siblings, and a table
// by looking at all that stands in front of it: 40,000 keys in one table take
// seconds. These bounds keep a text to a fraction of one. Ten thousand routes
// fit.
const (
	maxSiblings = 10_000
	maxTables   = 20_000
	maxKeys     = 60_000
)

// census counts what a text defines before go-toml looks for duplicates.
type census struct{ tables, here, keys int }

// add counts an expression and says which bound is passed.
func (c *census) add(e *unstable.Node) error {
	if e.Kind != unstable.KeyValue {
		c.tables++
		c.here = 0
	} else {
		c.here++
		c.keys++
	}
	switch {
	case c.tables > maxTables:
		return fmt.Errorf("the file has more than %d tables", maxTables)
	case c.here > maxSiblings:
		return errSiblings
	}
	if e.Kind == unstable.KeyValue {
		if err := c.value(e.Value()); err != nil {
			return err
		}
	}
	if c.keys > maxKeys {
		return fmt.Errorf("the file has more than %d keys", maxKeys)
	}
	return nil
}

var errSiblings = fmt.Errorf("the table has more than %d keys", maxSiblings)

// value counts the keys of inline tables, those in lists too.
func (c *census) value(v *unstable.Node) error {
	if v.Kind != unstable.Array && v.Kind != unstable.InlineTable {
		return nil
	}
	n := 0
	for it := v.Children(); it.Next(); {
		kid := it.Node()
		if kid.Kind == unstable.KeyValue {
			n++
			kid = kid.Value()
		}
		if err := c.value(kid); err != nil {
			return err
		}
	}
	if c.keys += n; n > maxSiblings {
		return errSiblings
	}
	return nil
}
