package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/message"
	"forge.home.arpa/portico/proxy/record"
)

// Failure is why an upstream gave no (whole) answer: a cause of the closed
// list and its detail for the owner.
type Failure struct {
	Cause  record.Cause
	Detail string
	Err    error

	// Remedy is what upstream_tls has to say, all of it, so that the certificate
	// that was shown is trusted; nil where that is not what is wrong.
	Remedy *TLS
}

func (f *Failure) Error() string { return f.Detail }
func (f *Failure) Unwrap() error { return f.Err }

// dialFailure names the address that was tried, which says more than a name.
func dialFailure(addr string, err error) *Failure {
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		addr = op.Addr.String()
	}
	var dns *net.DNSError
	f := &Failure{Err: err}
	switch {
	case errors.As(err, &dns):
		f.Cause, f.Detail = record.CauseDNS, dnsDetail(dns)
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Cause, f.Detail = record.CauseRefused, "refused "+addr
	case errors.Is(err, syscall.ECONNRESET): // within the handshake: somebody is there
		f.Cause, f.Detail = record.CauseReset, addr+" reset the connection at once"
	case errors.Is(err, fs.ErrNotExist):
		f.Cause, f.Detail = record.CauseUnreachable, "no socket "+addr
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		f.Cause, f.Detail = record.CauseDialTimeout, "no connection in time to "+addr
	default:
		f.Cause, f.Detail = record.CauseUnreachable, fmt.Sprintf("unreachable %s: %v", addr, bare(err))
	}
	return f
}

// handshakeFailure says why there is no TLS with the upstream, and what to write
// where its certificate is not trusted.
func (u *Upstream) handshakeFailure(err error) *Failure {
	f := &Failure{Err: err, Cause: record.CauseProtocol}
	var plain tls.RecordHeaderError
	var file *fileError
	var alert tls.AlertError
	switch {
	case isUntrusted(err):
		c, _ := u.Certificate()
		f.Cause = record.CauseUntrusted
		f.Remedy = u.secured.remedy(&c, err)
		f.Detail = fmt.Sprintf("%s: %s; write %s", u.Addr, c.Refused, f.Remedy)
	case errors.As(err, &file):
		f.Cause, f.Detail = record.CauseUntrusted, fmt.Sprintf("%s: upstream_tls: %v", u.Addr, file)
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		f.Cause, f.Detail = record.CauseTLSTimeout, "no TLS in time with "+u.Addr
	case errors.As(err, &plain):
		f.Detail = u.Addr + " speaks no TLS: write " + u.withoutTLS()
	case errors.Is(err, errNoHTTP2):
		f.Detail = u.Addr + ": " + err.Error()
	case errors.As(err, &alert):
		f.Detail = fmt.Sprintf("%s refuses TLS with us: %v", u.Addr, alert)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		f.Cause, f.Detail = record.CauseReset, u.Addr+" closed the connection within the TLS handshake"
	default:
		f.Detail = fmt.Sprintf("%s: no TLS: %v", u.Addr, bare(err))
	}
	return f
}

// withoutTLS is the upstream's URL with the scheme that does without.
func (u *Upstream) withoutTLS() string {
	_, rest, _ := strings.Cut(u.URL, "://")
	plain := map[string]string{"https": "http", "grpcs": "grpc"}[u.Scheme]
	if u.Network == "unix" {
		plain += "+unix"
	}
	return plain + "://" + rest
}

func dnsDetail(err *net.DNSError) string {
	if err.IsNotFound {
		return "no address for " + err.Name
	}
	return fmt.Sprintf("look-up of %s failed: %s", err.Name, err.Err)
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// bare takes the operation and addresses off an error of package net.
func bare(err error) error {
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		return sys.Err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// Stage is how far an exchange had come.
type Stage uint8

const (
	Sending Stage = iota // the request
	Waiting              // for the head of the answer
	Reading              // its body
)

func (s Stage) String() string {
	return [...]string{"while the request was sent", "before an answer", "within the answer"}[s]
}

// ExchangeFailure classifies what went wrong on an established connection.
func (u *Upstream) ExchangeFailure(stage Stage, err error) *Failure {
	var bad *message.BadResponse
	f := &Failure{Err: err}
	switch {
	case errors.As(err, &bad) && bad.TooLarge:
		f.Cause, f.Detail = record.CauseTooLarge, fmt.Sprintf("%s: %s", u.Addr, bad.Error())
	case errors.As(err, &bad):
		f.Cause, f.Detail = record.CauseProtocol, fmt.Sprintf("%s: %s", u.Addr, bad.Error())
	case http1.IsMalformed(err):
		f.Cause, f.Detail = record.CauseProtocol, fmt.Sprintf("%s: bad answer: %v", u.Addr, err)
	case isTimeout(err) && stage == Reading:
		f.Cause, f.Detail = record.CauseBodyTimeout, u.Addr+" went silent within its answer"
	case isTimeout(err):
		f.Cause, f.Detail = record.CauseHeaderTimeout, u.Addr+" did not answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.Cause, f.Detail = record.CauseReset, fmt.Sprintf("%s closed the connection %s", u.Addr, stage)
	default:
		f.Cause, f.Detail = record.CauseReset, fmt.Sprintf("%s broke off %s: %v", u.Addr, stage, bare(err))
	}
	var hint interface{ Hint() string }
	if errors.As(err, &hint) {
		f.Detail += " (" + hint.Hint() + ")"
	}
	return f
}
