package certs

import (
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/crypto/acme"
)

// GetCertificate chooses by the name the client asks for, without waiting for
// anybody. For an unknown name it returns nothing, which crypto/tls answers with
// the alert unrecognized_name (RFC 6066 section 3); an error would say
// internal_error.
func (k *Keeper) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	host := nameOf(hello)
	if host == "" {
		return k.forAddress(hello.Conn)
	}
	c, known := k.names.Load().find(host)
	if !known || c.Kind == None {
		return nil, nil
	}
	return k.certificate(c, host)
}

// proof is the certificate for an authority that validates.
func (k *Keeper) proof(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if i := k.prover(nameOf(hello)); i != nil {
		return i.token(hello), nil
	}
	return nil, nil
}

func nameOf(hello *tls.ClientHelloInfo) string {
	return strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
}

// isChallenge tells an authority that validates (RFC 8737 section 3).
func isChallenge(hello *tls.ClientHelloInfo) bool {
	return len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == acme.ALPNProto
}

// Chosen tells where the certificate of a host comes from; false where the name
// is not served.
func (k *Keeper) Chosen(host string) (Want, bool) {
	c, ok := k.names.Load().find(host)
	return c.Want, ok && c.Kind != None
}

func (k *Keeper) certificate(c choice, host string) (*tls.Certificate, error) {
	if c.Kind == Local {
		return k.local.leaf(leafName(c.Host, host))
	}
	if cert := c.present(); cert != nil {
		return cert, nil
	}
	return k.standIn.of(leafName(c.Host, host))
}

// present is the certificate that an authority or files have brought, nil while
// there is none. Until a name has its own, the wildcard's above it does as well.
func (c choice) present() *tls.Certificate {
	switch {
	case c.pair != nil:
		return c.pair.current.Load()
	case c.issuer == nil:
		return nil
	}
	own := c.issuer.cert.Load()
	if c.above != nil && !isValid(own) {
		if cert := c.above.cert.Load(); isValid(cert) {
			return cert
		}
	}
	return own
}

func isValid(c *tls.Certificate) bool {
	now := time.Now()
	return c != nil && now.After(c.Leaf.NotBefore) && now.Before(c.Leaf.NotAfter)
}

// leafName is the name on a certificate we make: the want's own, so that the
// names strangers make up below a wildcard make no certificates. One below
// several labels has to be named whole.
func leafName(want, host string) string {
	if want == "*" || isWildcard(want) && parent(host) != want {
		return host
	}
	return want
}

// forAddress serves a client that named nobody: it came by address.
func (k *Keeper) forAddress(conn net.Conn) (*tls.Certificate, error) {
	if conn == nil {
		return nil, nil
	}
	tcp, ok := conn.LocalAddr().(*net.TCPAddr)
	if !ok {
		return nil, nil
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	if !isHome(addr) {
		return nil, nil
	}
	return k.local.leaf(addr.String())
}

// isHome tells an address that the local authority may vouch for.
func isHome(a netip.Addr) bool { return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() }
