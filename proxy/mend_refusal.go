package proxy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/network"
	"forge.home.arpa/portico/proxy/record"
)

// refusal is what to do about a guard's word; sent is how long the body was, 0
// where nobody said.
func (c *matter) refusal(sent int64) []Mend {
	switch {
	case c.rule == banRule:
		return c.ban()
	case c.route == nil:
		return nil
	case c.rule == "allow":
		return c.allow()
	case strings.HasPrefix(c.rule, "deny "):
		return []Mend{{Words: fmt.Sprintf("deny of route %s lists %s: take it out there if it should come in", c.route.Name, strings.TrimPrefix(c.rule, "deny "))}}
	case c.rule == maxBodyRule:
		return c.body(sent)
	case c.rule == "plain_http":
		return []Mend{{Words: "the route is served over TLS: ask by https://, or plain_http = \"serve\" lets requests without it in"}}
	}
	return nil
}

func (c *matter) ban() []Mend {
	client := clientOf(c.client)
	until, is := c.server.banBook.Banned(client, time.Now())
	if !is {
		return []Mend{{Words: "its ban is over"}}
	}
	m := Mend{Words: fmt.Sprintf("%s is shut out until %s: lift the ban if it should come in", clientWords(c.client), until.Format(time.DateTime)), Lift: c.client}
	for _, b := range c.server.Bans() {
		if b.Client == client {
			for _, o := range b.Evidence {
				m.Facts = append(m.Facts, o.At.Format(time.TimeOnly)+" "+o.What)
			}
		}
	}
	return []Mend{m}
}

// allow lets a client in that the route's list leaves out: its address, or the
// network it is of. Who speaks for others is not let in: they would come too.
func (c *matter) allow() []Mend {
	set, err := c.server.compiler(c.snap.config).networks(c.route.Allow)
	if err != nil {
		return nil
	}
	switch _, in := set.Contains(c.client); {
	case in:
		return []Mend{{Words: "allow of route " + c.route.Name + " has " + c.client.String() + " now"}}
	case c.server.builtins.IsGateway(c.client):
		return []Mend{{Words: c.client.String() + " is the router, which may speak for everybody outside: let a name of its own or a password in, not its address"}}
	}
	all := []Mend{letIn(c.route, c.client.String())}
	if lan := c.lan(); lan != "" {
		return append(all, letIn(c.route, lan))
	}
	if c.client.Is6() && !c.client.Is4In6() && c.client.IsGlobalUnicast() {
		all = append(all, letIn(c.route, clientOf(c.client).String()))
	}
	return all
}

// lan is the name of this home's own networks where the client is of them.
func (c *matter) lan() string {
	set, err := c.server.compiler(c.snap.config).networks([]config.Network{{Name: network.LAN}})
	if err != nil {
		return ""
	}
	if _, in := set.Contains(c.client); in {
		return network.LAN
	}
	return ""
}

func letIn(r *config.Route, who string) Mend {
	return Mend{
		Words: fmt.Sprintf("allow of route %s has not %s: add it if it should come in", r.Name, who),
		What:  fmt.Sprintf("let %s into route %s", who, r.Name),
		Edit:  func(f *config.File) error { return addTo(f, who, r.Allow, "route", r.Name, "allow") },
	}
}

// addTo adds to a list as it stands in the file by then; where the file has none
// there, to what applies.
func addTo(f *config.File, who string, applies []config.Network, path ...string) error {
	list, own := f.Value(path...).([]any)
	if !own {
		for _, n := range applies {
			list = append(list, n.Name)
		}
	}
	if slices.Contains(list, any(who)) {
		return nil
	}
	return f.Set(append(slices.Clone(list), who), path...)
}

// body raises the limit to what was sent. Where nobody said how long that is,
// to twice the limit.
func (c *matter) body(sent int64) []Mend {
	limit := int64(c.route.MaxBody)
	switch {
	case limit == 0 || sent > 0 && sent <= limit:
		return []Mend{{Words: "max_body of route " + c.route.Name + " lets it through now"}}
	case sent == 0:
		m := raise(c.route, roundSize(2*limit))
		m.Facts = []string{"it came without a length, so nobody knows whether that is enough"}
		return []Mend{m}
	}
	return []Mend{raise(c.route, roundSize(sent))}
}

func raise(r *config.Route, to string) Mend {
	return Mend{
		Words: fmt.Sprintf("max_body of route %s is less than that: raise it to %s", r.Name, to),
		What:  fmt.Sprintf("raise max_body of route %s to %s", r.Name, to),
		Edit:  func(f *config.File) error { return f.Set(to, "route", r.Name, "max_body") },
	}
}

// roundSize is the next power of two from a MB on, as the file says it.
func roundSize(n int64) string {
	size := config.MB
	for int64(size) < n && size < 1<<40 {
		size *= 2
	}
	if size >= config.GB {
		return strconv.FormatInt(int64(size/config.GB), 10) + "GB"
	}
	return strconv.FormatInt(int64(size/config.MB), 10) + "MB"
}

// sentLength is how long a client said its body is, 0 where it did not.
func sentLength(request head) int64 {
	n, err := strconv.ParseInt(request.find("Content-Length"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func (c *matter) unmatched() []Mend {
	switch {
	case c.host == "":
		return nil
	case c.snap.table.Knows([]byte(c.host)):
		return []Mend{{Words: "routes of " + c.host + " have not this path or method: add a route, or give one of them the path", Host: c.host}}
	}
	return []Mend{{Words: "no route has the host " + c.host + ": add one if it is yours", Host: c.host}}
}

// hiddenBy finds that a request came by a proxy whose word on the client was not
// taken. Then what was judged is the proxy's address, and to let that in would
// let everybody in.
func (c *matter) hiddenBy(r *record.Row, request head) ([]Mend, bool) {
	said := request.find("X-Forwarded-For")
	if said == "" || r.Source != record.FromPeer || !passesOn(request) || !byAddress(r.Rule) {
		return nil, false
	}
	if _, ok := c.snap.trusted.Contains(r.Peer); ok {
		return []Mend{{Words: "server.trusted_proxies has " + r.Peer.String() + " now"}}, true
	}
	who := r.Peer.Unmap().String()
	switch {
	case c.server.builtins.IsGateway(r.Peer):
		return nil, false // whoever is behind it may have written that
	case c.server.builtins.IsCloudflare(r.Peer):
		who = network.Cloudflare
	case !r.Peer.IsPrivate() && !r.Peer.IsLoopback():
		return nil, false
	}
	return []Mend{trustProxy(c.snap.config, who, said)}, true
}

// byAddress tells a refusal by the address that asked.
func byAddress(rule string) bool {
	name, _, _ := strings.Cut(rule, " ")
	return slices.Contains([]string{banRule, "allow", "deny", "rate_limit", "max_conns"}, name)
}

// passesOn tells whether a head was written by a proxy: each says more than
// X-Forwarded-For, which people type too.
func passesOn(request head) bool {
	return slices.ContainsFunc([]string{"X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Via", "Forwarded", "CF-Connecting-IP"},
		func(name string) bool { return request.find(name) != "" })
}

func trustProxy(c *config.Config, who, said string) Mend {
	return Mend{
		Words: fmt.Sprintf("%s said by X-Forwarded-For who asked (%.60s) and was not believed: trust it if it is your proxy", who, said),
		Facts: []string{"whatever " + who + " says of addresses is believed from then on: add it only if it is a proxy of yours"},
		What:  "trust the proxy " + who,
		Edit:  func(f *config.File) error { return addTo(f, who, c.Server.TrustedProxies, "server", "trusted_proxies") },
	}
}
