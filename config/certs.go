package config

import "slices"

// checkCerts warns of certificates that cannot come to be: a host has one,
// whatever its routes say, and the default authority vouches for public names
// only.
func (d *decoder) checkCerts(c *Config, nodes map[*Route]*node) {
	said := map[string]*Route{}
	for _, r := range c.Routes {
		if !r.Enabled || r.Cert == "" {
			continue
		}
		n := nodes[r]
		if i := slices.IndexFunc(r.Hosts, func(h string) bool { return !IsPublic(h) }); i >= 0 && r.Cert == "acme" && c.ACME != nil && c.ACME.Directory == "" {
			d.warnCert(n, `"local" is for names of the home`, ": the authority of [acme] does not sign "+quote(r.Hosts[i]))
		}
		warned := false
		for _, host := range r.Hosts {
			other := said[host]
			switch {
			case other == nil:
				said[host] = r
			case other.Cert != r.Cert && !warned:
				warned = true
				d.warnCert(n, "say the same in both", ": "+quote(host)+" has one certificate, which is "+quote(r.Cert)+" here and "+
					quote(other.Cert)+" in route."+other.Name)
			}
		}
	}
}

// warnCert warns at a route's cert; at the route where it has it from elsewhere.
func (d *decoder) warnCert(n *node, hint, message string) {
	if cert := n.Get("cert"); cert != nil {
		d.warn(cert, hint, "%s", message)
	} else if d.room(true) {
		d.about(true, n, n.KeyPos(), hint, message)
	}
}
