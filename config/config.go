// Package config owns the configuration: its typed, checked values, the
// problems of a file, the text a person edits, its history and its place on
// disk. It deliberately does not know what a route does with a request.
//
// A Config and everything it points to is never modified after Parse, so any
// number of goroutines may read it.
package config

import (
	"crypto/sha256"
	"time"
)

// Config is a checked configuration: defaults and presets are applied, names
// are resolved, and every value lies within its bounds.
type Config struct {
	Server   Server
	ACME     *ACME // nil without an [acme] table
	Certs    []*Cert
	DDNS     []*DDNS
	Networks map[string]Network // those of [networks]
	Ban      *Ban               // nil without a [ban] table
	Log      Log
	Alert    *Alert   // nil without an [alert] table
	Routes   []*Route // sorted by name, the disabled ones included
	Presets  []string // the names of [preset.NAME], sorted

	places map[string]Problem // of the addresses of [server], for Refuse
}

// Route finds a route by its name; nil if there is none.
func (c *Config) Route(name string) *Route {
	for _, r := range c.Routes {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// Revision is a configuration together with the text it was read from.
type Revision struct {
	Config   *Config
	Text     []byte
	Sum      [sha256.Size]byte // SHA-256 of Text
	Warnings Problems
	Loaded   time.Time
}

// Preparer is what a change of configuration must pass before it is written.
type Preparer interface {
	// Prepare makes ready what c needs (ports, certificates, compiled routes)
	// and changes nothing that runs. A Refusal says which value of the file it
	// cannot use.
	Prepare(c *Config) (Change, error)
}

// Change is a prepared configuration: exactly one of its methods is called.
type Change interface {
	Commit() // puts the change in force; cannot fail
	Discard()
}
