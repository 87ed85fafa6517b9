package message

import "net/netip"

// Script is what a server of the CGI family is told of a request besides what
// HTTP says (RFC 3875). Texts are decoded unless said.
type Script struct {
	URI      []byte         // REQUEST_URI: path and query as the client sent them, escaped
	Name     []byte         // SCRIPT_NAME: where the application is mounted, with its file
	Info     []byte         // PATH_INFO: what follows
	Filename []byte         // SCRIPT_FILENAME; empty for an application that is no file
	Root     []byte         // DOCUMENT_ROOT; empty likewise
	Client   netip.AddrPort // REMOTE_ADDR and REMOTE_PORT; port 0 where it is not known
	Protocol string         // SERVER_PROTOCOL

	// Stderr, where set, takes what the application says of its errors, a line
	// at a time, which is valid during the call and may hold any bytes.
	Stderr func(line []byte)
}
