package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
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
	case errors.Is(err, fs.ErrNotExist):
		f.Cause, f.Detail = record.CauseUnreachable, "no socket "+addr
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		f.Cause, f.Detail = record.CauseDialTimeout, "no connection in time to "+addr
	default:
		f.Cause, f.Detail = record.CauseUnreachable, fmt.Sprintf("unreachable %s: %v", addr, bare(err))
	}
	return f
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
	return f
}
