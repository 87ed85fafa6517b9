package config

import (
	"maps"
	"slices"
)

func asPreset(d *decoder, n *node) (string, bool) {
	name, ok := asWord(d, n)
	if _, known := d.presets[name]; ok && !known {
		d.bad(n, d.meant(name, keysOf(d.presets)), "there is no preset %s", quote(name))
		return "", false
	}
	return name, ok
}

func asFallback(d *decoder, n *node) (string, bool) {
	name, ok := asWord(d, n)
	if _, known := d.routes[name]; ok && !known {
		d.bad(n, d.meant(name, keysOf(d.routes)), "there is no route %s", quote(name))
		return "", false
	}
	return name, ok
}

func asCertName(d *decoder, n *node) (string, bool) {
	name, ok := asWord(d, n)
	if _, known := d.certs[name]; ok && !known && !slices.Contains(reservedCerts, name) {
		d.bad(n, d.meant(name, slices.Concat(reservedCerts, keysOf(d.certs))), "there is no certificate %s", quote(name))
		return "", false
	}
	return name, ok
}

func keysOf[V any](m map[string]V) []string { return slices.Collect(maps.Keys(m)) }
