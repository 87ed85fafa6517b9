package certs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
)

// pair is a certificate in files, read again when they change: whoever renews
// it need not know of us.
type pair struct {
	Pair
	current atomic.Pointer[tls.Certificate]
	hosts   atomic.Pointer[[]string] // that the certificate is for, as last read; nil before it was
	problem atomic.Pointer[string]   // why the files' present state is not served
	seen    stamps                   // of the files as last read; of the keeper's goroutine
}

// stamps tell one state of the files from another.
type stamps [2]os.FileInfo

func (p *pair) stamps() (s stamps, err error) {
	for i, path := range [...]string{p.Cert, p.Key} {
		if s[i], err = os.Stat(path); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s stamps) equal(other stamps) bool {
	for i, a := range s {
		b := other[i]
		if b == nil || !os.SameFile(a, b) || !a.ModTime().Equal(b.ModTime()) || a.Size() != b.Size() {
			return false
		}
	}
	return true
}

// read takes the files as they are.
func (p *pair) read() error {
	p.seen, _ = p.stamps() // one that is not there is named by readPair
	if hosts, err := hostsOf(p.Cert); err == nil && (p.hosts.Load() == nil || !slices.Equal(hosts, *p.hosts.Load())) {
		p.hosts.Store(&hosts)
	}
	cert, err := readPair(p.Cert, p.Key)
	if err != nil {
		words := err.Error()
		p.problem.Store(&words)
		return err
	}
	p.current.Store(cert)
	p.problem.Store(nil) // last: who sees none relies on a certificate
	return nil
}

// follow reads the files again if they changed, and as long as something is
// wrong with them: a key that has not come yet, a right to read them that is
// given later. What is wrong is told once.
func (p *pair) follow() (changed bool, err error) {
	was := p.problem.Load()
	if seen, err := p.stamps(); err == nil && seen.equal(p.seen) && was == nil {
		return false, nil
	}
	if err = p.read(); err != nil && was != nil && *was == err.Error() {
		err = nil
	}
	return p.problem.Load() == nil, err
}

// isFor tells whether the pair is for a host: by the names that were said, else
// by those of its certificate.
func (p *pair) isFor(host string, said []string) bool {
	if list := p.hosts.Load(); len(said) == 0 && list != nil {
		said = *list
	}
	host = strings.Trim(host, "[]") // of an IPv6 address
	return slices.ContainsFunc(said, func(name string) bool {
		return strings.EqualFold(name, host) || isWildcard(name) && strings.EqualFold(name, parent(host))
	})
}

// why says what is wrong with the pair for one of its hosts; "" for nothing.
func (p *pair) why(host string) string {
	if words := p.problem.Load(); words != nil {
		return *words
	}
	leaf := p.current.Load().Leaf // there is one where nothing is wrong
	if host != "*" && leaf.VerifyHostname(strings.Replace(host, "*", "any", 1)) != nil {
		return p.Cert + " is not for " + host
	}
	return ""
}

// maxPEM bounds what is read of a file.
const maxPEM = 1 << 20

func readPair(certPath, keyPath string) (*tls.Certificate, error) {
	certPEM, err := readPEM(certPath)
	if err != nil {
		return nil, err
	}
	keyPEM, err := readPEM(keyPath)
	if err != nil {
		return nil, err
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w", certPath, keyPath, err)
	}
	return &cert, nil
}

func readPEM(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New(path + " is not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err == nil && len(b) > maxPEM {
		err = errors.New(path + " is too large for a certificate")
	}
	return b, err
}

// hostsOf reads the names and addresses that a certificate in a file is for.
func hostsOf(certPath string) ([]string, error) {
	text, err := readPEM(certPath)
	if err != nil {
		return nil, err
	}
	leaf, err := firstCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certPath, err)
	}
	hosts := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	return hosts, nil
}

func firstCertificate(text []byte) (*x509.Certificate, error) {
	list, err := certificates(text)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func certificates(text []byte) (list []*x509.Certificate, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "CERTIFICATE") {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, errors.New("there is no certificate in it")
	}
	return list, nil
}
