package config

import (
	"slices"
	"strings"

	"forge.home.arpa/portico/config/tomldoc"
)

// An edit of these keys can shut out whoever makes it: the console may be
// reached through a listener, a name or a certificate that it takes away.
var (
	guardedTables = []string{"server", "acme", "cert"}
	guardedKeys   = []string{"cert", "plain_http"} // of routes, presets and defaults
)

// needsConfirming tells whether an edit touches listeners, TLS or certificates.
func needsConfirming(before, after []byte) bool {
	was, err := newFile(before)
	if err != nil {
		return true
	}
	is, err := newFile(after)
	return err != nil || !tomldoc.Equal(was.guarded(), is.guarded()) || movesGuarded(before, after)
}

// movesGuarded tells whether a route has another cert or plain_http now, be it
// from another preset.
func movesGuarded(before, after []byte) bool {
	was, _ := Parse(before)
	is, _ := Parse(after)
	if was == nil || is == nil {
		return false // what cannot run has no values
	}
	return slices.ContainsFunc(is.Routes, func(r *Route) bool {
		old := was.Route(r.Name)
		return old != nil && (old.Cert != r.Cert || old.PlainHTTP != r.PlainHTTP)
	})
}

func (f *File) guarded() map[string]any {
	values := map[string]any{}
	for _, name := range guardedTables {
		values[name] = f.Value(name)
	}
	for _, table := range f.routeTables() {
		for _, key := range guardedKeys {
			if v := f.Value(append(table, key)...); v != nil {
				values[strings.Join(table, "\x00")+"\x00"+key] = v
			}
		}
	}
	return values
}
