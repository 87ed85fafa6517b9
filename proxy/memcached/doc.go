// Package memcached owns what is said with a memcached: it asks for one value
// by its key, in the text protocol, and streams it. It does not know how keys
// are made, what a value means to a client, nor who answers where there is none.
//
// A Conn belongs to the goroutine that asks; Close alone may come from another.
package memcached
