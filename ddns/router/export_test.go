package router

import "time"

// Tests need not wait as long as a home does.
func init() {
	searchTime, callTime, lookEvery = time.Second, 2*time.Second, 50*time.Millisecond
}
