package certs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// pair is a certificate in files, read again when they change: whoever renews
// it need not know of us.
type pair struct {
	Pair
	current atomic.Pointer[tls.Certificate]
	problem atomic.Pointer[string] // why the files' present state is not served
	seen    [2]stamp               // of the files as last read; of the keeper's goroutine
}

// stamp tells one state of a file from another.
type stamp struct {
	at   time.Time
	size int64
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{info.ModTime(), info.Size()}, nil
}

func (p *pair) stamps() (s [2]stamp, err error) {
	for i, path := range [...]string{p.Cert, p.Key} {
		if s[i], err = stampOf(path); err != nil {
			return s, err
		}
	}
	return s, nil
}

// read takes the files as they are.
func (p *pair) read() error {
	p.seen, _ = p.stamps() // one that is not there is named by readPair
	cert, err := readPair(p.Cert, p.Key)
	if err != nil {
		words := err.Error()
		p.problem.Store(&words)
		return err
	}
	p.problem.Store(nil)
	p.current.Store(cert)
	return nil
}

// follow reads the files again if they changed. Half a change, a certificate
// whose key has not come yet, is looked at again with the next one.
func (p *pair) follow() (changed bool, err error) {
	seen, err := p.stamps()
	if err != nil || seen == p.seen {
		return false, nil // a file that is being replaced may be away for a moment
	}
	return true, p.read()
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

// HostsOf reads the names that a certificate in a file is for.
func HostsOf(certPath string) ([]string, error) {
	text, err := readPEM(certPath)
	if err != nil {
		return nil, err
	}
	leaf, err := firstCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certPath, err)
	}
	return leaf.DNSNames, nil
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
