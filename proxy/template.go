package proxy

import (
	"bytes"
	"net/netip"

	"forge.home.arpa/portico/config"
)

// variables are what placeholders stand for in one request.
type variables struct {
	path, query, host []byte
	client            netip.Addr
	scheme            string
}

// expand appends the template with its placeholders filled. No value can carry
// a line end: the parser refuses them in targets and fields.
func expand(dst []byte, t config.Template, v variables) []byte {
	for i := range t {
		switch t[i].Placeholder {
		case "":
			dst = append(dst, t[i].Literal...)
		case "uri":
			dst = append(appendPath(dst, v.path), v.query...)
		case "path":
			dst = append(dst, v.path...)
		case "query":
			if len(v.query) > 0 {
				dst = append(dst, v.query[1:]...)
			}
		case "host":
			dst = append(dst, v.host...)
		case "client_ip":
			dst = v.client.AppendTo(dst)
		case "scheme":
			dst = append(dst, v.scheme...)
		}
	}
	return dst
}

// appendPath appends a path with one slash at its start: "//evil", and "/\\evil"
// which browsers read alike, as a redirect target would name another host. The
// "*" of OPTIONS names no path at all.
func appendPath(dst, path []byte) []byte {
	rest := bytes.TrimLeft(path, `/\`)
	if len(path) == 1 && path[0] == '*' {
		rest = nil
	}
	return append(append(dst, '/'), rest...)
}

// namesHost tells whether a redirect target would be read as another host.
func namesHost(target []byte) bool {
	return len(target) > 0 && target[0] == '\\' ||
		len(target) > 1 && target[0] == '/' && (target[1] == '/' || target[1] == '\\')
}
