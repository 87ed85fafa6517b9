package ddns

import (
	"context"

	"forge.home.arpa/portico/config"
)

// FindBy puts find in place of what tables say about where the address comes
// from.
func (s *Service) FindBy(find func() (Addresses, error)) {
	s.finder.look = func(context.Context, *config.DDNS) (out finding) {
		out.Addresses, out.err = find()
		return out
	}
}

// What is read from files and routers, for tables of tests.
var (
	ReadInet6     = readInet6
	BehindCarrier = behindCarrier
	LookUp        = lookup
)

// SetPublicServers says who is asked where the system's resolver does not tell.
func SetPublicServers(list ...string) (restore func()) {
	was := publicServers
	publicServers = list
	return func() { publicServers = was }
}
