package certs

import "time"

// Nudge has files and issuers looked after now.
func (k *Keeper) Nudge() { k.nudge() }

// SetPublicServers has others asked in place of the public servers of names.
func SetPublicServers(list ...string) (restore func()) {
	was := publicServers
	publicServers = list
	return func() { publicServers = was }
}

// SetLook has files and issuers looked after so often. It is set before New.
func SetLook(d time.Duration) (restore func()) {
	was := look
	look = d
	return func() { look = was }
}
