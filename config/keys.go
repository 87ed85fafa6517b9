package config

import (
	"maps"
	"slices"
	"time"
)

// most bounds counts that no home comes near.
const most = 1_000_000

var rootKeys = []string{"server", "acme", "cert", "ddns", "networks", "defaults", "preset", "ban", "log", "alert", "route"}

// config reads the whole text. What others refer to is read first.
func (d *decoder) config(root *node) *Config {
	for _, name := range root.Keys() {
		if slices.Contains(rootKeys, name) {
			continue
		}
		if _, known := routeKeys[name]; known && d.room(false) {
			d.place(false, root.Get(name).KeyPos(), name, "it belongs in a [route.NAME]", "unknown key "+quote(name))
			continue
		}
		d.unknown(root, name, rootKeys)
	}
	c := defaultConfig()
	d.readNetworks(root)
	d.hasACME = root.Get("acme") != nil
	d.certs, d.routes = children(root, "cert"), children(root, "route")
	d.readTables(root, c)
	d.readPresets(root)
	d.readRoutes(root, c)
	c.Networks, c.Presets = d.networks, slices.Sorted(maps.Keys(d.presets))
	return c
}

// children gives the tables of a family by name, without a word on what is
// wrong with them.
func children(root *node, family string) map[string]*node {
	kids := map[string]*node{}
	if n := root.Get(family); n != nil {
		for _, name := range n.Keys() {
			kids[name] = n.Get(name)
		}
	}
	return kids
}

// readTables reads everything but routes and what they inherit.
func (d *decoder) readTables(root *node, c *Config) {
	d.readServer(root, c)
	if n := root.Get("acme"); n != nil {
		c.ACME, _ = pointer(asACME).read(d, n)
	}
	if n := root.Get("ban"); n != nil {
		c.Ban, _ = pointer(asBan).read(d, n)
	}
	if n := root.Get("log"); n != nil {
		c.Log, _ = asLog.read(d, n)
	}
	if n := root.Get("alert"); n != nil {
		c.Alert, _ = pointer(asAlert).read(d, n)
	}
	d.named(root, "cert", func(name string, n *node) {
		cert, _ := pointer(asCert).read(d, n)
		cert.Name = name
		if slices.Contains(reservedCerts, name) {
			d.atKey(n, "choose another name", " is a reserved name")
		}
		c.Certs = append(c.Certs, cert)
	})
	d.named(root, "ddns", func(name string, n *node) {
		entry, _ := pointer(asDDNS).read(d, n)
		entry.Name = name
		c.DDNS = append(c.DDNS, entry)
	})
}

var asAddress = parsed(parseListen).like(`:[0-9]{1,5}$`)

// asListen reads a list of addresses to listen on.
var asListen = distinct(asAddress, itself)

var serverKeys = keys[Server]{
	"http":  store(asListen, func(s *Server) *[]string { return &s.HTTP }),
	"https": store(asListen, func(s *Server) *[]string { return &s.HTTPS }),
	"admin": store(asAddress, func(s *Server) *string { return &s.Admin }),

	"trusted_proxies": store(list(asTrusted), func(s *Server) *[]Network { return &s.TrustedProxies }),
	"proxy_protocol":  store(asNetworks, func(s *Server) *[]Network { return &s.ProxyProtocol }),
	"header_timeout":  store(atLeast(time.Millisecond), func(s *Server) *time.Duration { return &s.HeaderTimeout }),
	"idle_timeout":    store(atLeast(time.Millisecond), func(s *Server) *time.Duration { return &s.IdleTimeout }),
	"max_header":      store(sizeIn(KB, 16*MB), func(s *Server) *Size { return &s.MaxHeader }),
	"max_conns":       store(count(0, most), func(s *Server) *int { return &s.MaxConns }),
	"map_ports":       store(asFlag, func(s *Server) *bool { return &s.MapPorts }),
}

func (d *decoder) readServer(root *node, c *Config) {
	n := d.tableAt(root, "server")
	if n == nil {
		c.Server.HTTP = defaultHTTP
		return
	}
	fill(d, n, serverKeys, &c.Server)
	c.places = placesOf(n)
	if n.Get("http") == nil && n.Get("https") == nil {
		c.Server.HTTP = defaultHTTP
	}
	d.checkListeners(n)
}
