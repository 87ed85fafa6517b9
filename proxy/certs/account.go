package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io/fs"
	"path/filepath"

	"forge.home.arpa/portico/config/atomicfile"
)

// dir is where what comes from this directory is kept: a certificate of the
// staging authority must not be taken for a real one.
func (i *issuer) dir() string {
	if i.keeper.State == "" {
		return ""
	}
	return filepath.Join(i.keeper.State, "acme", i.authority.short())
}

// kept is where autocert's certificate of the name is kept; "" for nowhere.
func (i *issuer) kept() string {
	if dir := i.dir(); dir != "" {
		return filepath.Join(dir, i.host)
	}
	return ""
}

// short names a directory in paths and in what is remembered.
func (a *Authority) short() string {
	sum := sha256.Sum256([]byte(a.Directory))
	return hex.EncodeToString(sum[:6])
}

// ordersKey is under which the orders are remembered.
func (i *issuer) ordersKey() string { return i.host + " " + i.authority.short() }

// key is under which the attempts are remembered: what one authority refused, or
// refused to one account, says nothing of another.
func (i *issuer) key() string {
	key := i.ordersKey()
	if eab := i.authority.EAB; eab != nil {
		sum := sha256.Sum256(append([]byte(eab.KID+"\x00"), eab.Key...))
		key += "-" + hex.EncodeToString(sum[:6])
	}
	return key
}

const accountName = "account.pem"

// accountKey is shared by all names.
func (i *issuer) accountKey() (*ecdsa.PrivateKey, error) {
	dir := i.dir()
	if dir == "" {
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err := (atomicfile.OS{}).MkdirAll(dir); err != nil {
		return nil, err
	}
	file := atomicfile.New(filepath.Join(dir, accountName))
	text, err := file.Read()
	if errors.Is(err, fs.ErrNotExist) {
		return newAccountKey(file)
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New(file.Path + " is no key")
	}
	return x509.ParseECPrivateKey(block.Bytes)
}

func newAccountKey(file atomicfile.File) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, file.Put(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}
