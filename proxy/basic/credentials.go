// Package basic owns HTTP basic authentication (RFC 7617): what Authorization
// says, who the users are, and whether a password is right, at a bounded cost.
// It deliberately does not know routes, answers, or who is banned.
//
// Users never change, everything else is safe for concurrent use.
package basic

import (
	"bytes"
	"encoding/base64"
)

// Read reads the value of an Authorization field: the name cannot hold a colon,
// the password can.
func Read(authorization []byte) (name, password []byte, ok bool) {
	const scheme = "basic "
	if len(authorization) <= len(scheme) || !bytes.EqualFold(authorization[:len(scheme)], []byte(scheme)) {
		return nil, nil, false
	}
	encoded := bytes.TrimLeft(authorization[len(scheme):], " ")
	text := make([]byte, base64.StdEncoding.DecodedLen(len(encoded)))
	n, err := base64.StdEncoding.Strict().Decode(text, encoded)
	if err != nil {
		return nil, nil, false
	}
	return bytes.Cut(text[:n], []byte(":"))
}

// Challenge is the value of WWW-Authenticate. The realm holds neither quotes
// nor backslashes.
func Challenge(realm string) []byte {
	return []byte(`Basic realm="` + realm + `", charset="UTF-8"`)
}
