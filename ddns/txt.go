package ddns

import (
	"context"
	"fmt"
	"strings"
)

// CanTXT says why the records of a name cannot be published for a certificate by
// DNS-01; nil where they can.
func (s *Service) CanTXT(fqdn string) error {
	_, _, err := s.texter(fqdn)
	return err
}

// AddTXT publishes a TXT record (RFC 8555 section 8.4) beside those there are.
func (s *Service) AddTXT(ctx context.Context, fqdn, value string) error {
	t, n, err := s.texter(fqdn)
	if err != nil {
		return err
	}
	return t.addTXT(ctx, n, value)
}

// RemoveTXT takes it away again.
func (s *Service) RemoveTXT(ctx context.Context, fqdn, value string) error {
	t, n, err := s.texter(fqdn)
	if err != nil {
		return err
	}
	return t.removeTXT(ctx, n, value)
}

// texter finds the provider of the longest domain that fqdn is in.
func (s *Service) texter(fqdn string) (texter, Name, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var best *account
	longest := ""
	for _, a := range s.accounts {
		for _, domain := range a.domains() {
			if len(domain) > len(longest) && within(fqdn, domain) {
				best, longest = a, domain
			}
		}
	}
	if best == nil {
		return nil, Name{}, fmt.Errorf("no [ddns] table serves the domain of %s", fqdn)
	}
	t, ok := unwrap(best.provider).(texter)
	if !ok {
		return nil, Name{}, fmt.Errorf("%s cannot publish the TXT record that DNS-01 needs: a wildcard needs another provider", best.Provider)
	}
	return t, name(fqdn, best.Domain), nil
}

// domains are those a table looks after: its own, its zone, and where it says
// neither what its names say.
func (a *account) domains() (list []string) {
	if a.Domain != "" || a.Zone != "" {
		return []string{a.Domain, a.Zone}
	}
	for _, n := range a.names {
		list = append(list, strings.TrimPrefix(n.FQDN, "*."))
	}
	return list
}

func within(fqdn, domain string) bool {
	return domain != "" && (fqdn == domain || strings.HasSuffix(fqdn, "."+domain))
}
