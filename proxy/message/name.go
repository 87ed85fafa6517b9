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

// byShape holds the names in lower case by their length and the low bits of
// their first letter, in which both cases agree: few names share both.
var byShape = func() (t [longestName + 1][32][]entry) {
	for n, s := range spelling {
		if len(s) == 0 {
			continue
		}
		low := make([]byte, len(s))
		for i := range s {
			low[i] = lower(s[i])
		}
		shape := &t[len(s)][low[0]&31]
		*shape = append(*shape, entry{string(low), Name(n)})
	}
	return t
}()

type entry struct {
	lower string
	name  Name
}

// Lookup classifies a field name.
func Lookup(name []byte) Name {
	if len(name) == 0 {
		return Other
	}
	if len(name) <= longestName {
		for _, e := range byShape[len(name)][name[0]&31] {
			if same, underscore := compare(name, e.lower); same {
				return disguise(e.name, underscore)
			}
		}
	}
	if len(name) > len(forwardedPrefix) && lower(name[0]) == forwardedPrefix[0] {
		if same, underscore := compare(name[:len(forwardedPrefix)], forwardedPrefix); same {
			return disguise(XForwardedOther, underscore)
		}
	}
	return Other
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

// compare tells whether name is low, which has its length, once '_' is read as
// '-' and no case is made of letters; and whether there was a '_'.
func compare(name []byte, low string) (same, underscore bool) {
	for i, c := range name {
		switch {
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		case c == '_':
			c, underscore = '-', true
		}
		if c != low[i] {
			return false, false
		}
	}
	return true, underscore
}
