package config

import (
	"maps"
	"slices"
	"strings"

	"forge.home.arpa/portico/config/tomldoc"
)

// foreign are the names that other proxies use, each with ours; the first that
// the table at hand knows is the hint.
var foreign = map[string][]string{
	"proxy_pass": {"to"}, "reverse_proxy": {"to"}, "fastcgi_pass": {"to"}, "scgi_pass": {"to"},
	"uwsgi_pass": {"to"}, "memcached_pass": {"to"}, "php_fastcgi": {"to"}, "target": {"to"},
	"targets": {"to"}, "dest": {"to"}, "destination": {"to"}, "dial": {"to"}, "address": {"to", "http"},
	"addr": {"to", "http"}, "proxy": {"to", "route"}, "uri": {"url"},
	"upstream": {"to", "route"}, "upstreams": {"to", "route"}, "backend": {"to", "route"},
	"backends": {"to", "route"}, "server": {"to"}, "servers": {"to", "server"}, "service": {"to", "route"},
	"services": {"to", "route"}, "port": {"to", "http"}, "url": {"to"},

	"server_name": {"host"}, "server_names": {"host"}, "hosts": {"host"}, "hostname": {"host"},
	"hostnames": {"host"}, "domain": {"host"}, "domains": {"host", "domain"}, "vhost": {"host"},
	"name": {"names"}, "names": {"host"}, "location": {"path", "route"}, "locations": {"path", "route"},
	"paths": {"path"}, "prefix": {"path"}, "path_prefix": {"path"}, "pathprefix": {"path"},
	"match": {"path"}, "rule": {"host"}, "method": {"methods"},

	"stripprefix": {"strip_prefix"}, "handle_path": {"strip_prefix"}, "uri_strip": {"strip_prefix"},
	"alias": {"files"}, "document_root": {"root"}, "file_server": {"files"}, "static_files": {"files"},
	"return": {"redirect"}, "redir": {"redirect"}, "rewrites": {"rewrite"}, "code": {"status"},

	"client_max_body_size": {"max_body"}, "max_request_body": {"max_body"}, "request_body": {"max_body"},
	"body_limit": {"max_body"}, "proxy_read_timeout": {"timeout"}, "proxy_send_timeout": {"timeout"},
	"proxy_connect_timeout": {"timeout"}, "timeouts": {"timeout"}, "proxy_set_header": {"request_headers"},
	"header_up": {"request_headers"}, "add_header": {"response_headers"}, "header_down": {"response_headers"},
	"header": {"response_headers"}, "headers": {"response_headers"}, "hide_header": {"response_headers"},
	"preserve_host": {"host_header"}, "pass_host_header": {"host_header"}, "http_host": {"host_header"},

	"auth_basic": {"auth"}, "basic_auth": {"auth"}, "basicauth": {"auth"}, "auth_basic_user_file": {"auth"},
	"htpasswd": {"file", "auth"}, "auth_request": {"forward_auth"}, "forwardauth": {"forward_auth"},
	"limit_req": {"rate_limit"}, "ratelimit": {"rate_limit"}, "limit_conn": {"max_conns"},
	"maxconn": {"max_conns"}, "max_connections": {"max_conns"}, "ip_whitelist": {"allow"},
	"whitelist": {"allow"}, "allowlist": {"allow"}, "allow_from": {"allow"}, "blacklist": {"deny"},
	"denylist": {"deny"}, "real_ip_from": {"trusted_proxies"}, "set_real_ip_from": {"trusted_proxies"},

	"gzip": {"compress"}, "encode": {"compress"}, "compression": {"compress"}, "brotli": {"compress"},
	"healthcheck": {"health"}, "health_check": {"health"}, "check": {"health"}, "health_uri": {"health", "path"},
	"lb": {"balance"}, "lb_policy": {"balance"}, "load_balancing": {"balance"}, "least_conn": {"balance"},
	"ip_hash": {"balance"}, "retries": {"retry"}, "retry_attempts": {"retry"},

	"proxy_ssl_verify": {"upstream_tls"}, "insecure_skip_verify": {"verify", "upstream_tls"}, "insecureskipverify": {"verify", "upstream_tls"}, "transport": {"upstream_tls"},
	"tls_insecure_skip_verify": {"upstream_tls"}, "insecure": {"verify", "upstream_tls"},
	"tls": {"cert", "https"}, "ssl": {"cert", "https"}, "ssl_certificate": {"cert"}, "certificate": {"cert"},
	"certificates": {"cert"}, "ssl_certificate_key": {"key"}, "certs": {"cert"}, "force_https": {"plain_http"},
	"https_redirect": {"plain_http"}, "force_ssl": {"plain_http"}, "http_redirect": {"plain_http"},

	"ipallowlist": {"allow"}, "ipwhitelist": {"allow"}, "passhostheader": {"host_header"}, "sticky": {"balance"},
	"certresolver": {"cert"}, "loadbalancer": {"balance"}, "redirectscheme": {"plain_http"}, "grpc_pass": {"to"},
	"keepalive_timeout": {"idle_timeout"}, "http_port": {"http"}, "https_port": {"https"},

	"include": {"use"}, "extends": {"use"}, "inherit": {"use"}, "import": {"use"}, "middlewares": {"use", "preset"},
	"snippet": {"preset"}, "template": {"use", "preset"}, "presets": {"use", "preset"}, "disabled": {"enabled"},
	"disable": {"enabled"}, "enable": {"enabled"}, "active": {"enabled"},

	"listen": {"http"}, "bind": {"http"}, "listeners": {"http"}, "ports": {"http"}, "metrics": {"admin"},
	"entrypoints": {"server"}, "global": {"server"}, "listener": {"server"}, "http": {"server"},
	"https": {"server"}, "frontend": {"route"}, "sites": {"route"}, "vhosts": {"route"}, "default": {"defaults"},
	"letsencrypt": {"acme"}, "dyndns": {"ddns"}, "acls": {"networks"}, "fail2ban": {"ban"},
	"logging": {"log"}, "access_log": {"access", "log"}, "notify": {"alert"}, "alerts": {"alert"},
}

