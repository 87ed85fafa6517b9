//go:build race

package proxy_test

// raced: under the race detector sync.Pool drops items at random, so nothing
// can be said about allocations.
const raced = true
