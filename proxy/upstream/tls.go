package upstream

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// TLS says what is asked of an upstream over TLS, and how its certificate is
// verified. The zero value is a plain connection.
type TLS struct {
	Proto      string // for ALPN: "http/1.1", or "h2", which must then be agreed on; "" for no TLS
	Verify     Verify
	CA         string            // path of certificates in PEM, for VerifyCA
	Pin        [sha256.Size]byte // of the certificate itself, for VerifyPin
	ServerName string            // that is asked for and must be certified; "" for the URL's host
	Cert, Key  string            // paths of our own certificate and its key in PEM, "" for none
}

// Verify is a way to verify a certificate.
type Verify uint8

const (
	VerifySystem Verify = iota // by the authorities that this machine trusts
	VerifyCA                   // by an authority of one's own
	VerifyPin                  // by its hash, whatever its name, its issuer and its dates
	VerifyOff                  // not at all
)

func (v Verify) String() string { return [...]string{"system", "ca", "pin", "off"}[v] }

// secured makes TLS connections to one upstream, and remembers the certificate
// it showed. The files are read when a connection is made, if they have changed:
// a renewed certificate needs no reload, and one that comes late is found.
type secured struct {
	TLS
	name string // to ask for

	mu     sync.Mutex
	config *tls.Config
	stamps [3]stamp
	seen   Certificate
}

// stamp tells one state of a file from another.
type stamp struct {
	size     int64
	modified time.Time
}

// sessions is how many TLS sessions are kept for resumption: one a connection
// that is made, and seldom are many made at once.
const sessions = 16

func newSecured(t TLS, network, addr string) *secured {
	s := &secured{TLS: t, name: t.ServerName}
	if s.name == "" {
		s.name = "localhost" // what listens on a socket has no other name
		if host, _, err := net.SplitHostPort(addr); err == nil && network != "unix" {
			s.name = host
		}
	}
	return s
}

// handshake makes a TLS connection over raw, which it closes where it fails.
func (s *secured) handshake(ctx context.Context, raw net.Conn) (*tls.Conn, error) {
	config, err := s.current()
	if err != nil {
		raw.Close()
		return nil, err
	}
	conn := tls.Client(raw, config)
	err = conn.HandshakeContext(ctx)
	s.remember(conn, err)
	if err == nil && s.Proto == "h2" && conn.ConnectionState().NegotiatedProtocol != "h2" {
		err = errNoHTTP2
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

var errNoHTTP2 = errors.New("it speaks no HTTP/2 over TLS")

// fileError is a certificate or key of our own that cannot be used.
type fileError struct{ err error }

func (e *fileError) Error() string { return e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// current returns the configuration by the files as they are now. Files that
// cannot be used leave the one that stands.
func (s *secured) current() (*tls.Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var now [3]stamp
	for i, path := range [3]string{s.CA, s.Cert, s.Key} {
		now[i] = stampOf(path)
	}
	if s.config != nil && now == s.stamps {
		return s.config, nil
	}
	config, err := s.load()
	if err == nil {
		s.config, s.stamps = config, now
	}
	if s.config == nil {
		return nil, &fileError{err}
	}
	return s.config, nil
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if path == "" || err != nil {
		return stamp{}
	}
	return stamp{info.Size(), info.ModTime()}
}

func (s *secured) load() (*tls.Config, error) {
	c := &tls.Config{ServerName: s.name, NextProtos: []string{s.Proto}, ClientSessionCache: tls.NewLRUClientSessionCache(sessions),
		DynamicRecordSizingDisabled: true}
	switch s.Verify {
	case VerifyCA:
		pem, err := os.ReadFile(s.CA)
		if err != nil {
			return nil, err
		}
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New(s.CA + " holds no certificate in PEM")
		}
	case VerifyPin:
		// What InsecureSkipVerify leaves out, VerifyConnection does, also where a
		// session is resumed.
		c.InsecureSkipVerify = true
		c.VerifyConnection = s.verifyPin
	case VerifyOff:
		c.InsecureSkipVerify = true
	}
	if s.Cert != "" {
		own, err := tls.LoadX509KeyPair(s.Cert, s.Key)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{own}
	}
	return c, nil
}

// pinError is a certificate that is not the pinned one.
type pinError struct{ shown *x509.Certificate }

func (*pinError) Error() string { return "another certificate than the pinned one" }

func (s *secured) verifyPin(state tls.ConnectionState) error {
	leaf := state.PeerCertificates[0] // a server always shows one
	if sha256.Sum256(leaf.Raw) != s.Pin {
		return &pinError{leaf}
	}
	return nil
}
