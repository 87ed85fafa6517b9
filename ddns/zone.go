package ddns

import (
	"net/url"
	"strings"

	"forge.home.arpa/portico/config"
)

// zoneAPI is what the APIs that keep records in zones have in common.
type zoneAPI struct {
	*client
	token string
	zone  string // as configured, "" for the domain
}

func newZoneAPI(c *config.DDNS, cl *client) zoneAPI { return zoneAPI{cl, c.Token.Reveal(), c.Zone} }

// place is the zone of a name and the name's label in it, "@" for itself.
func (z *zoneAPI) place(n Name) (zone, label string) {
	zone = n.Domain
	if z.zone != "" {
		zone = z.zone
	}
	if zone == "" { // the last two labels, as in most zones
		labels, own := strings.Split(n.FQDN, "."), 2
		if within(n.FQDN, "dedyn.io") {
			own = 3
		}
		zone = strings.Join(labels[max(0, len(labels)-own):], ".")
	}
	if n.FQDN == zone {
		return zone, "@"
	}
	return zone, strings.TrimSuffix(n.FQDN, "."+zone)
}

// quoted is a TXT value in the form of a zone file, as most APIs want it.
func quoted(value string) string { return `"` + value + `"` }

// in puts names into a path.
func in(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}
