package limit

import (
	"net/netip"
	"sync"
)

// Count is how many requests each client has under way. It holds no more
// clients than there are requests. The zero value is ready.
type Count struct {
	mu    sync.Mutex
	under map[netip.Prefix]int
}

// Enter counts a request unless its client has most under way already. Each
// that entered must Leave.
func (c *Count) Enter(client netip.Prefix, most int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.under[client] >= most {
		return false
	}
	if c.under == nil {
		c.under = map[netip.Prefix]int{}
	}
	c.under[client]++
	return true
}

// Leave ends a request that entered.
func (c *Count) Leave(client netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.under[client]--; c.under[client] <= 0 {
		delete(c.under, client)
	}
}

// Of is how many requests a client has under way.
func (c *Count) Of(client netip.Prefix) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.under[client]
}
