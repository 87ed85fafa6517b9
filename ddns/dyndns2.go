package ddns

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"forge.home.arpa/portico/config"
)

// dual is how a service of the dyndns2 family takes two addresses.
type dual uint8

const (
	commas   dual = iota // both in one parameter
	separate             // a parameter for each
	bothOnly             // a parameter for each, and one left out is lost
	oneByOne             // a request for each
	onlyV4               // none but IPv4
)

// dialect is how a member of the dyndns2 family differs from the others.
type dialect struct {
	host   string
	path   string // "" for /nic/update
	v4, v6 string // parameters, "" for myip
	dual   dual
	loneV6 string // what v4 says where only an IPv6 address is sent
	single bool   // one name a request
}

// family is the services that speak dyndns2, by the provider's name.
var family = map[string]dialect{
	"noip":       {host: "dynupdate.no-ip.com"},
	"dyn":        {host: "members.dyndns.org", path: "/v3/update"},
	"dynu":       {host: "api.dynu.com", v6: "myipv6", dual: separate, loneV6: "no"},
	"inwx":       {host: "dyndns.inwx.com", v6: "myipv6", dual: bothOnly},
	"allinkl":    {host: "dyndns.kasserver.com", path: "/", v6: "myip6", dual: separate},
	"changeip":   {host: "nic.changeip.com", v4: "ip", v6: "ip", dual: oneByOne},
	"loopia":     {host: "dyndns.loopia.se", path: "/", dual: oneByOne},
	"nowdns":     {host: "now-dns.com", path: "/update", dual: oneByOne},
	"he":         {host: "dyn.dns.he.net", dual: oneByOne, single: true},
	"strato":     {host: "dyndns.strato.com"},
	"selfhost":   {host: "carol.selfhost.de", dual: oneByOne},
	"infomaniak": {host: "infomaniak.com", dual: oneByOne},
	"spdyn":      {host: "update.spdyn.de", dual: oneByOne},
	"opendns":    {host: "updates.opendns.com", dual: onlyV4},
	"dnsomatic":  {host: "updates.dnsomatic.com", dual: onlyV4},
}

// maxNames is how many names go into one request.
const maxNames = 20

type dynDNS2 struct {
	*client
	dialect
	user, password string
}

// newDynDNS2 takes the dialect of the service that server names; a stranger's is
// the plain one.
func newDynDNS2(c *config.DDNS, cl *client) provider {
	p := &dynDNS2{client: cl, user: c.Username, password: c.Password.Reveal()}
	if u, err := url.Parse(c.Server); err == nil {
		for _, d := range family {
			if d.host == u.Hostname() {
				p.dialect = d
			}
		}
	}
	return p
}

// newMember takes the dialect of the service that the provider's name names.
func newMember(c *config.DDNS, cl *client) provider {
	return &dynDNS2{client: cl, dialect: family[c.Provider], user: c.Username, password: c.Password.Reveal()}
}

func (p *dynDNS2) takes(a Addresses) Addresses {
	if p.dual == onlyV4 {
		a.V6 = netip.Addr{}
	}
	return a
}

func (p *dynDNS2) publish(ctx context.Context, names []Name, a Addresses) []Reply {
	a = p.takes(a)
	switch {
	case !a.Has():
		return all(names, Reply{Class: Retry, Words: "no IPv4 address to publish: the service takes no other"})
	case p.dual == bothOnly && !a.V4.IsValid():
		return all(names, lossy)
	case p.dual == bothOnly && !a.V6.IsValid():
		return p.withoutV6(ctx, names, a)
	}
	return p.inParts(ctx, names, a)
}

// lossy is what becomes of a name that would lose an address.
var lossy = Reply{Class: Retry, Words: "the service needs an IPv4 and an IPv6 address: it deletes one that is left out"}

// withoutV6 publishes an IPv4 address alone, where the zone has no other that
// would be lost: most homes have none.
func (p *dynDNS2) withoutV6(ctx context.Context, names []Name, a Addresses) []Reply {
	replies := all(names, lossy)
	for i, n := range names {
		if there, err := p.zone(ctx, n); err == nil && !there.V6.IsValid() {
			replies[i] = p.ask(ctx, names[i:i+1], a)[0]
		}
	}
	return replies
}

// inParts asks for as many names at once as the service takes.
func (p *dynDNS2) inParts(ctx context.Context, names []Name, a Addresses) []Reply {
	var replies []Reply
	most := maxNames
	if p.single {
		most = 1
	}
	for some := range slices.Chunk(names, most) {
		replies = append(replies, p.update(ctx, some, a)...)
	}
	return replies
}

