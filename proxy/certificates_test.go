package proxy_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// signed is a certificate with its key, in memory and as files.
type signed struct {
	leaf      *x509.Certificate
	key       *ecdsa.PrivateKey
	cert, pem string // paths: the certificate, its key
	pin       string
}

// certificate makes one for the names given, signed by an authority, or by
// itself where there is none. change may alter it first.
func certificate(t testing.TB, by *signed, change func(*x509.Certificate), names ...string) *signed {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "synology"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
			continue
		}
		c.DNSNames = append(c.DNSNames, name)
	}
	if change != nil {
		change(c)
	}
	issuer, signer := c, key
	if by != nil {
		issuer, signer = by.leaf, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, issuer, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	s := &signed{key: key}
	if s.leaf, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s.cert, s.pem = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeFile(t, s.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	writeFile(t, s.pem, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}))
	sum := sha256.Sum256(der)
	s.pin = "sha256:" + hex.EncodeToString(sum[:])
	return s
}

// anAuthority changes a certificate into one that signs others.
func anAuthority(c *x509.Certificate) {
	c.Subject.CommonName, c.IsCA, c.BasicConstraintsValid = "the home's authority", true, true
	c.KeyUsage = x509.KeyUsageCertSign
}

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *signed) tls() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{s.leaf.Raw}, PrivateKey: s.key, Leaf: s.leaf}
}

// secureHandler is handler behind TLS; change may alter how it speaks TLS.
func secureHandler(t testing.TB, s *signed, h http.HandlerFunc, change func(*tls.Config)) string {
	t.Helper()
	config := &tls.Config{Certificates: []tls.Certificate{s.tls()}}
	if change != nil {
		change(config)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h, ErrorLog: noLog}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return l.Addr().String()
}
