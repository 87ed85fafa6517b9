package cgi

import (
	"io"
	"net"

	"forge.home.arpa/portico/proxy/message"
)

// PingFastCGI asks a FastCGI server for its limits, as its health check: PHP
// answers once a worker is free. Servers that do not know the question close the
// connection, which tells as much as a connect. The caller sets the deadline;
// the error is the connection's, or a *message.BadResponse.
func PingFastCGI(conn net.Conn) error {
	ask := putFastCGI(nil, "FCGI_MAX_CONNS", nil)
	b := append(appendRecordHead(nil, typeValues, len(ask)), ask...)
	b[3] = 0 // of no request
	if _, err := conn.Write(b); err != nil {
		return err
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		// uWSGI would wait for a request, and keep a worker busy with that.
		if err := half.CloseWrite(); err != nil {
			return err
		}
	}
	var head [recordHead]byte
	switch _, err := io.ReadFull(conn, head[:]); {
	case err == io.EOF:
		return nil
	case err == io.ErrUnexpectedEOF:
	case err != nil:
		return err
	case head[0] == fastCGIVersion && (head[1] == typeValuesResult || head[1] == typeUnknown):
		return nil
	}
	return &message.BadResponse{Why: "it does not speak FastCGI"}
}
