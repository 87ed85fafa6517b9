package proxy

import (
	"fmt"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/network"
)

// guards compiles what may refuse a request of the route.
func (c *compiler) guards(r *route) (err error) {
	if len(r.Allow) > 0 {
		if r.allow, err = c.networks(r.Allow); err != nil {
			return fmt.Errorf("allow: %w", err)
		}
	}
	if len(r.Deny) > 0 {
		if r.deny, err = c.networks(r.Deny); err != nil {
			return fmt.Errorf("deny: %w", err)
		}
	}
	return nil
}

func (c *compiler) networks(list []config.Network) (*network.Set, error) {
	entries := make([]network.Entry, len(list))
	for i, n := range list {
		entries[i] = network.Entry{Name: n.Name, Prefixes: n.Prefixes}
	}
	return network.NewSet(entries, c.builtins)
}
