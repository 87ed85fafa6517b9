package config

import (
	"net/netip"
	"regexp"
	"time"
)

// Server is the [server] table.
type Server struct {
	HTTP           []string  // listen addresses, "host:port" or ":port"
	HTTPS          []string  // the same, with TLS
	Admin          string    // listen address of metrics and health, "" for none
	TrustedProxies []Network // peers whose X-Forwarded-* is believed
	ProxyProtocol  []Network // peers that must send a PROXY header
	HeaderTimeout  time.Duration
	IdleTimeout    time.Duration
	MaxHeader      Size
	MaxConns       int  // 0 for no limit
	MapPorts       bool // the router is asked to send its ports 80 and 443 here
}

// Network is one entry of an address list.
type Network struct {
	Name     string         // as written: "lan", "vpn", "10.0.0.0/8"
	Prefixes []netip.Prefix // empty for the built-in names that proxy resolves
}

// Everybody tells whether the network is that of all addresses by name.
func (n Network) Everybody() bool { return n.Name == everybody }

// Builtin tells whether the network is one of those that proxy resolves.
func (n Network) Builtin() bool { return len(n.Prefixes) == 0 }

// ACME is the [acme] table.
type ACME struct {
	Email     string
	Directory string // URL, "" for the default authority
	CA        string // PEM file with the directory's root
	Staging   bool
	EAB       *EAB
	Resolver  string // host:port of a DNS server, "" for the zone's own
	Front     bool   // a relay stands before us: validation may come through it
}

// EAB is an external account binding (RFC 8555 section 7.3.4).
type EAB struct {
	KID string
	Key Secret
}

// Cert is a [cert.NAME] table: a certificate kept in files.
type Cert struct {
	Name      string
	Cert, Key string   // paths
	Hosts     []string // empty: those of the certificate
}

// DDNS is a [ddns.NAME] table.
type DDNS struct {
	Name     string
	Provider string
	Domain   string
	Names    []string // empty: the hosts of the routes in Domain
	Username string
	Password Secret
	Token    Secret
	Key      Secret
	Secret   Secret
	Zone     string
	Server   string // base URL in place of the provider's own
	URL      string // for provider "url"
	Success  string // for provider "url"
	Address  string // "auto", "interface:N", "router", "url:U", "fixed:IP[,IP6]"
	Sources  []string
	Every    time.Duration
}

// Ban is the [ban] table.
type Ban struct {
	On     []string // unmatched_host, auth_failed, bad_request
	After  int
	Within time.Duration
	For    time.Duration
	Never  []Network
}

// Log is the [log] table.
type Log struct {
	Access string // path of the access log, "" for none
	Format string // combined or json
	Keep   int    // rotated files
	Size   Size   // bytes after which the file is rotated
}

// Alert is the [alert] table.
type Alert struct {
	URL Secret
	On  []string
}

// Route is a [route.NAME] table with its presets and the defaults applied. A
// key is taken whole, from the first that has it: the route, the presets in the
// order that use names them, the defaults.
type Route struct {
	Name    string
	Line    int // of its header in the file
	Enabled bool

	Hosts   []string // lower-case A-labels, "*.example.com", "*", or an address, IPv6 in brackets
	Paths   []string // as written, "/x", "/x/*" or "~regexp"; empty for all
	Methods []string // upper case; empty for all

	// Exactly one of these four acts.
	To       []Upstream
	Redirect *Redirect
	Respond  *Respond
	Files    *Files

	StripPrefix string // "" or begins with "/" and does not end with one
	Rewrite     *Rewrite

	FastCGI    *FastCGI
	Memcached  *Memcached
	Balance    string // round_robin, least_conn, ip_hash, cookie
	Health     *Health
	MaxFails   int
	FailTime   time.Duration
	Retry      Retry
	Timeout    Timeout
	TLS        UpstreamTLS
	HostHeader string // "client", "upstream" or a name

	RequestHeaders  HeaderEdit
	ResponseHeaders HeaderEdit

	Allow, Deny []Network
	Auth        *Auth
	ForwardAuth *ForwardAuth
	RateLimit   *RateLimit
	MaxConns    int
	MaxBody     Size
	Compress    bool
	Maintenance *Maintenance
	WakeOnLAN   *WakeOnLAN
	Cert        string // "acme", "local", "none", a [cert.NAME], or "" for the default
	PlainHTTP   string // "redirect", "serve", "refuse", or "" for the default

	Use     []string          // presets, as named by the route or the defaults
	Origins map[string]string // key → "route", "preset NAME" or "defaults"
}

// Upstream is one entry of `to`.
type Upstream struct {
	URL    string // as written
	Scheme string // http, https, h2c, grpc, grpcs, fastcgi, scgi, uwsgi, memcached, builtin
	Addr   string // "host:port", or the path of a unix socket, or the name of a built-in
	Unix   bool   // Addr is a path
	Weight int    // 1 unless said
	Backup bool
}

// Rewrite is { match, to }; To may use $1.
type Rewrite struct {
	Match *regexp.Regexp
	To    string
}

// Redirect answers with a Location.
type Redirect struct {
	To     Template
	Status int
}

// Respond answers with a fixed body.
type Respond struct {
	Status int
	Body   string
	Type   string
}

// Files serves a folder.
type Files struct {
	Dir  string
	List bool
}

// FastCGI holds what only fastcgi upstreams use.
type FastCGI struct {
	Root     string
	Static   string
	Index    []string
	TryFiles []Template
}

// Memcached holds what only memcached upstreams use.
type Memcached struct {
	Key      Template
	Fallback string // the name of a route, "" for none
}

// Health is an active health check; Path "" means a connect.
type Health struct {
	Path     string
	Interval time.Duration
	Timeout  time.Duration
	Expect   []StatusRange
	Fall     int
	Rise     int
}

// StatusRange is an inclusive range of status codes.
type StatusRange struct{ From, To int }

// Retry bounds further attempts.
type Retry struct {
	Attempts int
	Wait     time.Duration
}

// Timeout holds an upstream's deadlines; 0 means none.
type Timeout struct {
	Dial           time.Duration
	ResponseHeader time.Duration
	Idle           time.Duration // between two bytes of a body
}

// UpstreamTLS says how an upstream's certificate is verified.
type UpstreamTLS struct {
	Verify     string // system, ca, pin, off
	CA         string // path
	Pin        []byte // SHA-256 of the certificate
	ServerName string
	Cert, Key  string // paths of our own certificate
}

// HeaderEdit changes fields, in the order remove, set, add.
type HeaderEdit struct {
	Set    []HeaderField // sorted by name
	Add    []HeaderField
	Remove []string
}

// HeaderField is a name and the template of its value.
type HeaderField struct {
	Name  string
	Value Template
}

// Auth is HTTP basic authentication (RFC 7617).
type Auth struct {
	Realm   string
	Users   []User
	File    string // htpasswd, bcrypt lines only
	Forward bool
}

// User is a name with its bcrypt hash.
type User struct{ Name, Hash string }

// ForwardAuth asks another server whether a request may pass.
type ForwardAuth struct {
	To   string
	Copy []string
}

// RateLimit is a rate per client.
type RateLimit struct {
	Rate  Rate
	Burst int
}

// Maintenance answers 503 while On.
type Maintenance struct {
	On         bool
	Message    string
	Allow      []Network
	RetryAfter time.Duration
}

// WakeOnLAN wakes an upstream that is down.
type WakeOnLAN struct {
	MAC  string
	Wait time.Duration
}
