// Package certs owns the certificates: which one a name gets in the handshake,
// and where it comes from: an ACME authority, files, the home's own authority.
// A handshake never waits for any of them.
//
// It does not know routes or the configuration's text: a Plan says which names
// there are. What it needs of the world, the home's addresses and TXT records,
// comes in as interfaces. A Keeper is safe for concurrent use.
package certs

import (
	"strings"

	"golang.org/x/crypto/acme"
)

// Kind is where a name's certificate comes from.
type Kind uint8

const (
	// None is a name that is not served over TLS, though one above it may be.
	None Kind = iota
	// ACME is an authority that proves the name is ours (RFC 8555).
	ACME
	// Local is the home's own authority, for names nobody else can vouch for.
	Local
	// File is a certificate that somebody else looks after.
	File
)

func (k Kind) String() string { return [...]string{"none", "acme", "local", "file"}[k] }

// Want is a name that is served over TLS.
type Want struct {
	Host string // in lower case, an A-label; "*.example.com" for all below
	Kind Kind
	Pair string // of File: its name
	// Usual says that nobody said the kind: a pair that is for the host goes
	// before it.
	Usual bool
}

// Pair is a certificate kept in files.
type Pair struct {
	Name      string
	Cert, Key string   // paths
	Hosts     []string // that it is for; empty where the certificate says it
}

// Authority is an ACME account.
type Authority struct {
	Email     string
	Directory string                       // URL
	CA        string                       // PEM file with the directory's root, "" for the system's
	EAB       *acme.ExternalAccountBinding // nil for none
	Resolver  string                       // host:port asked for our names, "" for their zones' own servers
	Front     bool                         // a relay stands before us
}

// Plan is all that is to be served. Wants are sorted nowhere: names are found
// by map.
type Plan struct {
	Wants     []Want
	Pairs     []Pair
	Authority *Authority // nil for none
}

// isWildcard tells a name for all names below another.
func isWildcard(host string) bool { return strings.HasPrefix(host, "*.") }

// parent is the wildcard that covers a name: one label is taken off (RFC 9525
// section 6.3).
func parent(host string) string {
	_, rest, found := strings.Cut(host, ".")
	if !found {
		return ""
	}
	return "*." + rest
}
