package ddns

import (
	"slices"
	"strings"

	"forge.home.arpa/portico/config"
)

// namesOf are the names a table keeps: those it lists, else every host of a
// route in its domain, else every public one that is in no other table's.
func namesOf(table *config.DDNS, c *config.Config) []Name {
	var list []Name
	seen := map[string]bool{}
	add := func(fqdn string) {
		if !seen[fqdn] {
			seen[fqdn] = true
			list = append(list, name(fqdn, table.Domain))
		}
	}
	domain := domainOf(table)
	for _, label := range table.Names {
		add(fullName(label, domain))
	}
	if len(table.Names) > 0 {
		return list
	}
	for _, r := range c.Routes {
		for _, host := range r.Hosts {
			if r.Enabled && (within(host, domain) || domain == "" && config.IsPublic(host) && !claimed(host, c.DDNS)) {
				add(host)
			}
		}
	}
	return list
}

// domainOf is where a table's names are, "" where it does not say.
func domainOf(table *config.DDNS) string {
	switch {
	case table.Domain != "":
		return table.Domain
	case table.Zone != "":
		return table.Zone
	case table.Provider == "duckdns":
		return "duckdns.org"
	}
	return ""
}

// claimed tells a host that a table names as its domain's.
func claimed(host string, tables []*config.DDNS) bool {
	return slices.ContainsFunc(tables, func(t *config.DDNS) bool { return within(host, domainOf(t)) })
}

// fullName puts a label before the domain unless it is there already.
func fullName(label, domain string) string {
	switch {
	case domain == "" || label == domain || strings.HasSuffix(label, "."+domain):
		return label
	case label == "@":
		return domain
	}
	return label + "." + domain
}
