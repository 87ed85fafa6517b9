package config

import (
	"net"
	"net/netip"

	"forge.home.arpa/portico/config/tomldoc"
)

// listens is an address of [server] with its place.
type listens struct {
	key, addr string
	node      *node
}

// listenersOf finds the addresses of [server] that can be read.
func listenersOf(server *node) (all []listens) {
	for _, key := range []string{"http", "https", "admin"} {
		n := server.Get(key)
		if n == nil {
			continue
		}
		items := n.Elems()
		if n.Kind() == tomldoc.String {
			items = []*node{n}
		}
		for _, item := range items {
			if addr, err := parseListen(item.Text()); err == nil {
				all = append(all, listens{key, addr, item})
			}
		}
	}
	return all
}

// checkListeners notes listeners that cannot both have their port, and a server
// without any.
func (d *decoder) checkListeners(server *node) {
	ports := map[string]*portTakers{}
	for _, l := range listenersOf(server) {
		_, port, _ := net.SplitHostPort(l.addr)
		if ports[port] == nil {
			ports[port] = &portTakers{same: map[string]*listens{}}
		}
		switch other := ports[port].take(&l); {
		case other == nil:
		case other.addr != l.addr:
			d.bad(l.node, "one of them is enough, or give it another port", "%s and %s of server.%s (line %d) take the same port",
				quote(l.addr), quote(other.addr), other.key, other.node.Pos().Line)
		case other.key != l.key:
			d.bad(l.node, "", "%s is also in server.%s", quote(l.addr), other.key)
		}
	}
	d.listensOnNothing(server)
}

// portTakers are the listeners on one port.
type portTakers struct {
	first *listens
	every *listens // the first on every address, which leaves the port to no other
	same  map[string]*listens
}

// take gives the port to l, or says which listener the system would refuse it
// for.
func (p *portTakers) take(l *listens) (other *listens) {
	host, _, _ := net.SplitHostPort(l.addr)
	addr, err := netip.ParseAddr(host)
	every := host == "" || err == nil && addr.IsUnspecified()
	switch {
	case p.same[l.addr] != nil:
		return p.same[l.addr]
	case p.every != nil:
		other = p.every
	case every:
		other, p.every = p.first, l
	}
	p.same[l.addr] = l
	if p.first == nil {
		p.first = l
	}
	return other
}

// listensOnNothing notes a server that says to listen and not where.
func (d *decoder) listensOnNothing(server *node) {
	var none *node
	for _, key := range []string{"https", "http"} {
		switch n := server.Get(key); {
		case n == nil:
		case n.Kind() != tomldoc.Array || len(n.Elems()) > 0:
			return
		default:
			none = n
		}
	}
	if none != nil {
		d.at(none, "without http and https portico listens on :80", " names no address: portico would listen on nothing")
	}
}
