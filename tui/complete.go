package tui

import (
	"slices"
	"strconv"
	"strings"

	"forge.home.arpa/portico/proxy/record"
)

// strangersLooked is how many requests without a route are looked at for their
// hosts.
const strangersLooked = 200

// What may follow a command: each gets the words before.

func addWords(m *model, before []string) []string {
	if len(before) == 0 {
		return m.strangers()
	}
	return m.upstreamURLs()
}

func testWords(m *model, before []string) []string { return first(before, m.hosts) }

func undoWords(m *model, before []string) []string { return first(before, m.versionNumbers) }

func sortWords(_ *model, before []string) []string {
	return first(before, func() []string { return strings.Fields(sortNames()) })
}

// setWords are the keys of routes that stand in the file.
func setWords(m *model, before []string) []string {
	return first(before, func() []string {
		var keys []string
		for route, table := range m.facts.spelled.Route {
			for key := range table {
				if !strings.Contains(route, ".") {
					keys = append(keys, "route."+route+"."+key)
				}
			}
		}
		slices.Sort(keys)
		return keys
	})
}

// switchable are the routes that are not as the command makes them.
func switchable(on bool) func(*model, []string) []string {
	return func(m *model, before []string) []string {
		return first(before, func() []string {
			return slices.DeleteFunc(m.routes.names(m), func(name string) bool {
				r := m.facts.route(name)
				return r != nil && r.Enabled == on
			})
		})
	}
}

// filterWords are the terms that may stand in a filter.
func filterWords(m *model, _ []string) []string {
	words := []string{"-"}
	words = append(words, m.routes.names(m)...)
	words = prefixed("route:", words)
	words = append(words, prefixed("host:", m.hosts())...)
	words = append(words, prefixed("up:", m.upstreamURLs())...)
	return append(words, "path:", "ip:")
}

// first is all where nothing stands before, else nothing.
func first(before []string, all func() []string) []string {
	if len(before) > 0 {
		return nil
	}
	return all()
}

func prefixed(start string, all []string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = start + s
	}
	return out
}

// strangers are the hosts that asked and found no route, the newest first.
func (m *model) strangers() []string {
	rows := make([]record.Row, strangersLooked)
	rows = rows[:m.src.Proxy.Records().Before(0, rows, func(r *record.Row) bool { return r.Route == "" })]
	var hosts []string
	for i := range rows {
		if h := rows[i].Host.String(); h != "" && !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// hosts are those of the routes, by name.
func (m *model) hosts() []string {
	var hosts []string
	for i := range m.facts.status.Routes {
		for _, h := range m.facts.status.Routes[i].Hosts {
			if !strings.ContainsAny(h, "*~") && !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
	}
	slices.Sort(hosts)
	return hosts
}

func (m *model) upstreamURLs() []string {
	var urls []string
	for i := range m.facts.status.Upstreams {
		urls = append(urls, m.facts.status.Upstreams[i].URL)
	}
	return urls
}

func (m *model) versionNumbers() []string {
	var all []string
	for _, v := range m.facts.versions {
		all = append(all, strconv.Itoa(v.N))
	}
	return all
}
