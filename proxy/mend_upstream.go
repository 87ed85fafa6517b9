package proxy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/upstream"
)

// speakAs writes another scheme for an upstream, where the file names it: that
// may be a preset, and is wrong for all its routes then.
func (e errand) speakAs(words, scheme string) Mend {
	url := withScheme(e.to, scheme)
	m := Mend{Words: fmt.Sprintf("%s: write to = %q", words, url), Instead: url}
	if e.route.Name == "" {
		return m
	}
	table, old := e.table("to"), e.to.URL
	m.What = fmt.Sprintf("write %s for %s", url, old)
	m.Edit = func(f *config.File) error {
		path := append(slices.Clone(table), "to")
		now, changed := otherURL(f.Value(path...), old, url)
		if !changed {
			return fmt.Errorf("%s is not there any more: %s was changed meanwhile", old, strings.Join(path, "."))
		}
		return f.Set(now, path...)
	}
	return m
}

// table is where the file says a key of the route.
func (e errand) table(key string) []string {
	switch origin := e.route.Origins[key]; {
	case origin == "defaults":
		return []string{"defaults"}
	case strings.HasPrefix(origin, "preset "):
		return []string{"preset", strings.TrimPrefix(origin, "preset ")}
	}
	return []string{"route", e.route.Name}
}

// otherURL is a value of `to` with one URL in place of another: a string, a table
// with a url, or a list of these.
func otherURL(value any, old, url string) (any, bool) {
	switch v := value.(type) {
	case string:
		return url, v == old
	case map[string]any:
		inner, changed := otherURL(v["url"], old, url)
		return withKey(v, "url", inner), changed
	case []any:
		list, changed := slices.Clone(v), false
		for i := range list {
			if now, is := otherURL(list[i], old, url); is {
				list[i], changed = now, true
			}
		}
		return list, changed
	}
	return value, false
}

func withKey(table map[string]any, key string, value any) map[string]any {
	out := map[string]any{key: value}
	for k, v := range table {
		if k != key {
			out[k] = v
		}
	}
	return out
}

// trustAs has an upstream's certificate trusted. upstream_tls is of all upstreams
// of a route: where there are several, none of them is offered for all.
func (e errand) trustAs(remedy *upstream.TLS, shown *Certificate) Mend {
	value := map[string]any{}
	for _, p := range remedy.Pairs() {
		value[p[0]] = p[1]
	}
	m := Mend{Words: "if that is your server, write " + remedy.String(), Trust: value}
	if e.route.Name == "" || shown == nil {
		return m
	}
	if len(e.route.To) > 1 {
		m.Facts = []string{"upstream_tls is of all upstreams of a route: give this one a route of its own, or all of them certificates of one authority"}
		return m
	}
	name := e.route.Name
	m.Facts = shown.facts()
	m.What = "trust the certificate of " + e.to.Addr + " for route " + name
	m.Edit = func(f *config.File) error { return f.Set(value, "route", name, "upstream_tls") }
	return m
}

// facts are what a person compares before it is trusted.
func (c *Certificate) facts() []string {
	by := "issued by " + c.Issuer
	if c.SelfSigned {
		by = "self-signed"
	}
	lines := []string{
		"it showed just now: " + c.Subject + ", " + by,
		fmt.Sprintf("valid from %s until %s", c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly)),
		c.Pin,
		"compare it on the server itself: whoever stands between shows one of his own",
	}
	if len(c.Names) > 0 {
		lines = slices.Insert(lines, 1, "made for "+strings.Join(c.Names, " "))
	}
	if c.Refused != "" {
		lines = slices.Insert(lines, 1, "not trusted: "+c.Refused)
	}
	return lines
}

// ownName sends the upstream its own name, by which it answered.
func (e errand) ownName() Mend {
	m := Mend{Words: fmt.Sprintf("it does not answer to the name %q and does to its own: host_header = \"upstream\" sends that", e.host)}
	if name := e.route.Name; name != "" {
		m.What = "send the upstream of route " + name + " its own name"
		m.Edit = func(f *config.File) error { return f.Set("upstream", "route", name, "host_header") }
	}
	return m
}

// waits are the times that are written in place of one that is too short.
var waits = []string{"5s", "10s", "30s", "1m", "2m", "5m", "10m", "30m", "1h"}

// longer gives a timeout of a route about twice its time.
func longer(r *config.Route, key string, now time.Duration) Mend {
	next := waits[len(waits)-1]
	for _, w := range slices.Backward(waits) {
		if d, _ := time.ParseDuration(w); d >= 2*now {
			next = w
		}
	}
	name := r.Name
	return Mend{
		Words: fmt.Sprintf("it answers, but not within timeout.%s of route %s (%s): %s may do", key, name, now, next),
		What:  fmt.Sprintf("wait %s for the upstream of route %s", next, name),
		Edit: func(f *config.File) error {
			if own := f.Has("route", name, "timeout"); own || r.Origins["timeout"] == "" {
				return f.Set(next, "route", name, "timeout", key)
			}
			return f.Set(timeoutsWith(r.Timeout, key, next), "route", name, "timeout")
		},
	}
}

// timeoutsWith is a route's whole table, which it takes from elsewhere as a
// whole, with one of them changed.
func timeoutsWith(t config.Timeout, key, value string) map[string]any {
	all := map[string]any{"dial": t.Dial.String(), "response_header": t.ResponseHeader.String(), "idle": t.Idle.String()}
	all[key] = value
	return all
}
