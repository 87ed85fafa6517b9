package proxy

import (
	"context"
	"errors"
	"net/netip"
	"runtime/debug"
	"time"

	"forge.home.arpa/portico/proxy/certs"
)

// World is what is known of the home's place in the internet, for certificates.
type World interface {
	// Addresses are the public addresses of the home.
	Addresses(ctx context.Context) []netip.Addr
	// Carrier says why nobody reaches the home over IPv4, "" where they can.
	Carrier() string
}

// TXT publishes the records that prove a name by DNS-01.
type TXT = certs.TXT

// CertificateStatus is one name's certificate.
type CertificateStatus struct {
	Host    string
	Kind    string // acme, local, file
	Issuer  string
	From    time.Time // its validity; zero where there is none yet
	Until   time.Time
	Pending bool      // a stand-in is served until it is there
	Why     string    // why there is none, or none newer
	Next    time.Time // the next try after a failure; zero for none

	Attempts []CertificateAttempt // the last ones, the newest last; not to be changed
}

// CertificateAttempt is one try for a certificate.
type CertificateAttempt = certs.Attempt

// Certificates returns a copy of the certificates' state, sorted by host.
func (s *Server) Certificates() []CertificateStatus {
	list := s.certs.Status()
	out := make([]CertificateStatus, len(list))
	for i, c := range list {
		out[i] = CertificateStatus{c.Host, c.Kind.String(), c.Issuer, c.From, c.Until, c.Pending, c.Why, c.Next, c.Attempts}
	}
	return out
}

// CertificateNow asks for a host's certificate at once, whatever stands against
// it.
func (s *Server) CertificateNow(host string) error { return s.certs.TryNow(host) }

// LocalRoot is the certificate of the home's own authority, in PEM, for those
// who are to trust it.
func (s *Server) LocalRoot() ([]byte, error) { return s.certs.Root() }

func newCerts(o Options, w certs.World) *certs.Keeper {
	return certs.New(certs.Options{Log: o.Log, State: o.State, World: w, TXT: o.TXT, Floor: builtAt()})
}

// world adds what portico itself knows: who stands before homes.
type world struct {
	World
	server *Server
}

// Front names the front an address belongs to.
func (w world) Front(a netip.Addr) string {
	if w.server.builtins.IsCloudflare(a) {
		return "cloudflare"
	}
	return ""
}

// nowhere is the world of a server that nobody told about it.
type nowhere struct{}

func (nowhere) Addresses(context.Context) []netip.Addr { return nil }
func (nowhere) Carrier() string                        { return "" }

// noRecords is for a server without a provider of DNS records.
type noRecords struct{}

func (noRecords) CanTXT(string) error                             { return errNoRecords }
func (noRecords) AddTXT(context.Context, string, string) error    { return errNoRecords }
func (noRecords) RemoveTXT(context.Context, string, string) error { return errNoRecords }

var errNoRecords = errors.New("no [ddns] table sets records in its domain")

// builtAt is a time that has passed for certain: a clock before it was not set
// yet.
func builtAt() time.Time {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				return at
			}
		}
	}
	return time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
}
