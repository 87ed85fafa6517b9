package basic

// Known is how many successes are remembered.
func (c *Checker) Known() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.known)
}
