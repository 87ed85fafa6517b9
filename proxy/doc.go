// Package proxy owns what happens to a request: listeners, matching, guards,
// forwarding, and the record of it. compile.go alone translates config; the
// back rooms do not know it.
package proxy
