package ddns

import (
	"context"
	"net/netip"
	"time"

	"forge.home.arpa/portico/config"
)

// ownLook is how long the addresses serve that were looked for without a table.
const ownLook = 5 * time.Minute

// Public are the home's public addresses: as the tables found them, else looked
// for now; also where the service does not run.
func (s *Service) Public(ctx context.Context) []netip.Addr {
	if list := s.Addresses(); len(list) > 0 {
		return list
	}
	var list []netip.Addr
	found := s.lookOnce(ctx)
	found.each(func(_ string, a netip.Addr) { list = append(list, a) })
	return list
}

// Carrier says why nobody reaches the home over IPv4, "" where they can, as far
// as was found.
func (s *Service) Carrier() string {
	for _, a := range s.Status().Accounts {
		if a.Carrier != "" {
			return a.Carrier
		}
	}
	s.own.Lock()
	defer s.own.Unlock()
	return s.owned.carrier
}

// Doubt says why an address was not found, "" where both families were or the
// home has but one.
func (s *Service) Doubt() string {
	if words := s.Status().Problem(); words != "" {
		return words
	}
	s.own.Lock()
	defer s.own.Unlock()
	if s.owned.err != nil {
		return s.owned.err.Error()
	}
	return s.owned.doubt
}

// lookOnce looks for the addresses where no table has found any: the way the
// first one says, for its owner may know why.
func (s *Service) lookOnce(ctx context.Context) finding {
	s.own.Lock()
	defer s.own.Unlock()
	if s.owned.at.IsZero() || time.Since(s.owned.at) > ownLook {
		way := &config.DDNS{Address: "auto"}
		s.mu.Lock()
		if len(s.accounts) > 0 {
			way = s.accounts[0].DDNS
		}
		s.mu.Unlock()
		s.owned = s.finder.find(ctx, way, sameLook)
		if s.owned.err != nil {
			s.log.Warn("no public address was found", "reason", s.owned.err)
		}
	}
	return s.owned
}
