// Package assets owns the files built into the binary.
package assets

import _ "embed"

// Starter is the configuration that runs where none is found.
//
//go:embed starter.toml
var Starter []byte

// ErrorPage is shown to visitors; {status} and {words} are filled in.
//
//go:embed error.html
var ErrorPage []byte

// MaintenancePage is shown in place of a route in maintenance; {message} is
// filled in.
//
//go:embed maintenance.html
var MaintenancePage []byte

// Reference is the configuration with every key explained and every default
// stated; `portico init` writes it.
//
//go:embed reference.toml
var Reference []byte

// Unit is the systemd unit of the service, with the commands that install it;
// `portico unit` prints it.
//
//go:embed portico.service
var Unit string

// DisplayUnit is what draws the console on the machine's own display, to be laid
// beside Unit.
//
//go:embed portico-display.conf
var DisplayUnit string

// UnitProgram is where both say the program lies.
const UnitProgram = "/usr/local/bin/portico"
