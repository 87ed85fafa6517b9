package proxy

import (
	"net/netip"

	"forge.home.arpa/portico/proxy/network"
)

// denied refuses the addresses of its networks.
type denied struct{ *network.Set }

func (g denied) judge(q *question) verdict {
	v := verdict{guard: "deny", status: 403}
	name, in := g.Contains(q.client)
	if v.refused = in; in {
		v.rule = "deny " + name
	}
	if q.visit == nil {
		v.why = inWords(q.client, name, in)
	}
	return v
}

// allowed refuses all addresses but those of its networks.
type allowed struct{ *network.Set }

func (g allowed) judge(q *question) verdict {
	name, in := g.Contains(q.client)
	v := verdict{guard: "allow", status: 403, refused: !in}
	if q.visit == nil {
		v.why = inWords(q.client, name, in)
	}
	return v
}

func inWords(client netip.Addr, name string, in bool) string {
	if in {
		return client.String() + " is in " + name
	}
	return client.String() + " is in none of its networks"
}
