package config_test

import (
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

// Each text with every line that check prints for it, in order.
var problemTests = []struct{ name, text, want string }{
	{"a network that is too long",
		`
[networks]
vpn = ["10.8.0.0/24", "10.9.0.0/33"]
`, `
2:23: networks.vpn[1]: "10.9.0.0/33" is not a network: prefix length out of range
`},
	{"a slip of the hand",
		`
[route.cctv]
host = "a.test"
to = "http://a"
paht = "/x"
`, `
4:1: unknown key "paht" in route.cctv (did you mean "path"?)
`},
	{"a slip in what a route cannot do without",
		`
[route.cctv]
hots = "a.test"
too = "http://a"
[route.other]
host = "b.test"
too = "http://a"
to = "http://b"
`, `
2:1: unknown key "hots" in route.cctv (did you mean "host"?)
3:1: unknown key "too" in route.cctv (did you mean "to"?)
6:1: unknown key "too" in route.other (did you mean "to"?)
`},
	{"a slip that routes inherit",
		`
[defaults]
hots = "a.test"
[preset.p]
too = "http://a"
[route.a]
use = "p"
[route.b]
redirect = "http://b"
`, `
2:1: unknown key "hots" in defaults (did you mean "host"?)
4:1: unknown key "too" in preset.p (did you mean "to"?)
`},
	{"a slip in what a table cannot do without",
		`
[route.a]
host = "a.test"
to = "https://a"
auth = { user = ["x"] }
upstream_tls = { verify = "ca", cas = "x" }
[route.b]
host = "b.test"
to = "https://a"
upstream_tls = { certs = "x", key = "env" }
rewrite = { matches = "x", to = "y" }
[ddns.a]
provider = "duckdns"
tokn = "x"
`, `
4:10: unknown key "user" in route.a.auth (did you mean "users"?)
5:33: unknown key "cas" in route.a.upstream_tls (did you mean "ca"?)
9:18: unknown key "certs" in route.b.upstream_tls (did you mean "cert"?)
9:37: warning: route.b.upstream_tls.key: "env" cannot be read: no such file or directory
10:13: unknown key "matches" in route.b.rewrite (did you mean "match"?)
13:1: unknown key "tokn" in ddns.a (did you mean "token"?)
`},
	{"labels without a domain",
		`
[ddns.a]
provider = "cloudflare"
token = "env:PATH"
names = ["www.example.com", "nas", "*"]
[ddns.b]
provider = "cloudflare"
token = "env:PATH"
zone = "example.com"
names = ["@", "nas"]
[ddns.c]
provider = "duckdns"
token = "env:PATH"
names = ["nas"]
`, `
4:9: ddns.a.names: "nas" is in no domain (say domain, or write whole names)
`},
	{"other words for everybody",
		`
[networks]
everybody = "10.0.0.0/8"
[route.a]
host = "a.test"
to = "http://a"
allow = ["everybody", "all", "*", "Everyone"]
`, `
2:1: networks.everybody is built in (choose another name)
6:23: route.a.allow[1]: unknown network "all" (did you mean "everybody"?)
6:30: route.a.allow[2]: unknown network "*" (did you mean "everybody"?)
6:35: route.a.allow[3]: unknown network "Everyone" (did you mean "everybody"?)
`},
	{"a table where a list belongs",
		`
[route.grpc]
host = "a.test"
to   = { url = "http://a" }
`, `
3:8: route.grpc.to must be a list, not a table
`},
	{"host is a number",
		`
[route.a]
host = 5
to = "http://a"
`, `
2:8: route.a.host must be a list, not a whole number
`},
	{"unknown root key",
		`
[routes.a]
host = "a.test"
`, `
1:2: unknown key "routes" (did you mean "route"?)
`},
	{"root key of a route",
		`
to = "http://a"
`, `
1:1: unknown key "to" (it belongs in a [route.NAME])
`},
	{"case matters",
		`
[route.a]
HOST = "a.test"
host = "a.test"
to = "http://a"
`, `
2:1: unknown key "HOST" in route.a (did you mean "host"?)
`},
	{"proxy_pass",
		`
[route.a]
server_name = "a.test"
proxy_pass = "http://a"
client_max_body_size = "10m"
`, `
2:1: unknown key "server_name" in route.a (did you mean "host"?)
3:1: unknown key "proxy_pass" in route.a (did you mean "to"?)
4:1: unknown key "client_max_body_size" in route.a (did you mean "max_body"?)
`},
	{"nested name",
		`
[route.www.example.com]
host = "a.test"
to = "http://a"
`, `
1:12: unknown key "example" in route.www (quote the name: [route."www.example.com"])
`},
	{"route without a name",
		`
[route]
host = "a.test"
`, `
2:8: route.host must be a table, not a string (keys stand below a name: [route.NAME])
`},
	{"routes as a list",
		`
[[route]]
host = "a.test"
`, `
1:3: route must be a table, not a list (each has a name: [route.NAME])
`},
	{"no action, no host",
		`
[route.a]
`, `
1:8: route.a has no host (host = "*" is any host)
1:8: route.a has none of to, redirect, respond, files
`},
	{"two actions",
		`
[route.a]
host = "a.test"
to = "http://a"
redirect = "/x"
`, `
4:1: route.a has to and redirect: only one can act (keep one)
`},
	{"three actions",
		`
[route.a]
host = "a.test"
to = "http://a"
redirect = "/x"
respond = { status = 200 }
`, `
4:1: route.a has to and redirect and respond: only one can act (keep one)
`},
	{"preset with two actions",
		`
[preset.p]
to = "http://a"
redirect = "/x"
`, `
3:1: preset.p has to and redirect: only one can act (keep one)
`},
	{"a name in a route", `
[route.a]
name = "photos"
host = "a.test"
to   = "http://a"
`, `
2:1: unknown key "name" in route.a (a name stands in the header, as [route.NAME])
`},
	{"listeners that overlap", `
[server]
http  = [":80", "0.0.0.0:80", "127.0.0.1:81", "[::1]:81", ":82"]
https = ["192.168.1.2:82", "localhost:83"]
admin = "[::]:83"
`, `
2:17: server.http[1]: "0.0.0.0:80" and ":80" of server.http (line 2) take the same port (one of them is enough, or give it another port)
3:10: server.https[0]: "192.168.1.2:82" and ":82" of server.http (line 2) take the same port (one of them is enough, or give it another port)
4:9: server.admin: "[::]:83" and "localhost:83" of server.https (line 3) take the same port (one of them is enough, or give it another port)
`},
	{"no listener", `
[server]
http = []
`, `
2:8: server.http names no address: portico would listen on nothing (without http and https portico listens on :80)
`},
	{"no listener at all", `
[server]
https = []
`, `
2:9: server.https names no address: portico would listen on nothing (without http and https portico listens on :80)
`},
	{"only https listens", `
[server]
http  = []
https = ":443"
`, `
`},
	{"empty host list",
		`
[route.a]
host = []
to = "http://a"
`, `
2:8: route.a.host is an empty list
`},
	{"empty string",
		`
[route.a]
host = ""
to = "http://a"
`, `
2:8: route.a.host is empty
`},
	{"hosts",
		`
[route.a]
host = ["http://a.test/", "a.test:8080", "a.test/x", "a*.test", "*.*.test", "-a.test", "a..test", "a b.test", "1.2.3.256", "A.test", "a.test.", "a/"]
to = "http://a"
`, `
2:9: route.a.host[0]: "http://a.test/" has a scheme in it (write "a.test")
2:27: route.a.host[1]: "a.test:8080" has a port in it (a request's port does not matter: leave ":8080" off "a.test")
2:42: route.a.host[2]: "a.test/x" has a path in it (path is a key of its own)
2:54: route.a.host[3]: "a*.test" has a * in the wrong place (a wildcard is a whole label at the front: *.example.com)
2:65: route.a.host[4]: "*.*.test" has a * in the wrong place (a wildcard is a whole label at the front: *.example.com)
2:77: route.a.host[5]: "-a.test" is not a host name: a label begins or ends with -
2:88: route.a.host[6]: "a..test" is not a host name: a label is empty
2:99: route.a.host[7]: "a b.test" is not a host name: " " is not allowed
2:111: route.a.host[8]: "1.2.3.256" is neither an address nor a host name
2:134: route.a.host[10]: "a.test" is there twice
2:145: route.a.host[11]: "a/" has a slash in it (write "a")
`},
	{"host twice as A-label",
		`
[route.a]
host = ["bücher.test", "xn--bcher-kva.test"]
to = "http://a"
`, `
2:24: route.a.host[1]: "xn--bcher-kva.test" is there twice
`},
	{"paths",
		`
[route.a]
host = "a.test"
path = ["x", "/x*", "/x/*/y", "/a//b", "/a/../b", "/a%2Fb", "/%61", "/a?b", "/ö", "~(", "~", "/%zz", "/a\\b", "/a/..;/b", "/%252e", "/x", "/x"]
to = "http://a"
`, "\n" +
			"3:9: route.a.path[0]: \"x\" does not begin with /\n" +
			"3:14: route.a.path[1]: \"/x*\" has a * in the wrong place (everything below is \"/x/*\")\n" +
			"3:21: route.a.path[2]: \"/x/*/y\" has a * in the wrong place (a * stands at the end, as \"/x/*\"; for more use a regular expression, as \"~^/x/.*/y$\")\n" +
			"3:31: route.a.path[3]: \"/a//b\" has two slashes in a row (requests are judged with one)\n" +
			"3:40: route.a.path[4]: \"/a/../b\" has a . or .. segment (requests are judged without)\n" +
			"3:51: route.a.path[5]: \"/a%2Fb\" has %2F in it (servers read %2F in different ways; portico refuses such requests)\n" +
			"3:61: route.a.path[6]: \"/%61\" escapes a character that needs no escape (write \"/a\")\n" +
			"3:69: route.a.path[7]: \"/a?b\" has a ? in it (a route is chosen by the path alone)\n" +
			"3:77: route.a.path[8]: \"/ö\" has a character that a path escapes (write \"/%C3%B6\")\n" +
			"3:83: route.a.path[9]: \"~(\" is not a regular expression: missing closing ): `(` (the syntax is RE2's)\n" +
			"3:89: route.a.path[10]: \"~\" is an empty regular expression (leave path out for every path)\n" +
			"3:94: route.a.path[11]: \"/%zz\" has a % that begins no escape (write %25)\n" +
			"3:102: route.a.path[12]: \"/a\\\\b\" has a \\ in it (servers read \\ in different ways; portico refuses such requests)\n" +
			"3:111: route.a.path[13]: \"/a/..;/b\" has a . or .. segment (requests are judged without)\n" +
			"3:123: route.a.path[14]: \"/%252e\" is escaped twice (portico refuses such requests)\n" +
			"3:139: route.a.path[16]: \"/x\" is there twice\n"},
	{"methods",
		`
[route.a]
host = "a.test"
methods = ["get", "GET", "TRACE", "G T"]
to = "http://a"
`, `
3:19: route.a.methods[1]: "GET" is there twice
3:26: route.a.methods[2]: "TRACE" is never served (portico answers 405)
3:35: route.a.methods[3]: "G T" is not a method
`},
	{"upstreams",
		`
[route.a]
host = "a.test"
to = ["nas:3000", "http://nas:70000", "http://nas:0", "http://nas/api", "http://nas?x=1", "http://me:geheim@nas", "htp://nas", "ws://nas", "h2c://nas", "http://", "http://[::1", "http://::1", "builtin://who", "http+unix://run/x.sock", "/run/x.sock", "http://nas", "http://nas"]
`, `
3:7: route.a.to[0]: "nas:3000" has no scheme (write "http://nas:3000")
3:19: route.a.to[1]: "http://nas:70000" has a port that is none (ports go from 1 to 65535)
3:39: route.a.to[2]: "http://nas:0" has a port that is none (ports go from 1 to 65535)
3:55: route.a.to[3]: "http://nas/api" has a path in it (strip_prefix and rewrite change paths)
3:73: route.a.to[4]: the value has a query in it (an upstream is a host and a port; rewrite changes URLs)
3:91: route.a.to[5]: the value has a user or password in it (request_headers can set Authorization)
3:115: route.a.to[6]: "htp://nas" has the unknown scheme "htp" (did you mean "http"?)
3:128: route.a.to[7]: "ws://nas" has the unknown scheme "ws" (WebSocket goes over http)
3:140: route.a.to[8]: "h2c://nas" has no port (only http and https have a default)
3:153: route.a.to[9]: "http://" has no host (as "http://192.168.1.20:8081")
3:164: route.a.to[10]: "http://[::1" has no IPv6 address in its brackets
3:179: route.a.to[11]: "http://::1" has more than one colon (an IPv6 address stands in brackets: [2001:db8::1])
3:193: route.a.to[12]: "builtin://who" names a built-in that does not exist (the only one is "builtin://whoami")
3:210: route.a.to[13]: "http+unix://run/x.sock" has no path of a socket (as "http+unix:///run/app.sock", three slashes)
3:236: route.a.to[14]: "/run/x.sock" has no scheme (a socket is "http+unix:///run/x.sock")
3:265: route.a.to[16]: "http://nas" is there twice
`},
	{"upstream tables",
		`
[route.a]
host = "a.test"
to = [{ weight = 2 }, { url = "http://a", weight = 0 }, { url = "http://b", wieght = 1 }, 7]
`, `
3:7: route.a.to[0] has no url
3:52: route.a.to[1].weight: 0 is not between 1 and 1000
3:77: unknown key "wieght" in route.a.to[2] (did you mean "weight"?)
3:91: route.a.to[3] must be a string, not a whole number
`},
	{"mixed protocols",
		`
[route.a]
host = "a.test"
to = ["http://a", "fastcgi://b:9000"]
`, `
3:6: route.a.to: http and fastcgi do not go together (a route speaks one protocol)
`},
	{"only backups",
		`
[route.a]
host = "a.test"
to = [{ url = "http://a", backup = true }]
`, `
3:6: route.a.to: every upstream is a backup
`},
	{"empty to",
		`
[route.a]
host = "a.test"
to = []
`, `
3:6: route.a.to is an empty list
`},
	{"options that do not fit",
		`
[route.a]
host = "a.test"
to = "http://a"
root = "/srv"
fallback = "a"
upstream_tls = { verify = "system" }
status = 301
`, `
4:1: route.a.root does nothing with http (it belongs to fastcgi)
5:1: route.a.fallback does nothing with http (it belongs to memcached)
6:1: route.a.upstream_tls does nothing with http (it belongs to https and grpcs)
7:1: route.a.status does nothing with http (it belongs to redirect)
`},
	{"options of a redirect",
		`
[route.a]
host = "a.test"
redirect = "/x"
status = 200
balance = "ip_hash"
strip_prefix = "/a"
`, `
4:10: route.a.status: 200 is not the status of a redirect (301, 302, 303, 307 or 308)
5:1: route.a.balance does nothing with redirect (it belongs to a route with to)
6:1: route.a.strip_prefix does nothing with redirect (it belongs to a route with to)
`},
	{"health of fastcgi",
		`
[route.a]
host = "a.test"
to = "fastcgi://a:9000"
static = "/"
health = { path = "/x", interval = "1s" }
`, `
5:12: route.a.health.path does not fit fastcgi (it belongs to http, https and h2c)
`},
	{"redirects",
		`
[route.a]
host = "a.test"
redirect = "//evil.test"
[route.b]
host = "b.test"
redirect = "/{uri}"
[route.c]
host = "c.test"
redirect = "https://c.test{url}"
[route.d]
host = "d.test"
redirect = "d.test"
[route.e]
host = "e.test"
redirect = "https:///x"
[route.f]
host = "f.test"
redirect = "https://f.test/{uri"
[route.g]
host = "g.test"
redirect = "/\\evil.test"
`, `
3:12: route.a.redirect: "//evil.test" would begin with //, which leads to another host ({uri} and {path} begin with a slash themselves)
6:12: route.b.redirect: "/{uri}" would begin with //, which leads to another host ({uri} and {path} begin with a slash themselves)
9:12: route.c.redirect: "https://c.test{url}" has the unknown placeholder {url} (known are {uri} {path} {query} {host} {client_ip} {scheme})
12:12: route.d.redirect: "d.test" is not a redirect target (as "https://example.com{uri}" or "/path")
15:12: route.e.redirect: "https:///x" has no host (as "https://example.com{uri}")
18:12: route.f.redirect: "https://f.test/{uri" leaves {uri open
21:12: route.g.redirect: "/\\evil.test" has a character that a URL cannot have (write it as %XX)
`},
	{"values",
		`
[server]
header_timeout = "10"
idle_timeout = 5
max_header = "32"
max_conns = -1
[route.a]
host = "a.test"
to = "http://a"
timeout = { dial = "0s", idle = "-1s", read = "1s" }
max_body = "10m"
rate_limit = { rate = "20" }
max_conns = 1.5
compress = "yes"
balance = "least-conn"
host_header = "a b"
strip_prefix = "/"
`, `
2:18: server.header_timeout: "10" is not a duration (as "10s", "5m" or "1h30m")
3:16: server.idle_timeout must be a string, not a whole number (as "10s", "5m" or "1h30m")
4:14: server.max_header: "32" is not a size (a whole number with B, KB, MB or GB, as "10MB")
5:13: server.max_conns: -1 is not between 0 and 1000000
9:20: route.a.timeout.dial: "0s" is less than 1ms
9:33: route.a.timeout.idle: "-1s" is less than 0s
9:40: unknown key "read" in route.a.timeout
10:12: route.a.max_body: "10m" is not a size (a whole number with B, KB, MB or GB, as "10MB")
11:23: route.a.rate_limit.rate: "20" is not a rate (as "20/s", "5/m" or "100/h")
12:13: route.a.max_conns must be a whole number, not a number
13:12: route.a.compress must be true or false, not a string
14:11: route.a.balance: "least-conn" is not one of round_robin, least_conn, ip_hash, cookie (did you mean "least_conn"?)
15:15: route.a.host_header: "a b" is not a host name: " " is not allowed
16:16: route.a.strip_prefix: "/" takes nothing off
`},
	{"listeners",
		`
[server]
http = ["80", ":80", ":80", "*:81", "localhost", ":0", "::1:80"]
https = ":70000"
admin = ":80"
trusted_proxies = ["10.0.0.0/8", "192.168.1.1", "lan", "vnp"]
`, `
2:9: server.http[0]: "80" is not an address to listen on (write ":80")
2:22: server.http[2]: ":80" is there twice
2:29: server.http[3]: "*:81" is not an address to listen on (write ":81" for every address)
2:37: server.http[4]: "localhost" has no port (write "localhost:80")
2:50: server.http[5]: ":0" has a port that is none (ports go from 1 to 65535)
2:56: server.http[6]: "::1:80" has more than one colon (an IPv6 address stands in brackets: [2001:db8::1])
3:9: server.https: ":70000" has a port that is none (ports go from 1 to 65535)
4:9: server.admin: ":80" is also in server.http
5:20: warning: server.trusted_proxies[0]: "10.0.0.0/8" trusts a whole private network: each machine in it can claim any client address (name the proxy's own address)
5:49: warning: server.trusted_proxies[2]: "lan" trusts a whole private network: each machine in it can claim any client address (name the proxy's own address)
5:56: server.trusted_proxies[3]: unknown network "vnp" (a network, a name of [networks], or everybody, lan, private, home, cloudflare)
`},
	{"networks",
		`
[networks]
lan = ["10.0.0.0/8"]
"10.0.0.1" = ["10.0.0.0/8"]
none = []
named = ["lan"]
one = "10.0.0.1"
zone = "fe80::1%eth0"
[route.a]
host = "a.test"
to = "http://a"
allow = ["10.0.0.300", "on", "lann", "xyz"]
deny = { lan = true }
`, `
2:1: networks.lan is built in (choose another name)
3:1: networks."10.0.0.1" is a name that reads like an address (choose another name)
4:8: networks.none is an empty list
5:10: networks.named[0]: "lan" is not a network (as "10.8.0.0/24"; names stand in allow and deny)
7:8: networks.zone: "fe80::1%eth0" is not a network: it has a zone
11:10: route.a.allow[0]: "10.0.0.300" is not a network: IPv4 field has value >255
11:24: route.a.allow[1]: unknown network "on" (a network, a name of [networks], or everybody, lan, private, home, cloudflare)
11:30: route.a.allow[2]: unknown network "lann" (did you mean "lan"?)
11:38: route.a.allow[3]: unknown network "xyz" (a network, a name of [networks], or everybody, lan, private, home, cloudflare)
12:8: route.a.deny must be a list, not a table
`},
	{"empty allow",
		`
[route.a]
host = "a.test"
to = "http://a"
allow = []
`, `
4:9: warning: route.a.allow is empty: every address may pass (say "everybody" if that is meant)
`},
	{"presets",
		`
[defaults]
use = "famly"
[preset.family]
use = "other"
[preset.other]
rate_limit = { burst = 1 }
[route.a]
host = "a.test"
to = "http://a"
use = ["family", "publc", "family"]
`, `
2:7: defaults.use: there is no preset "famly" (did you mean "family"?)
4:1: preset.family.use cannot stand in a preset (a route may use several)
6:1: preset.other.rate_limit has no rate
10:18: route.a.use[1]: there is no preset "publc"
10:27: route.a.use[2]: "family" is there twice
`},
	{"references",
		`
[route.a]
host = "a.test"
to = "memcached://a:11211"
fallback = "c"
cert = "wildcrd"
[route.b]
host = "b.test"
to = "http://a"
cert = "acme"
[route.c2]
host = "public.example.com"
to = "http://a"
cert = "local"
[cert.wildcard]
cert = "/"
key = "/nonexistent"
[cert.local]
`, `
4:12: route.a.fallback: there is no route "c"
5:8: route.a.cert: there is no certificate "wildcrd" (did you mean "wildcard"?)
9:8: route.b.cert: "acme" needs an [acme] table
13:8: route.c2.cert: the local authority does not sign "public.example.com" (local is for lan, local, home.arpa, internal, test, localhost and private addresses)
15:8: warning: cert.wildcard.cert: "/" cannot be read: is a folder
16:7: warning: cert.wildcard.key: "/nonexistent" cannot be read: no such file or directory
17:7: cert.local has no cert
17:7: cert.local has no key
17:7: cert.local is a reserved name (choose another name)
`},
	{"circle",
		`
[route.a]
host = "a.test"
to = "memcached://a:11211"
fallback = "b"
[route.b]
host = "b.test"
to = "memcached://a:11211"
fallback = "a"
[route.c]
host = "c.test"
to = "memcached://a:11211"
fallback = "a"
`, `
4:12: route.a.fallback: the fallbacks go in a circle: a → b → a
`},
	{"fallback on itself",
		`
[route.a]
host = "a.test"
to = "memcached://a:11211"
fallback = "a"
`, `
4:12: route.a.fallback: the fallbacks go in a circle: a → a
`},
	{"overlap",
		`
[route.a]
host = ["a.test", "b.test"]
to = "http://a"

[route.b]
host = ["b.test", "a.test"]
path = "/*"
methods = "GET"
to = "http://b"

[route.c]
host = "c.test"
methods = ["GET", "POST"]
to = "http://b"

[route.d]
host = "c.test"
methods = ["PUT", "POST"]
to = "http://b"

[route.e]
host = "c.test"
to = "http://b"
`, `
5:8: route.b (line 5) takes the same requests as route.a (line 1): host b.test, path /*, method GET (change a host, a path or the methods)
16:8: route.d (line 16) takes the same requests as route.c (line 11): host c.test, path /*, method POST (change a host, a path or the methods)
21:8: route.e (line 21) takes the same requests as route.c (line 11): host c.test, path /*, method GET (change a host, a path or the methods)
`},
	{"auth",
		`
[route.a]
host = "a.test"
to = "http://a"
auth = { realm = "a\"b", users = ["me:plain", "hunter2", "me:$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "me:$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"] }
[route.b]
host = "b.test"
to = "http://a"
auth = {}
[route.c]
host = "c.test"
to = "http://a"
auth = { file = "testdata/htpasswd", users = ["x"] }
forward_auth = { to = "nas:9091", copy = ["Remote User"] }
`, `
4:18: route.a.auth.realm: "a\"b" cannot be a realm
4:35: route.a.auth.users[0]: the value has no bcrypt hash for "me" (portico password makes a line)
4:47: route.a.auth.users[1]: the value is not NAME:HASH (portico password makes a line)
4:125: route.a.auth.users[3]: "me" is there twice
8:8: route.b.auth has neither users nor file
12:8: route.c.auth has both users and file: keep one
12:17: route.c.auth.file: line 4 of "testdata/htpasswd" has no bcrypt hash for "you" (portico password makes a line)
12:47: route.c.auth.users[0]: the value is not NAME:HASH (portico password makes a line)
13:23: route.c.forward_auth.to: the value is not a URL with http or https
13:43: route.c.forward_auth.copy[0]: "Remote User" is not the name of a header field
`},
	{"headers",
		`
[route.a]
host = "a.test"
to = "http://a"
request_headers = { set = { "Bad Name" = "x", Host = "x", X-A = ["1"], x-b = "1", X-B = "{nope}" }, add = { X-C = ["1", 2] }, remove = ["Connection"], sett = 1 }
response_headers = { set = { X-D = "a\nb" } }
`, `
4:29: route.a.request_headers.set."Bad Name": "Bad Name" is not the name of a header field
4:47: route.a.request_headers.set.Host: "Host" is set by portico alone (host_header sets it)
4:65: route.a.request_headers.set.X-A must be a string, not a list
4:72: route.a.request_headers.set.x-b is there twice (the case of a name does not matter)
4:89: route.a.request_headers.set.X-B: "{nope}" has the unknown placeholder {nope} (known are {uri} {path} {query} {host} {client_ip} {scheme})
4:121: route.a.request_headers.add.X-C[1] must be a string, not a whole number
4:137: route.a.request_headers.remove[0]: "Connection" is set by portico alone
4:152: unknown key "sett" in route.a.request_headers (did you mean "set"?)
5:36: route.a.response_headers.set.X-D: "a\nb" has a control character in it
`},
	{"rewrite",
		`
[route.a]
host = "a.test"
to = "http://a"
rewrite = { match = "(", to = "/x" }
[route.b]
host = "b.test"
to = "http://a"
rewrite = { match = "^/(.*)$", to = "/$1x/$2" }
[route.c]
host = "c.test"
to = "http://a"
rewrite = { to = "/a b" }
`, "\n" +
			"4:21: route.a.rewrite.match: \"(\" is not a regular expression: missing closing ): `(` (the syntax is RE2's)\n" +
			"8:37: route.b.rewrite.to: match has no group $1x (write ${1} where a letter or digit follows)\n" +
			"12:1: route.c.rewrite has no match\n" +
			"12:18: route.c.rewrite.to: \"/a b\" has a character that a request cannot have (write it as %XX)\n"},
	{"answers",
		`
[route.a]
host = "a.test"
respond = { status = 99, type = "text" }
[route.b]
host = "b.test"
respond = { status = 204, body = "x" }
[route.c]
host = "c.test"
files = "/nonexistent"
[route.d]
host = "d.test"
files = { list = true }
`, `
3:22: route.a.respond.status: 99 is not between 200 and 599
3:33: route.a.respond.type: "text" is not a media type (as "text/html; charset=utf-8")
6:34: route.b.respond.body: an answer with status 204 has no body
9:9: warning: route.c.files: "/nonexistent" cannot be read: no such file or directory
12:1: route.d.files has no dir
`},
	{"tls",
		`
[route.a]
host = "a.test"
to = "https://a"
upstream_tls = { verify = "pin", ca = "/nonexistent" }
[route.b]
host = "b.test"
to = "https://a"
upstream_tls = { pin = "sha256:00", cert = "/nonexistent" }
[route.c]
host = "c.test"
to = "https://a"
upstream_tls = { ca = "/etc", pin = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" }
[route.d]
host = "d.test"
to = "https://a"
upstream_tls = { verify = "off" }
`, `
4:16: route.a.upstream_tls has no pin to verify with
4:34: route.a.upstream_tls.ca does nothing with verify = "pin"
4:39: warning: route.a.upstream_tls.ca: "/nonexistent" cannot be read: no such file or directory
8:16: route.b.upstream_tls needs cert and key together
8:24: route.b.upstream_tls.pin: "sha256:00" is not a pin ("sha256:" and the 64 hex digits of the certificate's SHA-256)
8:44: warning: route.b.upstream_tls.cert: "/nonexistent" cannot be read: no such file or directory
12:16: route.c.upstream_tls has both ca and pin (say verify = "ca" or verify = "pin")
12:23: warning: route.c.upstream_tls.ca: "/etc" cannot be read: is a folder
16:27: warning: route.d.upstream_tls.verify: whoever stands between can read and change everything ("pin" trusts one certificate, whoever signed it)
`},
	{"rest of a route",
		`
[route.a]
host = "a.test"
to = "http://a"
health = { expect = ["2xx", "9xx", "399-200", 700], fall = 0, path = "healthz" }
retry = { attempts = "3" }
wake_on_lan = { mac = "00:11" }
maintenance = { on = 1 }
plain_http = "redirct"
enabled = "no"
`, `
4:29: route.a.health.expect[1]: "9xx" is no status (as 200, "2xx" or "200-399")
4:36: route.a.health.expect[2]: "399-200" ends before it begins
4:47: route.a.health.expect[3]: 700 is not between 100 and 599
4:60: route.a.health.fall: 0 is not between 1 and 1000
4:70: route.a.health.path: "healthz" does not begin with /
5:22: route.a.retry.attempts must be a whole number, not a string
6:23: route.a.wake_on_lan.mac: "00:11" is not a MAC address (as "00:11:32:aa:bb:cc")
7:22: route.a.maintenance.on must be true or false, not a whole number
8:14: route.a.plain_http: "redirct" is not one of redirect, serve, refuse (did you mean "redirect"?)
9:11: route.a.enabled must be true or false, not a string
`},
	{"acme",
		`
[acme]
email = "me"
directory = "acme.test"
staging = true
eab = { kid = "x" }
resolver = "a b"
ca = "/nonexistent"
`, `
2:9: acme.email: "me" is not a mail address
3:13: acme.directory: the value is not a URL with http or https
4:11: acme.staging: directory names the authority already (it means the default authority's)
5:1: acme.eab has no key
6:12: acme.resolver: "a b" is not a host name: " " is not allowed
7:6: warning: acme.ca: "/nonexistent" cannot be read: no such file or directory
`},
	{"ddns",
		`
[ddns.a]
provider = "namecheep"
[ddns.b]
provider = "namecheap"
domain = "a_b.test"
names = ["@", "*.x", "a b"]
token = "plain"
url = "https://x.test"
every = "1s"
[ddns.c]
domain = "x.test"
address = "interface:nosuch0"
[ddns.d]
provider = "url"
url = "https://x.test/?ip={ip4}"
address = "fixed:1.2.3.4,5.6.7.8"
sources = ["ftp://x"]
[ddns.e]
provider = "rfc2136"
server = "https://ns.test"
address = "dhcp"
`, `
2:12: ddns.a.provider: "namecheep" is not one of namecheap, dyndns2, duckdns, freedns, desec, cloudflare, digitalocean, gandi, hetzner, porkbun, rfc2136, url, noip, dyn, dynu, inwx, allinkl, changeip, loopia, nowdns, he, strato, selfhost, infomaniak, spdyn, opendns, dnsomatic (did you mean "namecheap"?)
3:7: ddns.b has no password
6:22: ddns.b.names[2]: "a b" is not a host name: " " is not allowed
7:9: warning: ddns.b.token is a secret in plain text: it is also in the history (write "env:NAME" or "file:PATH")
8:1: ddns.b.url does not fit namecheap (it belongs to provider = "url")
9:9: ddns.b.every: "1s" is less than 1m0s
10:7: ddns.c has no provider
12:11: warning: ddns.c.address: this machine has no interface "nosuch0"
13:7: ddns.d has no success
15:7: ddns.d.url: the value has an unknown placeholder (known are {ip} {ip6} {name})
16:11: ddns.d.address: "fixed:1.2.3.4,5.6.7.8" holds two addresses of one family
17:12: ddns.d.sources[0]: the value is not a URL with http or https
20:10: ddns.e.server: "https://ns.test" is a URL (only a host and a port stand here)
21:11: ddns.e.address: "dhcp" is no source of an address ("auto", "router", "interface:eth0", "url:https://…" or "fixed:IP,IP6")
`},
	{"what no answer can show",
		`
[ddns.a]
provider = "url"
url = "https://x.test/?ip={ip}"
success = "~good("
[ddns.b]
provider = "url"
url = "https://x.test/?ip={ip}"
success = "~(good)?"
[ddns.c]
provider = "url"
url = "https://x.test/?ip={ip}"
success = " "
`, `
4:11: ddns.a.success: "~good(" is not a regular expression: missing closing ): ` + "`good(`" + ` (the syntax is RE2's)
8:11: ddns.b.success: "~(good)?" also fits an empty answer (words of the answer, or "~" and a regular expression)
12:11: ddns.c.success: " " also fits an empty answer (words of the answer, or "~" and a regular expression)
`},
	{"ban log alert",
		`
[ban]
on = ["auth_faild"]
after = 0
never = "lna"
[log]
format = "jsn"
keep = -1
size = "1B"
[alert]
url = "nope"
on = "everything"
`, `
2:7: ban.on[0]: "auth_faild" is not one of unmatched_host, auth_failed, bad_request (did you mean "auth_failed"?)
3:9: ban.after: 0 is not between 1 and 1000000
4:9: ban.never: unknown network "lna" (did you mean "lan"?)
6:10: log.format: "jsn" is not one of combined, json (did you mean "json"?)
7:8: log.keep: -1 is not between 0 and 1000
8:8: log.size: "1B" is not between 1KB and 1024GB
10:7: alert.url: the value is not a URL with http or https
11:6: alert.on: "everything" is not one of upstream, certificate, ddns, file, clock, disk, router
`},
	{"secrets",
		`
[acme]
eab = { kid = "x", key = "env:PORTICO_TEST_UNSET" }
[ddns.a]
provider = "duckdns"
token = "hunter2"
[ddns.b]
provider = "duckdns"
token = "file:/nonexistent"
[alert]
url = "https://me:hunter2@ntfy.test/x"
`, `
2:26: warning: acme.eab.key: "env:PORTICO_TEST_UNSET" is not set
5:9: warning: ddns.a.token is a secret in plain text: it is also in the history (write "env:NAME" or "file:PATH")
8:9: warning: ddns.b.token: "file:/nonexistent" cannot be read: no such file or directory
10:7: warning: alert.url is a secret in plain text: it is also in the history (write "env:NAME" or "file:PATH")
`},
	{"star with the client's host",
		`
[route.a]
host = "*"
to = "http://a"
`, `
2:8: warning: route.a: host "*" with host_header "client" lets a visitor choose the Host that the upstream sees (host_header = "upstream" sends the upstream's name)
`},
	{"fastcgi without static",
		`
[route.a]
host = "a.test"
to = "fastcgi://a:9000"
root = "/srv/a"
[route.b]
host = "b.test"
to = "fastcgi://b:9000"
`, `
3:6: warning: route.a: without static style sheets and pictures go to PHP too, or need a route of their own (static is this side's copy of the root)
`},
	{"names",
		`
[route.""]
host = "a.test"
[route."a\u0007b"]
host = "a.test"
[networks]
"a\nb" = "10.0.0.0/8"
`, `
1:8: route: "" is not a name: 1 to 64 bytes that can be printed
3:8: route: "a\ab" is not a name: 1 to 64 bytes that can be printed
6:1: networks: "a\nb" is not a name: 1 to 64 bytes that can be printed
`},
	{"duplicate",
		`
[route.a]
host = "a.test"
to = "http://a"
[route.a]
host = "b.test"
`, `
4:2: table route.a already exists, in line 1
`},
	{"names of other proxies, in the case they have there",
		`
[route.a]
host = "a.test"
grpc_pass = "http://a"
ipAllowList = "lan"
certResolver = "x"
redirectScheme = "https"
entryPoints = "web"
[server]
https_port = 443
`, `
3:1: unknown key "grpc_pass" in route.a (did you mean "to"?)
4:1: unknown key "ipAllowList" in route.a (did you mean "allow"?)
5:1: unknown key "certResolver" in route.a (did you mean "cert"?)
6:1: unknown key "redirectScheme" in route.a (did you mean "plain_http"?)
7:1: unknown key "entryPoints" in route.a (a route is served on every listener of [server])
9:1: unknown key "https_port" in server (did you mean "https"?)
`},
	{"syntax, all of them",
		`
[route.a]
host = 
to = "http://a"
[route.b]
host : "b"
[route.c]
host = "a"
to = "http://c"
`, `
2:8: unexpected character U+000A at start of value
5:6: expected '=' after key
`},
	{"a table defined twice",
		`
[route.a]
host = "a.test"
to = "http://a"
[route.a]
host = "b.test"
`, `
4:2: table route.a already exists, in line 1
`},
	{"a list of tables in a route",
		`
[route.a]
host = "a.test"
[[route.a.to]]
url = "http://a:x"
[[route.a.to]]
weight = 2
`, `
4:7: route.a.to[0].url: "http://a:x" has a port that is none (ports go from 1 to 65535)
5:11: route.a.to[1] has no url
`},
	{"a table of to",
		`
[route.a]
host = "a.test"
[route.a.to]
url = "http://a"
`, `
3:10: route.a.to must be a list, not a table
`},
	{"columns count characters",
		`
[route.a]
host = ["äöü.test", "x y"]
to = "http://a"
`, `
2:21: route.a.host[1]: "x y" is not a host name: " " is not allowed
`},
	{"a byte order mark is no character",
		"\n" +
			"\ufeff[route.a]\n" +
			"hots = \"a.test\"\n", `
2:1: unknown key "hots" in route.a (did you mean "host"?)
`},
	{"tables that are none",
		`
server = 1
acme = []
route = "x"
preset = 1
ban = "on"
networks = []
defaults = true
`, `
1:10: server must be a table, not a whole number
2:8: acme must be a table, not a list
3:9: route must be a table, not a string (each has a name: [route.NAME])
4:10: preset must be a table, not a whole number (each has a name: [preset.NAME])
5:7: ban must be a table, not a string
6:12: networks must be a table, not a list
7:12: defaults must be a table, not true or false
`},
	{"names from nginx",
		`
[route.a]
server_name = "a.test"
location = "/"
proxy_pass = "http://a"
proxy_set_header = "x"
add_header = "x"
client_max_body_size = "1m"
limit_req = 1
auth_basic = "x"
ssl_certificate = "x"
gzip = true
proxy_buffering = false
return = 301
`, `
2:1: unknown key "server_name" in route.a (did you mean "host"?)
3:1: unknown key "location" in route.a (did you mean "path"?)
4:1: unknown key "proxy_pass" in route.a (did you mean "to"?)
5:1: unknown key "proxy_set_header" in route.a (did you mean "request_headers"?)
6:1: unknown key "add_header" in route.a (did you mean "response_headers"?)
7:1: unknown key "client_max_body_size" in route.a (did you mean "max_body"?)
8:1: unknown key "limit_req" in route.a (did you mean "rate_limit"?)
9:1: unknown key "auth_basic" in route.a (did you mean "auth"?)
10:1: unknown key "ssl_certificate" in route.a (did you mean "cert"?)
11:1: unknown key "gzip" in route.a (did you mean "compress"?)
12:1: unknown key "proxy_buffering" in route.a (bodies stream both ways without a key)
13:1: unknown key "return" in route.a (did you mean "redirect"?)
`},
	{"names from HAProxy",
		`
[route.a]
backend = "a"
balance = "leastconn"
maxconn = 1
option = "x"
forwardfor = true
[frontend.a]
bind = ":80"
`, `
1:8: route.a has no host (host = "*" is any host)
2:1: unknown key "backend" in route.a (did you mean "to"?)
3:11: route.a.balance: "leastconn" is not one of round_robin, least_conn, ip_hash, cookie (did you mean "least_conn"?)
4:1: unknown key "maxconn" in route.a (did you mean "max_conns"?)
5:1: unknown key "option" in route.a
6:1: unknown key "forwardfor" in route.a (X-Forwarded-For is sent without a key)
7:2: unknown key "frontend" (did you mean "route"?)
`},
	{"names from Caddy",
		`
[route.a]
reverse_proxy = "a"
handle_path = "/x"
file_server = "/x"
encode = "gzip"
header_up = "x"
lb_policy = "x"
basic_auth = "x"
health_uri = "/x"
`, `
2:1: unknown key "reverse_proxy" in route.a (did you mean "to"?)
3:1: unknown key "handle_path" in route.a (did you mean "strip_prefix"?)
4:1: unknown key "file_server" in route.a (did you mean "files"?)
5:1: unknown key "encode" in route.a (did you mean "compress"?)
6:1: unknown key "header_up" in route.a (did you mean "request_headers"?)
7:1: unknown key "lb_policy" in route.a (did you mean "balance"?)
8:1: unknown key "basic_auth" in route.a (did you mean "auth"?)
9:1: unknown key "health_uri" in route.a (did you mean "health"?)
`},
	{"names from Traefik",
		"\n" +
			"[route.a]\n" +
			"rule = \"Host(`a`)\"\n" +
			"service = \"a\"\n" +
			"middlewares = [\"a\"]\n" +
			"priority = 1\n" +
			"[route.a.upstream_tls]\n" +
			"insecureSkipVerify = true\n" +
			"insecure = true\n" +
			"[entryPoints.web]\n" +
			"address = \":80\"\n", `
2:1: unknown key "rule" in route.a (did you mean "host"?)
3:1: unknown key "service" in route.a (did you mean "to"?)
4:1: unknown key "middlewares" in route.a (did you mean "use"?)
5:1: unknown key "priority" in route.a (the most specific route wins; order does not matter)
7:1: unknown key "insecureSkipVerify" in route.a.upstream_tls (did you mean "verify"?)
8:1: unknown key "insecure" in route.a.upstream_tls (did you mean "verify"?)
9:2: unknown key "entryPoints" (did you mean "server"?)
`},
	{"a key of another table",
		`
[server]
to = "http://a"
listen = ":80"
[route.a]
host = "a.test"
to = "http://a"
trusted_proxies = "10.0.0.1"
`, `
2:1: unknown key "to" in server
3:1: unknown key "listen" in server (did you mean "http"?)
7:1: unknown key "trusted_proxies" in route.a (it belongs in [server])
`},
	{"a preset in a preset's keys",
		`
[preset.www.example]
allow = "lan"
[cert.www.example]
cert = "x"
[ddns.example.com]
provider = "url"
`, `
1:13: unknown key "example" in preset.www (quote the name: [preset."www.example"])
3:11: unknown key "example" in cert.www (quote the name: [cert."www.example"])
5:15: unknown key "com" in ddns.example (quote the name: [ddns."example.com"])
`},
	{"quoted names in paths",
		`
[route."www.example"]
host = 1
to = "http://a"
`, `
2:8: route."www.example".host must be a list, not a whole number
`},
	{"durations as numbers",
		`
[server]
header_timeout = 10
max_header = 32768
[route.a]
host = "a.test"
to = "http://a"
rate_limit = { rate = 20 }
fail_timeout = 1.5
`, `
2:18: server.header_timeout must be a string, not a whole number (as "10s", "5m" or "1h30m")
3:14: server.max_header must be a string, not a whole number (a whole number with B, KB, MB or GB, as "10MB")
7:23: route.a.rate_limit.rate must be a string, not a whole number (as "20/s", "5/m" or "100/h")
8:16: route.a.fail_timeout must be a string, not a number (as "10s", "5m" or "1h30m")
`},
	{"sizes with other units",
		`
[server]
max_header = "32KiB"
[log]
size = "10 MB"
[route.a]
host = "a.test"
to = "http://a"
max_body = "999999999999GB"
`, `
2:14: server.max_header: "32KiB" is not a size (a whole number with B, KB, MB or GB, as "10MB")
4:8: log.size: "10 MB" is not a size (a whole number with B, KB, MB or GB, as "10MB")
8:12: route.a.max_body: "999999999999GB" is too large
`},
	{"whole numbers out of bounds",
		`
[server]
max_conns = 9223372036854775807
[route.a]
host = "a.test"
to = "http://a"
max_fails = -1
[log]
keep = 99999
`, `
2:13: server.max_conns: 9223372036854775807 is not between 0 and 1000000
6:13: route.a.max_fails: -1 is not between 0 and 1000000
8:8: log.keep: 99999 is not between 0 and 1000
`},
	{"a file in the place of a folder",
		`
[route.a]
host = "a.test"
files = "/etc/passwd"
[route.b]
host = "b.test"
to = "fastcgi://b:9000"
static = "/etc/passwd"
`, `
3:9: warning: route.a.files: "/etc/passwd" cannot be read: is not a folder
7:10: warning: route.b.static: "/etc/passwd" cannot be read: is not a folder
`},
	{"certificates that cannot come to be",
		`
[acme]
email = "me@example.com"
[defaults]
cert = "acme"
[route.a]
host = ["www.example.com", "192.168.1.5"]
to = "http://a"
[route.b]
host = "www.example.com"
path = "/b"
to = "http://a"
cert = "none"
[route.c]
host = ["c.example.com", "nas.home.arpa"]
to = "http://a"
cert = "acme"
[route.d]
host = "c.example.com"
path = "/d"
to = "http://a"
cert = "none"
enabled = false
`, `
5:8: warning: route.a: the authority of [acme] does not sign "192.168.1.5" ("local" is for names of the home)
12:8: warning: route.b.cert: "www.example.com" has one certificate, which is "none" here and "acme" in route.a (say the same in both)
16:8: warning: route.c.cert: the authority of [acme] does not sign "nas.home.arpa" ("local" is for names of the home)
`},
	{"an authority of one's own signs what it likes",
		`
[acme]
directory = "https://ca.home.arpa/acme/acme/directory"
[route.a]
host = "nas.home.arpa"
to = "http://a"
cert = "acme"
`, `
`},
	{"unreadable htpasswd lines",
		`
[route.a]
host = "a.test"
to = "http://a"
auth = { file = "testdata/htpasswd" }
`, `
4:17: route.a.auth.file: line 4 of "testdata/htpasswd" has no bcrypt hash for "you" (portico password makes a line)
`},
	{"the same prefix with and without methods in common",
		`
[route.a]
host = "a.test"
path = "/x/*"
methods = "GET"
to = "http://a"
[route.b]
host = "a.test"
path = "/x/*"
methods = "PUT"
to = "http://a"
[route.c]
host = "A.test."
path = ["/y/*", "/x/*"]
methods = ["POST", "get"]
to = "http://a"
`, `
11:8: route.c (line 11) takes the same requests as route.a (line 1): host a.test, path /x/*, method GET (change a host, a path or the methods)
`},
	{"two spellings of one path",
		`
[route.a]
host = "a.test"
path = "/a:b"
to = "http://a"
[route.b]
host = "a.test"
path = "/a%3ab"
to = "http://a"
`, `
5:8: route.b (line 5) takes the same requests as route.a (line 1): host a.test, path /a%3ab, every method (change a host, a path or the methods)
`},
	{"the same regular expression",
		`
[route.a]
host = "a.test"
path = "~^/x"
to = "http://a"
[route.b]
host = "a.test"
path = "~^/x"
to = "http://a"
`, `
5:8: route.b (line 5) takes the same requests as route.a (line 1): host a.test, path ~^/x, every method (change a host, a path or the methods)
`},
	{"overlap by defaults",
		`
[defaults]
host = "a.test"
[route.a]
to = "http://a"
[route.b]
to = "http://b"
`, `
5:8: route.b (line 5) takes the same requests as route.a (line 3): host a.test, path /*, every method (change a host, a path or the methods)
`},
	{"a preset's problem is told once",
		`
[preset.p]
allow = ["nowhere"]
[route.a]
host = "a.test"
to = "http://a"
use = "p"
[route.b]
host = "b.test"
to = "http://b"
use = "p"
`, `
2:10: preset.p.allow[0]: unknown network "nowhere" (a network, a name of [networks], or everybody, lan, private, home, cloudflare)
`},
	{"a long value is cut",
		`
[route.a]
host = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
to = "http://a"
`, `
2:8: route.a.host: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…" is not a host name: longer than 253 bytes
`},
	{"addresses as hosts",
		`
[route.a]
host = ["192.168.1.5", "[fd00::1]", "fd00::1", "*.192.168.1.5"]
to = "http://a"
`, `
2:37: route.a.host[2]: "[fd00::1]" is there twice
2:48: route.a.host[3]: "*.192.168.1.5" is neither an address nor a host name
`},
	{"IPv6 upstreams",
		`
[route.a]
host = "a.test"
to = ["http://[fd00::1]", "http://[fd00::1]:80x", "http://[fe80::1%25eth0]:8080", "http://[fd00::1]x", "http://[1.2.3.4]:80"]
`, `
3:27: route.a.to[1]: "http://[fd00::1]:80x" has a port that is none (ports go from 1 to 65535)
3:83: route.a.to[3]: "http://[fd00::1]x" has something between the address and its port
3:104: route.a.to[4]: "http://[1.2.3.4]:80" has no IPv6 address in its brackets
`},
	{"a password in a URL is not shown",
		`
[route.a]
host = "a.test"
to = ["me:hunter2@nas", "http://me:hunter2@nas:80/x", "http://nas/?token=hunter2"]
forward_auth = { to = "http://me:hunter2@na s" }
[ddns.a]
provider = "duckdns"
token = "env:PORTICO_TEST_UNSET"
server = "ftp://hunter2"
`, `
3:7: route.a.to[0]: the value has no scheme (as "http://192.168.1.20:8081")
3:25: route.a.to[1]: the value has a user or password in it (request_headers can set Authorization)
3:55: route.a.to[2]: the value has a query in it (an upstream is a host and a port; rewrite changes URLs)
4:23: route.a.forward_auth.to: the value is not a URL: invalid character " " in host name
7:9: warning: ddns.a.token: "env:PORTICO_TEST_UNSET" is not set
8:10: ddns.a.server: the value is not a URL with http or https
`},
}

func TestProblems(t *testing.T) {
	for _, test := range problemTests {
		t.Run(test.name, func(t *testing.T) {
			c, ps := config.Parse([]byte(test.text[1:]))
			if got := "\n" + lines(ps); got != test.want {
				t.Errorf("got%s\nwant%s", got, test.want)
			}
			if (c == nil) != (len(ps.Errors()) > 0) {
				t.Errorf("configuration: %v, with errors %v", c != nil, ps.Errors())
			}
		})
	}
}

// lines prints each problem on a line.
func lines(ps config.Problems) string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(p.String() + "\n")
	}
	return b.String()
}
