package http1

import (
	"strconv"

	"forge.home.arpa/portico/proxy/message"
)

func appendFields(b []byte, fields message.Fields) []byte {
	for i := range fields {
		b = append(b, fields[i].Name...)
		b = append(b, ": "...)
		b = append(b, fields[i].Value...)
		b = append(b, "\r\n"...)
	}
	return b
}

func appendLength(b []byte, n int64) []byte {
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, n, 10)
	return append(b, "\r\n"...)
}

const (
	codingLine    = "Transfer-Encoding: chunked\r\n"
	closeLine     = "Connection: close\r\n"
	keepAliveLine = "Connection: keep-alive\r\n"
	lastChunk     = "0\r\n\r\n"
	// chunkHead is the room for a chunk's size: four hex digits are enough for
	// what fits a buffer.
	chunkHead = len("3fff\r\n")
)

func appendUpgrade(b, protocol []byte) []byte {
	b = append(b, "Connection: upgrade\r\nUpgrade: "...)
	b = append(b, protocol...)
	return append(b, "\r\n"...)
}

func appendStatusLine(b []byte, status int, reason []byte) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	if len(reason) == 0 {
		b = append(b, StatusText(status)...)
	} else {
		b = append(b, reason...)
	}
	return append(b, "\r\n"...)
}

// putChunkHead writes the size of a chunk into the room left before it.
func putChunkHead(room []byte, size int) {
	const hex = "0123456789abcdef"
	for i := 3; i >= 0; i-- {
		room[i] = hex[size&15]
		size >>= 4
	}
	room[4], room[5] = '\r', '\n'
}

// statusText holds the words of RFC 9110 section 15 and of RFC 6585, 8297,
// 4918, 5842.
var statusText = [600]string{
	100: "Continue", 101: "Switching Protocols", 102: "Processing", 103: "Early Hints",
	200: "OK", 201: "Created", 202: "Accepted", 203: "Non-Authoritative Information", 204: "No Content",
	205: "Reset Content", 206: "Partial Content", 207: "Multi-Status",
	300: "Multiple Choices", 301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified",
	307: "Temporary Redirect", 308: "Permanent Redirect",
	400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
	405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
	411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long",
	415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed", 418: "I'm a teapot",
	421: "Misdirected Request", 422: "Unprocessable Content", 423: "Locked", 424: "Failed Dependency",
	425: "Too Early", 426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests",
	431: "Request Header Fields Too Large", 451: "Unavailable For Legal Reasons",
	500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
	504: "Gateway Timeout", 505: "HTTP Version Not Supported", 507: "Insufficient Storage",
	511: "Network Authentication Required",
}

// StatusText returns the usual words of a status, "" where there are none.
func StatusText(status int) string {
	if status < 0 || status >= len(statusText) {
		return ""
	}
	return statusText[status]
}
