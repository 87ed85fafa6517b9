// Package assets owns the files built into the binary.
package assets

import _ "embed"

// Starter is the configuration that runs where none is found.
//
//go:embed starter.toml
var Starter []byte
