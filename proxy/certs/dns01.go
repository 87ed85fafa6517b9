package certs

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/acme"
)

// What autocert cannot do: proof by a TXT record, for wildcards and for homes
// that nobody can reach.

// orderTime bounds an order, from the record to the certificate.
const orderTime = 5 * time.Minute

// spreadTime is how long a record may take to reach all servers of its zone.
var spreadTime = 2 * time.Minute

func (i *issuer) issueByDNS(ctx context.Context) (*tls.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, orderTime)
	defer cancel()
	client, err := i.client()
	if err != nil {
		return nil, err
	}
	account := &acme.Account{ExternalAccountBinding: i.authority.EAB}
	if i.authority.Email != "" {
		account.Contact = []string{"mailto:" + i.authority.Email}
	}
	if _, err := client.Register(ctx, account, acme.AcceptTOS); err != nil && !errors.Is(err, acme.ErrAccountAlreadyExists) {
		return nil, err
	}
	order, err := client.AuthorizeOrder(ctx, acme.DomainIDs(i.host))
	if err != nil {
		return nil, err
	}
	for _, url := range order.AuthzURLs {
		if err := i.prove(ctx, client, url); err != nil {
			return nil, err
		}
	}
	if order, err = client.WaitOrder(ctx, order.URI); err != nil {
		return nil, err
	}
	return i.collect(ctx, client, order)
}

// prove publishes the record of one authorization and waits for the verdict.
func (i *issuer) prove(ctx context.Context, client *acme.Client, url string) error {
	authz, err := client.GetAuthorization(ctx, url)
	if err != nil || authz.Status == acme.StatusValid {
		return err
	}
	challenge := pick(authz.Challenges, "dns-01")
	if challenge == nil {
		return errors.New("the authority offers no proof by a TXT record")
	}
	value, err := client.DNS01ChallengeRecord(challenge.Token)
	if err != nil {
		return err
	}
	fqdn := challengeName(i.host)
	if err := i.keeper.TXT.AddTXT(ctx, fqdn, value); err != nil {
		return fmt.Errorf("the TXT record %s: %w", fqdn, err)
	}
	defer func() {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTime)
		defer cancel()
		if err := i.keeper.TXT.RemoveTXT(cleanup, fqdn, value); err != nil {
			i.keeper.Log.Warn("a TXT record of a challenge stays behind", "name", fqdn, "error", err)
		}
	}()
	if err := i.awaitTXT(ctx, fqdn, value); err != nil {
		return err
	}
	if _, err := client.Accept(ctx, challenge); err != nil {
		return err
	}
	_, err = client.WaitAuthorization(ctx, url)
	return err
}

func pick(list []*acme.Challenge, kind string) *acme.Challenge {
	for _, c := range list {
		if c.Type == kind {
			return c
		}
	}
	return nil
}

// awaitTXT waits until the zone's servers publish the record: an authority that
// looks too early counts a failure. Where only a resolver on the way can be
// asked, which may remember for an hour that there was no record, the time has
// to do.
func (i *issuer) awaitTXT(ctx context.Context, fqdn, value string) error {
	end := time.Now().Add(spreadTime)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		seen, sure := i.resolver().seesTXT(ctx, fqdn, value)
		switch late := time.Now().After(end); {
		case seen, late && !sure:
			return nil
		case late:
			return fmt.Errorf("the TXT record %s was set, but the zone's servers do not publish it", fqdn)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// collect makes a key, has it certified, and keeps both.
func (i *issuer) collect(ctx context.Context, client *acme.Client, order *acme.Order) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: []string{i.host}}, key)
	if err != nil {
		return nil, err
	}
	chain, _, err := client.CreateCertFromOrder(ctx, order, csr, true)
	if err != nil {
		return nil, err
	}
	text, err := pemOf(key, chain)
	if err != nil {
		return nil, err
	}
	cert, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, fmt.Errorf("the authority's certificate: %w", err)
	}
	i.keep(i.path(), text)
	return &cert, nil
}

func pemOf(key *ecdsa.PrivateKey, chain [][]byte) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := pem.Encode(&b, &pem.Block{Type: "EC PRIVATE KEY", Bytes: der}); err != nil {
		return nil, err
	}
	for _, der := range chain {
		if err := pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// path is where the certificate is kept, beside those of autocert.
func (i *issuer) path() string {
	if dir := i.dir(); dir != "" {
		return filepath.Join(dir, "dns-"+strings.ReplaceAll(i.host, "*", "_")+".pem")
	}
	return ""
}

// restoreByDNS takes the certificate that an earlier run got.
func (i *issuer) restoreByDNS() bool {
	path := i.path()
	if path == "" {
		return false
	}
	text, err := readPEM(path)
	if err != nil {
		return false
	}
	cert, err := tls.X509KeyPair(text, text)
	if err != nil || time.Now().After(cert.Leaf.NotAfter) {
		return false
	}
	i.cert.Store(&cert)
	return true
}

// renewByDNS renews what a record proved, when it is due.
func (i *issuer) renewByDNS(ctx context.Context) {
	if !i.isDue() {
		return
	}
	if open, err := i.renewalGate(ctx); err == nil {
		i.attempt(ctx, open)
	}
}
