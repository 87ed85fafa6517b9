package message

// Name is a field name that portico treats in a way of its own; all others are
// Other. Reading a field classifies it once, so that guards and rewrites
// compare a byte.
type Name uint8

// The names portico knows.
const (
	Other Name = iota
	Accept
	Authorization
	Connection
	ContentLength
	ContentLocation
	ContentType
	Cookie
	Date
	Destination
	Expect
	Forwarded
	Host
	HTTP2Settings
	KeepAlive
	Location
	ProxyAuthenticate
	ProxyAuthorization
	ProxyConnection
	SetCookie
	TE
	Trailer
	TransferEncoding
	Upgrade
	UserAgent
	XForwardedFor
	XForwardedHost
	XForwardedPort
	XForwardedPrefix
	XForwardedProto
	XForwardedOther // any other X-Forwarded-…
	XRealIP
	XRequestID
	// Disguised is a name that equals one portico sets once '_' is read as '-'.
	// Servers of the CGI family cannot tell the two apart.
	Disguised
	names
)

var spelling = [names][]byte{
	Accept: []byte("Accept"), Authorization: []byte("Authorization"), Connection: []byte("Connection"),
	ContentLength: []byte("Content-Length"), ContentLocation: []byte("Content-Location"),
	ContentType: []byte("Content-Type"), Cookie: []byte("Cookie"), Date: []byte("Date"),
	Destination: []byte("Destination"), Expect: []byte("Expect"), Forwarded: []byte("Forwarded"),
	Host: []byte("Host"), HTTP2Settings: []byte("HTTP2-Settings"), KeepAlive: []byte("Keep-Alive"),
	Location: []byte("Location"), ProxyAuthenticate: []byte("Proxy-Authenticate"),
	ProxyAuthorization: []byte("Proxy-Authorization"), ProxyConnection: []byte("Proxy-Connection"),
	SetCookie: []byte("Set-Cookie"), TE: []byte("TE"), Trailer: []byte("Trailer"),
	TransferEncoding: []byte("Transfer-Encoding"), Upgrade: []byte("Upgrade"), UserAgent: []byte("User-Agent"),
	XForwardedFor: []byte("X-Forwarded-For"), XForwardedHost: []byte("X-Forwarded-Host"),
	XForwardedPort: []byte("X-Forwarded-Port"), XForwardedPrefix: []byte("X-Forwarded-Prefix"),
	XForwardedProto: []byte("X-Forwarded-Proto"), XRealIP: []byte("X-Real-IP"), XRequestID: []byte("X-Request-ID"),
}

// String gives the usual spelling, "" for Other.
func (n Name) String() string { return string(spelling[n]) }

// ours are the names that portico sets or copies: a look-alike with '_' must
// not reach a server that reads it as ours.
var ours = [names]bool{
	Host: true, Connection: true, ContentLength: true, ContentType: true, TransferEncoding: true,
	Authorization: true, Cookie: true, Forwarded: true, XForwardedFor: true, XForwardedHost: true,
	XForwardedPort: true, XForwardedPrefix: true, XForwardedProto: true, XForwardedOther: true,
	XRealIP: true, XRequestID: true,
}

const (
	longestName     = 19 // Proxy-Authorization
	forwardedPrefix = "x-forwarded-"
)

// byLength holds the names of each length in lower case.
var byLength = func() (t [longestName + 1][]entry) {
	for n, s := range spelling {
		if len(s) == 0 {
			continue
		}
		low := make([]byte, len(s))
		for i := range s {
			low[i] = lower(s[i])
		}
		t[len(s)] = append(t[len(s)], entry{string(low), Name(n)})
	}
	return t
}()

type entry struct {
	lower string
	name  Name
}

// Lookup classifies a field name.
func Lookup(name []byte) Name {
	var buf [longestName]byte
	if len(name) <= longestName {
		low := buf[:len(name)]
		underscore := fold(low, name)
		for _, e := range byLength[len(name)] {
			if e.lower == string(low) {
				return disguise(e.name, underscore)
			}
		}
	}
	return lookupPrefix(name, &buf)
}

func lookupPrefix(name []byte, buf *[longestName]byte) Name {
	if len(name) <= len(forwardedPrefix) {
		return Other
	}
	low := buf[:len(forwardedPrefix)]
	underscore := fold(low, name[:len(low)])
	if string(low) != forwardedPrefix {
		return Other
	}
	return disguise(XForwardedOther, underscore)
}

func disguise(n Name, underscore bool) Name {
	switch {
	case !underscore:
		return n
	case ours[n]:
		return Disguised
	}
	return Other
}

// fold writes name to dst in lower case with '_' as '-', and tells whether
// there was a '_'.
func fold(dst, name []byte) (underscore bool) {
	for i, c := range name {
		switch {
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		case c == '_':
			c, underscore = '-', true
		}
		dst[i] = c
	}
	return underscore
}
