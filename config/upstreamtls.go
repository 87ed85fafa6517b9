package config

import (
	"encoding/hex"
	"strings"
)

var upstreamTLSKeys = keys[UpstreamTLS]{
	"verify":      store(oneOf("system", "ca", "pin", "off"), func(t *UpstreamTLS) *string { return &t.Verify }),
	"ca":          store(asFile, func(t *UpstreamTLS) *string { return &t.CA }),
	"pin":         store(parsed(parsePin).like(`^sha256:[0-9A-Fa-f:]{64,}$`), func(t *UpstreamTLS) *[]byte { return &t.Pin }),
	"server_name": store(parsed(hostOrAddress), func(t *UpstreamTLS) *string { return &t.ServerName }),
	"cert":        store(asFile, func(t *UpstreamTLS) *string { return &t.Cert }),
	"key":         store(asFile, func(t *UpstreamTLS) *string { return &t.Key }),
}

// parsePin reads the SHA-256 of a certificate, "sha256:" and 64 hex digits;
// colons between them, as openssl prints, are allowed.
func parsePin(s string) ([]byte, error) {
	digits, ok := strings.CutPrefix(s, "sha256:")
	pin, err := hex.DecodeString(strings.ReplaceAll(digits, ":", ""))
	if !ok || err != nil || len(pin) != 32 {
		return nil, flawed("is not a pin", `"sha256:" and the 64 hex digits of the certificate's SHA-256`)
	}
	return pin, nil
}

// checkUpstreamTLS settles how to verify: as said, else by what is given.
func checkUpstreamTLS(d *decoder, n *node, t *UpstreamTLS) {
	ca, pin := n.Get("ca"), n.Get("pin")
	switch {
	case n.Get("verify") != nil:
	case ca != nil && pin != nil:
		d.at(n, `say verify = "ca" or verify = "pin"`, " has both ca and pin")
		return
	case ca != nil:
		t.Verify = "ca"
	case pin != nil:
		t.Verify = "pin"
	default:
		t.Verify = "system"
	}
	for _, way := range []struct {
		name string
		node *node
	}{{"ca", ca}, {"pin", pin}} {
		switch {
		case t.Verify == "":
		case t.Verify == way.name && !d.said(n, way.name):
			d.at(n, "", " has no %s to verify with", way.name)
		case t.Verify != way.name && way.node != nil:
			d.atKey(way.node, "", " does nothing with verify = %q", t.Verify)
		}
	}
	if t.Verify == "off" {
		d.warn(n.Get("verify"), `"pin" trusts one certificate, whoever signed it`,
			": whoever stands between can read and change everything")
	}
	if d.said(n, "cert") != d.said(n, "key") {
		d.at(n, "", " needs cert and key together")
	}
}
