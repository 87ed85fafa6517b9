package proxy

import "net/netip"

// SetHome tells which public addresses this home has: the built-in network
// "home", for a router that hands visits from inside back under its own address.
func (s *Server) SetHome(addrs []netip.Addr) { s.builtins.SetHome(addrs) }

// Gateways are this machine's default gateways.
func (s *Server) Gateways() []netip.Addr { return s.builtins.Gateways() }
