package proxy

import (
	"net/netip"
)

// verdict is one guard's word on a request.
type verdict struct {
	guard   string // "deny", "allow"
	refused bool
	rule    string // what a record shows of a refusal: "deny vpn"
	status  int    // the answer of a refusal
	why     string // for people; made only when asked for
}

// judge asks the route's guards in their order and stops at the first that
// refuses. With all it goes on and says why, for Explain.
func (r *route) judge(client netip.Addr, all *[]verdict) verdict {
	for _, ask := range [...]func(*route, netip.Addr, bool) (verdict, bool){(*route).judgeDeny, (*route).judgeAllow} {
		v, asked := ask(r, client, all != nil)
		if !asked {
			continue
		}
		if all != nil {
			*all = append(*all, v)
		}
		if v.refused {
			return v
		}
	}
	return verdict{}
}

func (r *route) judgeDeny(client netip.Addr, explain bool) (verdict, bool) {
	if r.deny == nil {
		return verdict{}, false
	}
	v := verdict{guard: "deny", status: 403}
	name, in := r.deny.Contains(client)
	if v.refused = in; in {
		v.rule = "deny " + name
	}
	if explain {
		v.why = client.String() + inWords(in, name)
	}
	return v, true
}

func (r *route) judgeAllow(client netip.Addr, explain bool) (verdict, bool) {
	if r.allow == nil {
		return verdict{}, false
	}
	v := verdict{guard: "allow", status: 403, rule: "allow"}
	name, in := r.allow.Contains(client)
	v.refused = !in
	if explain {
		v.why = client.String() + inWords(in, name)
	}
	return v, true
}

func inWords(in bool, name string) string {
	if in {
		return " is in " + name
	}
	return " is in none of its networks"
}

// guard lets the request pass or answers it.
func (v *visit) guard() bool {
	word := v.route.judge(v.row.Client, nil)
	if !word.refused {
		return true
	}
	v.row.Rule = word.rule
	v.fail(word.status)
	return false
}
