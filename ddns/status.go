package ddns

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Status is a copy of what the service knows.
type Status struct {
	Accounts []AccountStatus
}

// Problem is the first account's that has one; "" where none has.
func (s Status) Problem() string {
	for _, a := range s.Accounts {
		if a.Problem != "" {
			return a.Problem
		}
	}
	return ""
}

// AccountStatus is one [ddns.NAME] table.
type AccountStatus struct {
	Name     string
	Provider string
	Source   string     // of the public addresses: auto, router, url, fixed or interface:NAME
	V4, V6   netip.Addr // the public addresses as found
	Problem  string     // why none, or none of one family, was found; "" when all is well
	Carrier  string     // why nobody reaches the home over IPv4; "" where they can
	Looked   time.Time  // when they were looked for; zero before the first look
	Next     time.Time  // the next look
	Names    []NameStatus
}

// NameStatus is one name.
type NameStatus struct {
	FQDN    string
	V4, V6  netip.Addr // as the provider accepted them
	Class   Class
	Words   string    // of the last reply
	At      time.Time // of the last reply; zero when nobody was asked yet
	OK      time.Time // of the last reply that accepted
	Failing time.Time // since when it is not published; zero while it is
	Next    time.Time // the next try after a failure; zero for none

	Attempts []Attempt // the last ones, the newest last; not to be changed
}

// Status returns a copy of the state.
func (s *Service) Status() Status {
	s.mu.Lock()
	accounts := s.accounts
	s.mu.Unlock()
	var out Status
	for _, a := range accounts {
		out.Accounts = append(out.Accounts, a.status())
	}
	return out
}

// Addresses are the home's public addresses as far as they were found.
func (s *Service) Addresses() []netip.Addr {
	var list []netip.Addr
	for _, a := range s.Status().Accounts {
		for _, addr := range [...]netip.Addr{a.V4, a.V6} {
			if addr.IsValid() && !slices.Contains(list, addr) {
				list = append(list, addr)
			}
		}
	}
	return list
}

func (a *account) status() AccountStatus {
	a.mu.Lock()
	out := a.view
	a.mu.Unlock()
	out.Name, out.Provider, out.Source = a.Name, a.Provider, sourceOf(a.Address)
	out.Names = nil
	for _, n := range a.names {
		e := a.service.memory.entry(a.DDNS, n.FQDN)
		out.Names = append(out.Names, NameStatus{n.FQDN, e.V4, e.V6, e.Class, e.Words, e.At, e.OK, e.Failing, e.Not,
			a.service.memory.attempts(a.DDNS.Name, n.FQDN)})
	}
	return out
}

// sourceOf leaves out what may be secret, as in a URL, or is the address itself.
func sourceOf(address string) string {
	kind, _, _ := strings.Cut(address, ":")
	if kind == "interface" {
		return address
	}
	return kind
}

// noteFinding keeps what was found for those who look, and logs a change.
func (a *account) noteFinding(f finding) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.view
	a.view.Looked, a.view.Carrier, a.view.Problem = f.at, f.carrier, f.doubt
	if f.err != nil {
		a.view.Problem = f.err.Error()
	} else {
		a.view.V4, a.view.V6 = f.V4, f.V6
	}
	if a.view.Problem != "" && before.Problem == "" {
		a.log.Warn("the public address is not certain: records stay as they are", "reason", a.view.Problem)
	}
	if a.view.Carrier != "" && before.Carrier == "" {
		a.log.Warn("the home cannot be reached over IPv4", "reason", a.view.Carrier)
	}
}

func (a *account) refresh(next time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.view.Next = next
}
