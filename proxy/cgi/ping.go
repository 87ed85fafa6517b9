package cgi

import (
	"errors"
	"io"
	"net"
	"syscall"

	"forge.home.arpa/portico/proxy/message"
)

// PingFastCGI asks a FastCGI server for its limits, as its health check: PHP
// answers once a worker is free. Any record is an answer: uWSGI, which does not
// know the question, ends a request nobody made. One that closes or resets the
// connection instead has told as much as a connect. The caller sets the
// deadline; the error is the connection's, or a *message.BadResponse.
func PingFastCGI(conn net.Conn) error {
	ask := putFastCGI(nil, "FCGI_MAX_CONNS", nil)
	b := append(appendRecordHead(nil, typeValues, len(ask)), ask...)
	b[3] = 0 // of no request
	if _, err := conn.Write(b); err != nil {
		return hungUp(err)
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		// uWSGI would wait for a request, and keep a worker busy with that.
		if err := half.CloseWrite(); err != nil {
			return hungUp(err)
		}
	}
	var head [recordHead]byte
	switch n, err := io.ReadFull(conn, head[:]); {
	case n == 0 && err != nil:
		return hungUp(err)
	case err != nil && err != io.ErrUnexpectedEOF:
		return err
	case err == nil && head[0] == fastCGIVersion && isAnswer(head[1]):
		return nil
	}
	return &message.BadResponse{Why: "it does not speak FastCGI"}
}

// hungUp forgives what a server does that wants none of the question.
func hungUp(err error) error {
	for _, end := range []error{io.EOF, syscall.ECONNRESET, syscall.EPIPE, syscall.ENOTCONN} {
		if errors.Is(err, end) {
			return nil
		}
	}
	return err
}

// isAnswer tells the types of records that go from the application to us.
func isAnswer(kind byte) bool {
	switch kind {
	case typeEnd, typeStdout, typeStderr, typeValuesResult, typeUnknown:
		return true
	}
	return false
}
