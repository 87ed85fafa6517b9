package http1

import (
	"bytes"

	"forge.home.arpa/portico/proxy/message"
)

// responseHead is what an answer's head says to the connection itself.
type responseHead struct {
	options options
	framing framing
	minor   int
}

// parseResponse reads head, a complete head with its empty line, into x, by
// the rules that hold for requests.
func parseResponse(head []byte, x *message.Exchange, h *responseHead, maxFields int) error {
	h.options.reset()
	h.framing = framing{length: -1}
	r := &x.Response
	r.Fields, r.Upgrade = r.Fields[:0], nil
	rest, err := h.statusLine(head, r)
	if err != nil {
		return err
	}
	for n := 0; len(rest) > 2; n++ {
		if n == maxFields {
			return errTooManyFields
		}
		var f message.Field
		if f, rest, err = fieldLine(rest); err != nil {
			return err
		}
		if err = h.field(f, r); err != nil {
			return err
		}
	}
	return h.finish(r)
}

// strangeStart says what an answer is that does not start like one: TLS refuses
// what is no TLS with an alert (RFC 8446 section 5.1).
func strangeStart(data []byte) error {
	const alert, major = 21, 3
	if data[0] == alert && (len(data) == 1 || data[1] == major) {
		return errTLS
	}
	return errStatusLine
}

// startsLikeResponse tells early whether what arrived can become a status line:
// a server that speaks something else may well wait for us to go on.
func startsLikeResponse(b []byte) bool {
	const start = "HTTP/"
	n := min(len(b), len(start))
	return string(b[:n]) == start[:n]
}

// statusLine reads "HTTP/1.1 200 OK"; some servers leave out the words and the
// space before them.
func (h *responseHead) statusLine(b []byte, r *message.Response) (rest []byte, err error) {
	i := bytes.IndexByte(b, '\n')
	line, rest := b[:i-1], b[i+1:]
	if len(line) < 12 || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return nil, errStatusLine
	}
	if version(line[:8], &h.minor) != nil {
		return nil, errStatusLine
	}
	status, ok := decimal(line[9:12])
	if !ok || status < 100 || status > 599 {
		return nil, errStatusLine
	}
	r.Status, r.Reason = int(status), nil
	if len(line) > 13 {
		r.Reason = line[13:]
	}
	if !validValue(r.Reason) {
		return nil, errFieldValue
	}
	return rest, nil
}

func (h *responseHead) field(f message.Field, r *message.Response) error {
	switch f.Known {
	case message.ContentLength:
		return h.framing.readLength(f.Value)
	case message.TransferEncoding:
		return h.framing.readCoding(f.Value)
	case message.Connection:
		return h.options.read(f.Value)
	case message.Upgrade:
		r.Upgrade = f.Value
	case message.KeepAlive, message.ProxyConnection, message.ProxyAuthenticate:
	default:
		r.Fields = append(r.Fields, f)
	}
	return nil
}

func (h *responseHead) finish(r *message.Response) error {
	if err := h.framing.check(h.minor); err != nil {
		return err
	}
	h.options.drop(&r.Fields)
	r.Length = h.framing.length // -1 is Unknown
	return nil
}

// keepAlive tells whether the upstream will take another request.
func (h *responseHead) keepAlive() bool {
	return !h.options.close && (h.minor > 0 || h.options.keepAlive)
}
