package proxy

import (
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
			dst = append(append(dst, oneSlash(v.path)...), v.query...)
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

// oneSlash takes all but the last of the slashes at the start: "//evil" as a
// redirect target would name another host.
func oneSlash(path []byte) []byte {
	for len(path) > 1 && path[0] == '/' && (path[1] == '/' || path[1] == '\\') {
		path = path[1:]
	}
	return path
}
