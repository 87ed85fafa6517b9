package config

import (
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
	return err != nil || !tomldoc.Equal(was.guarded(), is.guarded())
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