func (p *dynDNS2) update(ctx context.Context, names []Name, a Addresses) []Reply {
	if p.dual != oneByOne {
		return p.ask(ctx, names, a)
	}
	replies := all(names, Reply{})
	a.each(func(_ string, addr netip.Addr) {
		for i, r := range p.ask(ctx, names, only(addr)) {
			if replies[i].Words == "" || r.Class > replies[i].Class {
				replies[i] = r
			}
		}
	})
	return replies
}

func only(addr netip.Addr) Addresses {
	if addr.Is4() {
		return Addresses{V4: addr}
	}
	return Addresses{V6: addr}
}

func (p *dynDNS2) ask(ctx context.Context, names []Name, a Addresses) []Reply {
	path := p.path
	if path == "" {
		path = "/nic/update"
	}
	ans, err := p.submit(ctx, p.at("https://"+p.host, path+"?"+p.query(names, a)), func(r *http.Request) {
		r.SetBasicAuth(p.user, p.password)
	})
	if err != nil {
		return all(names, replyOf(err, ""))
	}
	return readDynDNS2(ans, names, a)
}

func (p *dynDNS2) query(names []Name, a Addresses) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = n.FQDN
	}
	// Commas stand as they are: some services do not decode them.
	q := "hostname=" + strings.ReplaceAll(url.QueryEscape(strings.Join(list, ",")), "%2C", ",")
	v4, v6 := orElse(p.v4, "myip"), orElse(p.v6, "myip")
	switch {
	case a.V4.IsValid() && a.V6.IsValid() && v4 == v6:
		return q + "&" + v4 + "=" + a.V4.String() + "," + url.QueryEscape(a.V6.String())
	case a.V4.IsValid():
		q += "&" + v4 + "=" + a.V4.String()
	case p.loneV6 != "":
		q += "&" + v4 + "=" + p.loneV6
	}
	if a.V6.IsValid() {
		q += "&" + v6 + "=" + url.QueryEscape(a.V6.String())
	}
	return q
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// readDynDNS2 reads a line for each name in their order. A single line that
// refuses stands for all: a wrong password is said once.
func readDynDNS2(a *answer, names []Name, sent Addresses) []Reply {
	lines := strings.Split(a.text(), "\n")
	replies := make([]Reply, len(names))
	for i := range names {
		switch {
		case i < len(lines):
			replies[i] = a.readLine(lines[i], sent)
		case len(lines) == 1:
			replies[i] = a.readLine(lines[0], sent)
		}
		if i >= len(lines) && replies[i].Class == OK {
			replies[i] = Reply{Class: Retry, Words: "no reply for this name: " + a.said()}
		}
	}
	return replies
}

// readLine judges by the first word of a line, never by what stands anywhere in
// it.
func (a *answer) readLine(line string, sent Addresses) Reply {
	words := strings.Fields(line)
	if len(words) == 0 {
		return replyOf(statusRefusal(a, ""), "")
	}
	said := a.quote(line)
	switch words[0] {
	case "good":
		switch names := addressesIn(words[1:]); {
		case len(names) == 0 || slices.ContainsFunc(names, sent.has):
		case names[0] == netip.AddrFrom4([4]byte{127, 0, 0, 1}):
			return Reply{Class: Stop, Words: said + " (the service does not serve this client)"}
		default:
			return Reply{Class: Retry, Words: said + " (which is not what was sent)"}
		}
		return replyInStatus(a, said)
	case "nochg":
		return replyInStatus(a, said)
	case "badauth", "badagent", "nohost", "notfqdn", "!yours", "!donator", "!active", "abuse", "numhost", "badsys":
		return Reply{Class: Stop, Words: said}
	case "911", "dnserr":
		return Reply{Class: Wait, Words: said, After: busyWait}
	}
	if a.ok() {
		return Reply{Class: Retry, Words: said}
	}
	return replyOf(statusRefusal(a, ""), "")
}

// addressesIn are those that words hold, alone or with commas between them.
func addressesIn(words []string) (list []netip.Addr) {
	for _, w := range words {
		for part := range strings.SplitSeq(w, ",") {
			if a, err := netip.ParseAddr(part); err == nil {
				list = append(list, a)
			}
		}
	}
	return list
}

// replyInStatus believes a good word only where the status is good too.
func replyInStatus(a *answer, said string) Reply {
	if a.ok() {
		return Reply{Words: said}
	}
	return replyOf(statusRefusal(a, ""), "")
}
