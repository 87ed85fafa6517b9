package config

// What this build knows and checks, but cannot do yet. A line goes when what
// it names is built; nothing else has to change.

// unserved lists the tables and keys that do nothing.
var unserved = []struct {
	path []string
	used func(*Config) bool
}{
	{[]string{"alert"}, func(c *Config) bool { return c.Alert != nil }},
}

// warnUnserved warns of what does nothing.
func (d *decoder) warnUnserved(root *node, c *Config) {
	for _, u := range unserved {
		if u.used(c) && d.room(true) {
			n := root
			for _, key := range u.path {
				n = n.Get(key)
			}
			d.place(true, n.KeyPos(), n.Path().String(), "", "this build cannot serve "+n.Path().String()+" yet")
		}
	}
}
