package tui

import (
	"cmp"
	"net"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"forge.home.arpa/portico/proxy/record"
)

// curl writes the request as a command for a shell. Whoever sent the request
// chose its words, and the command will be pasted into the owner's shell: each
// word is quoted, and nothing but printable characters is let through.
//
// port is where the listener is, ":8080", for a request that did not say it; ""
// for the usual one.
func curl(l *look, d *record.Detail, port string, reveal bool) string {
	words := []string{"curl", "-i"}
	switch m := d.Row.Method.String(); m {
	case "GET":
	case "HEAD":
		words[1] = "-I"
	default:
		words = append(words, "-X", quote(l, m))
	}
	host := d.Row.Host.String()
	for i, h := range headLines(d.Request) {
		switch name := strings.ToLower(h.name); {
		case i == 0, name == "", omitted[name], d.RequestCut && i == len(headLines(d.Request))-1:
		case name == "host":
			host = h.value
		default:
			words = append(words, "-H", quote(l, h.name+": "+h.shown(false, reveal)))
		}
	}
	if !hasPort(host) {
		host += port
	}
	return strings.Join(append(words, quote(l, requestURL(&d.Row, host, reveal))), " ")
}

func hasPort(host string) bool {
	return strings.LastIndexByte(host, ':') > strings.LastIndexByte(host, ']')
}

// port is what a URL needs behind its host to reach a listener: ":8080", "" where
// one has the usual port.
func (f *facts) port(tls bool) (port string) {
	usual := "80"
	if tls {
		usual = "443"
	}
	for _, l := range f.status.Listeners {
		_, p, err := net.SplitHostPort(cmp.Or(l.Bound, l.Address))
		switch {
		case err != nil, l.TLS != tls, l.Error != "":
		case p == usual:
			return ""
		case port == "":
			port = ":" + p
		}
	}
	return port
}

// omitted are the fields that curl makes itself or that belong to one connection.
var omitted = map[string]bool{
	"content-length": true, "transfer-encoding": true, "connection": true, "keep-alive": true,
	"te": true, "upgrade": true, "expect": true, "accept-encoding": true,
}

// shown is the value, masked unless revealed.
func (h headLine) shown(first, reveal bool) string {
	if reveal {
		return h.value
	}
	return h.masked(first)
}

// requestURL is what the client asked for; with http or https as it came.
func requestURL(r *record.Row, host string, reveal bool) string {
	path := r.Path.String()
	if !reveal {
		path = maskQuery(path)
	}
	scheme := "http://"
	if r.TLS {
		scheme = "https://"
	}
	return scheme + host + path
}

// quote makes one word of a shell of s.
func quote(l *look, s string) string {
	return "'" + strings.ReplaceAll(l.clean(s), "'", `'\''`) + "'"
}

// copySelected puts the request on the clipboard as a curl command.
func (m *model) copySelected() {
	d := m.looksAt()
	if d == nil {
		m.say(plain, "no request is selected")
		return
	}
	if d.Row.Method.String() == "" || d.Row.Host.String() == "" {
		m.say(warn, "this was no whole request: there is nothing to copy")
		return
	}
	s := curl(m.look, &d.Detail, m.facts.port(d.Row.TLS), d.revealed)
	if m.o.Env.Linux {
		m.push(&sheet{title: "this terminal has no clipboard; as curl:", body: func(_ *model, p *paper) { p.add(say(s), 0) }})
		return
	}
	m.start(func() tea.Msg { return copyMsg{s} })
	m.say(calm, "copied as curl")
	if !d.revealed && strings.Contains(s, hidden) {
		m.say(calm, "copied as curl, secrets hidden (x shows them in the detail)")
	}
}
