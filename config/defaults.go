package config

import "time"

// What holds where the file says nothing. assets/reference.toml states the same
// values, and a test compares the two.

func defaultConfig() *Config {
	return &Config{
		Server: Server{HeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeader: 32 * KB},
		Log:    Log{Format: "combined", Keep: 5, Size: 10 * MB},
	}
}

// defaultHTTP is where portico listens when [server] names no address.
var defaultHTTP = []string{":80"}

var (
	defaultDDNS        = DDNS{Address: "auto", Every: 5 * time.Minute}
	defaultBan         = Ban{After: 20, Within: time.Minute, For: time.Hour}
	defaultTimeout     = Timeout{Dial: 5 * time.Second, Idle: 5 * time.Minute}
	defaultHealth      = Health{Interval: 10 * time.Second, Timeout: 5 * time.Second, Expect: []StatusRange{{200, 399}}, Fall: 3, Rise: 2}
	defaultRetry       = Retry{Attempts: 1}
	defaultRedirect    = Redirect{Status: 308}
	defaultRespond     = Respond{Status: 200, Type: "text/plain"}
	defaultAuth        = Auth{Realm: "portico"}
	defaultWakeOnLAN   = WakeOnLAN{Wait: time.Minute}
	defaultUpstreamTLS = UpstreamTLS{Verify: "system"}
	defaultFastCGI     = FastCGI{Index: []string{"index.php"}, TryFiles: defaultTryFiles}
	defaultTryFiles    = []Template{{{Placeholder: "path"}}, {{Placeholder: "path"}, {Literal: "/"}}, {{Literal: "/index.php"}}}
	defaultMemcached   = Memcached{Key: Template{{Placeholder: "host"}, {Placeholder: "uri"}}}
)

func defaultRoute() *Route {
	return &Route{
		Enabled:    true,
		Balance:    "round_robin",
		MaxFails:   3,
		FailTime:   10 * time.Second,
		Timeout:    defaultTimeout,
		TLS:        defaultUpstreamTLS,
		HostHeader: "client",
		Origins:    map[string]string{},
	}
}

// NewRoute makes a route without a name that sends all to one upstream, as if a
// file said nothing else.
func NewRoute(to Upstream) *Route {
	r := defaultRoute()
	r.Hosts, r.To = []string{"*"}, []Upstream{to}
	return r
}
