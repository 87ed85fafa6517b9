package proxy

import (
	"bytes"

	"forge.home.arpa/portico/proxy/message"
)

// leastCompressed is the shortest body worth it, in bytes: a shorter one fits
// the first packet anyway.
const leastCompressed = 1 << 10

// compress encodes the answer where the client takes it and the upstream left
// it plain. It is off unless a route asks for it: where a page shows both a
// secret and what its visitor sent, its compressed length tells of the secret
// even through TLS (the attack known as BREACH).
//
// The head is the same whatever follows it: HEAD is told what GET would be, and
// a 304 or a part that the whole depends on Accept-Encoding, so that a cache
// does not forget it.
func (v *visit) compress() *compressed {
	r, isHEAD := &v.x.Response, v.x.Request.IsHEAD()
	switch {
	case !varies(r):
		return nil
	case r.Status == 304:
		v.weakenKnown()
		fallthrough
	case r.Status == 206:
		addVary(&r.Fields)
		return nil
	case r.Body == nil && !isHEAD, !compressible(r):
		return nil
	}
	addVary(&r.Fields)
	coding := acceptedCodings(v.x.Request.Fields).coding()
	if coding == "" {
		return nil
	}
	var body *compressed
	if !isHEAD {
		if body = newCompressed(coding, r.Body); body == nil {
			return nil
		}
		r.Body = body
	}
	r.Fields.RemoveFunc(ofPlainBytes)
	r.Fields.Add("Content-Encoding", []byte(coding))
	v.weaken()
	r.Length = message.Unknown
	return body
}

// varies tells whether a page of that kind is sent in one coding or another:
// text that the upstream left plain. What has no end of its own is sent as it
// is: an encoder for each open stream would cost more memory than the line it
// saves.
func varies(r *message.Response) bool {
	kind := r.Fields.Get(message.ContentType)
	unsaid := r.Status == 304 && len(kind) == 0 || r.Status == 206 && hasMediaType(kind, "multipart/byteranges")
	return (unsaid || isText(kind)) && kindOf(r.Fields) == notLive &&
		r.Fields.Find("Content-Encoding") == nil && !listed(r.Fields, "Cache-Control", "no-transform")
}

// compressible tells whether an answer that varies is whole, and worth it.
func compressible(r *message.Response) bool {
	return message.BodyAllowed(r.Status) && r.Fields.Find("Content-Range") == nil &&
		(r.Length == message.Unknown || r.Length >= leastCompressed)
}

// textTypes are those beside text/*, and with the endings +json and +xml.
var textTypes = map[string]bool{
	"application/json": true, "application/javascript": true, "application/xml": true, "application/wasm": true,
	"application/x-javascript": true, "application/toml": true, "application/yaml": true, "application/x-ndjson": true,
	"application/rtf": true, "application/vnd.apple.mpegurl": true, "application/x-yaml": true, "image/bmp": true, "image/x-icon": true,
}

func isText(contentType []byte) bool {
	kind, _, _ := bytes.Cut(contentType, []byte(";"))
	kind = bytes.ToLower(bytes.TrimSpace(kind))
	return bytes.HasPrefix(kind, []byte("text/")) || textTypes[string(kind)] ||
		bytes.HasSuffix(kind, []byte("+json")) || bytes.HasSuffix(kind, []byte("+xml"))
}

// listed tells whether a list, over all fields of that name, has the item.
func listed(fields message.Fields, name, item string) bool {
	for i := range fields {
		if !message.EqualFold(fields[i].Name, name) {
			continue
		}
		for have := range bytes.SplitSeq(fields[i].Value, []byte(",")) {
			if message.EqualFold(bytes.TrimSpace(have), item) {
				return true
			}
		}
	}
	return false
}

// addVary says that the answer depends on what the client accepts, also where
// that is nothing: a cache must not give it to others.
func addVary(fields *message.Fields) {
	if !listed(*fields, "Vary", "Accept-Encoding") && !listed(*fields, "Vary", "*") {
		fields.Add("Vary", []byte("Accept-Encoding"))
	}
}

// ofPlainBytes are the fields that speak of the bytes as they were: sums over
// them, and the offer to send parts, which would be parts of something else.
func ofPlainBytes(f *message.Field) bool {
	for _, name := range [...]string{"Accept-Ranges", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest"} {
		if message.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// weaken makes the ETag weak: the same page has other bytes now (RFC 9110
// section 8.8.1).
func (v *visit) weaken() {
	fields := v.x.Response.Fields
	for i := range fields {
		if f := &fields[i]; message.EqualFold(f.Name, "ETag") && bytes.HasPrefix(f.Value, []byte(`"`)) {
			tag := f.Value
			f.Value = v.x.Make(func(b []byte) []byte { return append(append(b, "W/"...), tag...) })
		}
	}
}

// weakenKnown keeps the ETag of a 304 the one that the client was given: a
// cache renews nothing by a strong one that it does not have (RFC 9111 section
// 4.3.4).
func (v *visit) weakenKnown() {
	tag := v.x.Response.Fields.Find("ETag")
	if len(tag) == 0 || tag[0] != '"' {
		return
	}
	for i := range v.x.Request.Fields {
		f := &v.x.Request.Fields[i]
		if message.EqualFold(f.Name, "If-None-Match") && bytes.Contains(f.Value, append([]byte("W/"), tag...)) {
			v.weaken()
			return
		}
	}
}
