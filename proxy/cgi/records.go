package cgi

import (
	"bytes"
	"fmt"
	"io"

	"forge.home.arpa/portico/proxy/message"
)

// records takes the records of a FastCGI answer apart while their bytes arrive.
type records struct {
	inside  bool // of a record
	kind    byte
	left    int  // of its content
	padding int  // that follows the content
	closed  bool // the end of STDOUT was told
	end     []byte
	stderr  lines
}

// next moves over in, the bytes at hand, to the next ones of STDOUT. It returns
// how many to skip and how many of those that follow are STDOUT's. The error is
// io.EOF once the request has ended, and a *message.BadResponse for what is no
// answer.
func (r *records) next(in []byte) (skip, stdout int, err error) {
	for {
		if !r.inside {
			if len(in)-skip < recordHead {
				return skip, 0, nil
			}
			if err := r.begin(in[skip:]); err != nil {
				return skip, 0, err
			}
			skip += recordHead
		}
		if r.kind == typeStdout && r.left > 0 {
			return skip, min(r.left, len(in)-skip), nil
		}
		n, done, err := r.pass(in[skip:])
		if skip += n; err != nil || !done {
			return skip, 0, err
		}
	}
}

// took notes that n bytes of STDOUT were taken.
func (r *records) took(n int) { r.left -= n }

// begin reads the head of a record.
func (r *records) begin(h []byte) error {
	r.kind, r.left, r.padding = h[1], int(h[4])<<8|int(h[5]), int(h[6])
	id := int(h[2])<<8 | int(h[3])
	r.inside = true
	switch {
	case h[0] != fastCGIVersion:
		return &message.BadResponse{Why: "no FastCGI record"}
	case r.kind == typeUnknown && id == 0: // of no request: about a record we did not send
		return nil
	case id != requestID:
		return &message.BadResponse{Why: fmt.Sprintf("a FastCGI record of request %d, which was not sent", id)}
	case r.kind == typeEnd && r.left < recordHead:
		return &message.BadResponse{Why: "a FastCGI end without its status"}
	case r.kind == typeStdout && r.closed && r.left > 0:
		return &message.BadResponse{Why: "FastCGI output after its end"}
	case r.kind != typeStdout && r.kind != typeStderr && r.kind != typeEnd:
		return &message.BadResponse{Why: fmt.Sprintf("a FastCGI record of the unknown type %d", r.kind)}
	}
	r.closed = r.closed || r.kind == typeStdout && r.left == 0
	r.end = r.end[:0]
	return nil
}

// pass reads on in a record that is not STDOUT's, or in what follows its
// content; done once the record has ended.
func (r *records) pass(in []byte) (n int, done bool, err error) {
	n = min(r.left, len(in))
	switch r.kind {
	case typeStderr:
		r.stderr.write(in[:n])
	case typeEnd:
		r.end = append(r.end, in[:min(n, recordHead-len(r.end))]...)
	}
	if r.left -= n; r.left > 0 {
		return n, false, nil
	}
	skip := min(r.padding, len(in)-n)
	if r.padding -= skip; r.padding > 0 {
		return n + skip, false, nil
	}
	r.inside = false
	if r.kind == typeEnd {
		return n + skip, true, r.ended()
	}
	return n + skip, true, nil
}

// protocolStatus are the ways of a server to refuse, by number.
var protocolStatus = [...]string{1: "the FastCGI server takes one request at a time", 2: "the FastCGI server is overloaded",
	3: "the FastCGI server is no responder"}

// ended reads the end of the request. The application's own status is for
// people: its answer stands.
func (r *records) ended() error {
	r.stderr.flush()
	if app := r.end[:4]; !bytes.Equal(app, make([]byte, 4)) {
		r.stderr.write(fmt.Appendf(nil, "the application ended with status %d\n", uint32(app[0])<<24|uint32(app[1])<<16|uint32(app[2])<<8|uint32(app[3])))
	}
	switch status := int(r.end[4]); {
	case status == 0:
		return io.EOF
	case status < len(protocolStatus):
		return &message.BadResponse{Why: protocolStatus[status]}
	default:
		return &message.BadResponse{Why: fmt.Sprintf("FastCGI protocol status %d", status)}
	}
}
