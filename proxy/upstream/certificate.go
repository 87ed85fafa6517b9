package upstream

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Certificate is what an upstream showed of itself when it was last dialled.
// Its words are the upstream's own.
type Certificate struct {
	Subject    string
	Issuer     string
	Names      []string // it is valid for, at most maxNames
	SelfSigned bool
	NotBefore  time.Time
	NotAfter   time.Time
	SHA256     [sha256.Size]byte
	Seen       time.Time
	Refused    string // why it is not trusted; "" where it is, or nobody asked
}

const (
	maxNames  = 8
	maxNaming = 64 // bytes of a name that are kept
)

// Pin is the certificate as upstream_tls takes it.
func (c *Certificate) Pin() string { return "sha256:" + hex.EncodeToString(c.SHA256[:]) }

func certificateOf(leaf *x509.Certificate) Certificate {
	c := Certificate{Subject: cut(leaf.Subject.String()), Issuer: cut(leaf.Issuer.String()),
		SelfSigned: bytes.Equal(leaf.RawIssuer, leaf.RawSubject), NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter,
		SHA256: sha256.Sum256(leaf.Raw)}
	for _, name := range leaf.DNSNames {
		c.Names = append(c.Names, cut(name))
	}
	for _, ip := range leaf.IPAddresses {
		c.Names = append(c.Names, ip.String())
	}
	c.Names = c.Names[:min(len(c.Names), maxNames)]
	return c
}

// cut bounds what an upstream says of itself, at the border of a character.
func cut(s string) string {
	if len(s) <= maxNaming {
		return s
	}
	return strings.ToValidUTF8(s[:maxNaming], "") + "…"
}

// remember keeps the certificate that was shown, trusted or not.
func (s *secured) remember(conn *tls.Conn, err error) {
	leaf := shownBy(err)
	if certs := conn.ConnectionState().PeerCertificates; leaf == nil && len(certs) > 0 {
		leaf = certs[0]
	}
	if leaf == nil {
		return
	}
	c := certificateOf(leaf)
	c.Seen = time.Now()
	if isUntrusted(err) {
		c.Refused = s.refusal(&c, err)
	}
	s.mu.Lock()
	s.seen = c
	s.mu.Unlock()
}

// shownBy gives the certificate that an error is about.
func shownBy(err error) *x509.Certificate {
	var unverified *tls.CertificateVerificationError
	var pin *pinError
	switch {
	case errors.As(err, &unverified) && len(unverified.UnverifiedCertificates) > 0:
		return unverified.UnverifiedCertificates[0]
	case errors.As(err, &pin):
		return pin.shown
	}
	return nil
}

func isUntrusted(err error) bool { return shownBy(err) != nil }

// refusal says what is wrong with a certificate.
func (s *secured) refusal(c *Certificate, err error) string {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var pin *pinError
	switch {
	case errors.As(err, &pin):
		return "not the pinned certificate but one of " + c.Subject
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && time.Now().Before(c.NotBefore):
		return "not valid before " + c.NotBefore.Format(time.DateOnly)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "expired on " + c.NotAfter.Format(time.DateOnly)
	case c.SelfSigned:
		return "self-signed by " + c.Subject
	case errors.As(err, &name) && len(c.Names) > 0:
		return fmt.Sprintf("made for %s, not for %s", c.Names[0], s.name)
	case errors.As(err, &name):
		return "made for no name"
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "signed by the unknown " + c.Issuer
	}
	return "not valid"
}

// remedy is what to write so that the certificate is trusted. A name is all
// that is missing where the authority is known. It stands for the whole of
// upstream_tls, so it says again what need not change.
func (s *secured) remedy(c *Certificate, err error) *TLS {
	t := s.TLS
	var wrong x509.HostnameError
	if name := c.plainName(); name != "" && errors.As(err, &wrong) && s.signed(wrong.Certificate, err) {
		t.ServerName = name
	} else {
		t.Verify, t.Pin = VerifyPin, c.SHA256
	}
	return &t
}

// plainName is the first of its names that upstream_tls takes, "" for none.
func (c *Certificate) plainName() string {
	for _, name := range c.Names {
		if !strings.ContainsAny(name, "*…") {
			return name
		}
	}
	return ""
}

// Pairs are the keys of upstream_tls with their values, as the configuration
// says them.
func (t *TLS) Pairs() (pairs [][2]string) {
	say := func(key, value string) {
		if value != "" {
			pairs = append(pairs, [2]string{key, value})
		}
	}
	switch t.Verify {
	case VerifyCA:
		say("verify", "ca")
		say("ca", t.CA)
	case VerifyPin:
		say("verify", "pin")
		say("pin", (&Certificate{SHA256: t.Pin}).Pin())
	}
	say("server_name", t.ServerName)
	say("cert", t.Cert)
	say("key", t.Key)
	return pairs
}

// String is the line that the configuration says it with.
func (t *TLS) String() string {
	var words []string
	for _, p := range t.Pairs() {
		words = append(words, fmt.Sprintf("%s = %q", p[0], p[1]))
	}
	return "upstream_tls = { " + strings.Join(words, ", ") + " }"
}

// signed tells whether only the certificate's name was wrong.
func (s *secured) signed(leaf *x509.Certificate, err error) bool {
	var unverified *tls.CertificateVerificationError
	if !errors.As(err, &unverified) {
		return false
	}
	s.mu.Lock()
	roots := s.config.RootCAs
	s.mu.Unlock()
	between := x509.NewCertPool()
	for _, c := range unverified.UnverifiedCertificates[1:] {
		between.AddCert(c)
	}
	_, failed := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
	return failed == nil
}

// Certificate returns what the upstream showed when it was last dialled; false
// where it was not, or showed none.
func (u *Upstream) Certificate() (Certificate, bool) {
	if u.secured == nil {
		return Certificate{}, false
	}
	u.secured.mu.Lock()
	defer u.secured.mu.Unlock()
	return u.secured.seen, !u.secured.seen.Seen.IsZero()
}
