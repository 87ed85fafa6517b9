package config

import (
	"maps"
	"slices"
)

var asPreset = reader[string]{readPreset, aWord}

func readPreset(d *decoder, n *node) (string, bool) {
	name, ok := readWord(d, n)
	if _, known := d.presets[name]; ok && !known && !d.mayBeLost("preset") {
		d.bad(n, d.meant(name, keysOf(d.presets)), "there is no preset %s", quote(name))
		return "", false
	}
	return name, ok
}

var asFallback = reader[string]{readFallback, aWord}

func readFallback(d *decoder, n *node) (string, bool) {
	name, ok := readWord(d, n)
	if _, known := d.routes[name]; ok && !known && !d.mayBeLost("route") {
		d.bad(n, d.meant(name, keysOf(d.routes)), "there is no route %s", quote(name))
		return "", false
	}
	return name, ok
}

var asCertName = reader[string]{readCertName, func() schema { return suggestion(reservedCerts) }}

func readCertName(d *decoder, n *node) (string, bool) {
	name, ok := readWord(d, n)
	if _, known := d.certs[name]; ok && !known && !d.mayBeLost("cert") && !slices.Contains(reservedCerts, name) {
		d.bad(n, d.meant(name, slices.Concat(reservedCerts, keysOf(d.certs))), "there is no certificate %s", quote(name))
		return "", false
	}
	return name, ok
}

func keysOf[V any](m map[string]V) []string { return slices.Collect(maps.Keys(m)) }
