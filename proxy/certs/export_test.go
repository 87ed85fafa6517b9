package certs

// Nudge has files and issuers looked after now.
func (k *Keeper) Nudge() { k.nudge() }

// SetPublicServers has others asked in place of the public servers of names.
func SetPublicServers(list ...string) (restore func()) {
	was := publicServers
	publicServers = list
	return func() { publicServers = was }
}