// advice is for the names of what portico does without a key.
var advice = map[string]string{
	"websocket": "WebSocket needs no key", "websockets": "WebSocket needs no key", "upgrade": "WebSocket needs no key",
	"proxy_buffering": "bodies stream both ways without a key", "buffering": "bodies stream both ways without a key",
	"name": "a name stands in the header, as [route.NAME]", "stream": "bodies stream both ways without a key", "flush_interval": "bodies stream both ways without a key",
	"entryPoints": "a route is served on every listener of [server]", "entrypoints": "a route is served on every listener of [server]",
	"email": "it belongs in [acme]", "access_log": "access in [log] names the file", "keepalive_timeout": "idle_timeout in [server]",
	"ssl_certificate_key": "key in [cert.NAME], which cert names",
	"proxy_http_version":  "leave it out", "forwardfor": "X-Forwarded-For is sent without a key",
	"trusted_proxies": "it belongs in [server]", "proxy_protocol": "it belongs in [server]",
	"priority": "the most specific route wins; order does not matter", "order": "the most specific route wins; order does not matter",
}

// unknown notes a key that the table n does not have. The one it stands for, if
// that can be told, is not missed as well.
func (d *decoder) unknown(n *node, name string, known []string) {
	if !d.room(false) {
		return
	}
	kid := n.Get(name)
	hint, ours := keyHint(n, name, known)
	if ours != "" {
		d.misnamed[n] = append(d.misnamed[n], ours)
	}
	message := "unknown key " + quote(name)
	if path := n.Path(); len(path) > 0 {
		message += " in " + path.String()
	}
	d.place(false, kid.KeyPos(), kid.Path().String(), hint, message)
}

// said tells whether a table has a key, be it under a wrong name: that is a
// problem already, and mending it mends this.
func (d *decoder) said(n *node, key string) bool {
	return n.Get(key) != nil || slices.Contains(d.misnamed[n], key)
}

// keyHint helps with a name that is none of those known; ours is the one that
// was meant, "" where that cannot be told.
func keyHint(n *node, name string, known []string) (hint, ours string) {
	if hint := nestedName(n, name); hint != "" {
		return hint, ""
	}
	for _, ours := range foreign[strings.ToLower(name)] {
		if slices.Contains(known, ours) {
			return didYouMean(ours), ours
		}
	}
	if near := nearest(name, known); near != "" {
		return didYouMean(near), near
	}
	return advice[name], ""
}

// families are the tables whose children have names.
var families = []string{"route", "preset", "cert", "ddns"}

// nestedName sees [route.www.example], which TOML reads as a table in a table
// where one route named "www.example" was meant.
func nestedName(n *node, key string) string {
	path := n.Path()
	kid := n.Get(key)
	if len(path) != 2 || kid.Kind() != tomldoc.Table {
		return ""
	}
	family, _ := path[0].(string)
	name, _ := path[1].(string)
	if !slices.Contains(families, family) {
		return ""
	}
	for name += "." + key; len(name) < maxName; name += "." + key {
		keys := kid.Keys()
		if len(keys) != 1 || kid.Get(keys[0]).Kind() != tomldoc.Table {
			break
		}
		key, kid = keys[0], kid.Get(keys[0])
	}
	return "quote the name: [" + tomldoc.Path{family, name}.String() + "]"
}

// meant is the hint for a word that is none of those known.
func (d *decoder) meant(word string, known []string) string {
	if !d.room(false) {
		return ""
	}
	if near := nearest(word, known); near != "" {
		return didYouMean(near)
	}
	return ""
}

// meantNetwork is meant for the name of a network.
func (d *decoder) meantNetwork(word string) string {
	if slices.Contains(likeEverybody, strings.ToLower(word)) {
		return didYouMean(everybody)
	}
	known := slices.Concat(builtinNetworks, slices.Collect(maps.Keys(d.networks)))
	if hint := d.meant(word, known); hint != "" {
		return hint
	}
	return "a network, a name of [networks], or " + strings.Join(builtinNetworks, ", ")
}

func didYouMean(word string) string { return "did you mean " + quote(word) + "?" }

// nearest is the word of known that a slip of the hand would turn into word;
// "" when none is near.
func nearest(word string, known []string) string {
	if len(word) > maxName {
		return ""
	}
	word = strings.ToLower(word)
	best, least := "", 1+min(len(word)/3, 3)
	for _, k := range slices.Sorted(slices.Values(known)) {
		if dist := max(len(k)-len(word), len(word)-len(k)); dist >= least {
			continue
		}
		if dist := distance(word, strings.ToLower(k)); dist < least {
			best, least = k, dist
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap that turn a
// into b (optimal string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
