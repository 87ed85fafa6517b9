package certs

import (
	"context"
	"time"
)

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

// SetSpread has records waited for so long.
func SetSpread(d time.Duration) (restore func()) {
	was := spreadTime
	spreadTime = d
	return func() { spreadTime = was }
}

// SeesTXT asks servers of a zone for a value.
func SeesTXT(ctx context.Context, servers []string, value string) (seen, answered bool) {
	return seenAt(ctx, servers, "_acme-challenge.example.com", value)
}
