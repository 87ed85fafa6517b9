//go:build linux

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// setup is what a configuration is filled in with.
type setup struct {
	Dir    string // a folder; of the proxy alone once it starts
	Config string // path of the configuration
	Listen string // host:port
	Origin string // host:port
	Host   string
	TLS    bool
	Cert   string // path of the certificate, PEM
	Key    string // of its key
	Both   string // of both in one file
	Root   bool   // bench runs as root
}

// Port is the port of Listen.
func (s setup) Port() (string, error) {
	_, port, err := net.SplitHostPort(s.Listen)
	return port, err
}

// newSetup fills in what all proxies share.
func newSetup(dir, origin string, tls bool) (setup, error) {
	s := setup{
		Dir: dir, Origin: origin, Host: host, TLS: tls, Root: os.Getuid() == 0,
		Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), Both: filepath.Join(dir, "both.pem"),
	}
	cert, key, err := certificate()
	if err != nil {
		return s, err
	}
	for path, text := range map[string][]byte{s.Cert: cert, s.Key: key, s.Both: append(cert, key...)} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return s, err
		}
	}
	return s, nil
}

// certificate makes a certificate for host that lasts an hour, with a P-256
// key as Let's Encrypt's clients have.
func certificate() (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: host},
		DNSNames:     []string{host},
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	return cert, key, nil
}
