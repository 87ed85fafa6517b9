package proxy

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/match"
	"forge.home.arpa/portico/proxy/record"
	"forge.home.arpa/portico/proxy/upstream"
)

// advise says what to look at, or to write in the file, where a climb ended.
func (p *Probe) advise(ctx context.Context, e errand, u *upstream.Upstream, err error) {
	var f *upstream.Failure
	switch p.Cause {
	case record.CauseDNS:
		p.say("is the name spelled right, and does this machine's resolver know it (getent hosts)? an address in its place needs no name")
	case record.CauseRefused:
		p.say(refusedWords(u))
	case record.CauseUnreachable:
		if u.Network == "unix" {
			p.say("is the server running, and does it make its socket at " + u.Addr + "?")
			return
		}
		p.say("is the machine on, and in a network that this one has a way to?")
	case record.CauseDialTimeout:
		p.say("is the machine on, and does a firewall on it let port " + portOf([]byte(u.Addr)) + " through?")
	case record.CauseUntrusted:
		if errors.As(err, &f) && f.Remedy != nil {
			p.offer(e.trustAs(f.Remedy, p.Certificate))
		}
	case record.CauseTLSTimeout, record.CauseHeaderTimeout, record.CauseProtocol, record.CauseReset:
		if !p.adviseScheme(ctx, e) {
			p.adviseServer()
		}
	case record.CauseBodyTimeout, record.CauseTooLarge:
		p.adviseServer()
	}
}

// adviseServer says what to look at where the upstream speaks what its URL says.
func (p *Probe) adviseServer() {
	switch p.Cause {
	case record.CauseTLSTimeout:
		p.say("it takes the connection and answers nothing, with TLS or without: is that its port, and what does its own log say?")
	case record.CauseProtocol:
		p.say("it does not answer as this scheme has it: is that its port, and what does its own log say?")
	case record.CauseHeaderTimeout:
		p.say("it took the request and does not answer: what is it busy with (its own log)? timeout.response_header is how long visitors wait")
	case record.CauseBodyTimeout:
		p.say("it began an answer and fell silent: look into its own log; timeout.idle is how long visitors wait")
	case record.CauseReset:
		p.say("it hung up by itself: look into its own log, and whether it lets this machine's address in")
	case record.CauseTooLarge:
		p.say("the head of its answer is too large, mostly by the cookies it sets: look into its own log; max_body bounds what visitors send, not this")
	}
}

func (p *Probe) say(words string) { p.offer(Mend{Words: words}) }
func (p *Probe) offer(m Mend)     { p.Mends = append(p.Mends, m) }

func refusedWords(u *upstream.Upstream) string {
	if u.Network == "unix" {
		return "is the server running? its socket is left over from an earlier run"
	}
	if a, err := netip.ParseAddrPort(u.Addr); err == nil && a.Addr().IsLoopback() {
		return "is the server running, and on that port (ss -ltn)? in a container 127.0.0.1 is the container itself"
	}
	return "is the server running, and on that port? one that listens on 127.0.0.1 only is not reached from another machine: let it listen on 0.0.0.0 or its own address"
}

// adviseScheme finds out what the upstream speaks where that is not what its URL
// says; false where it found nothing.
func (p *Probe) adviseScheme(ctx context.Context, e errand) bool {
	over := map[string]string{"http": "https", "h2c": "https", "grpc": "grpcs"}[e.to.Scheme]
	if over != "" && e.speaksTLS(ctx) {
		p.offer(e.speakAs("it speaks TLS", over))
		return true
	}
	same := map[string]string{"https": "http", "grpcs": "grpc"}[e.to.Scheme]
	if same != "" && strings.Contains(p.Detail, "speaks no TLS") {
		p.offer(e.speakAs("it speaks without TLS", same))
		return true
	}
	for _, plain := range withoutTLS[e.to.Scheme] {
		if e.speaks(ctx, plain.asked) {
			p.offer(e.speakAs("it speaks "+plain.words+" without TLS", plain.write))
			return true
		}
	}
	return false
}

// guess is a scheme to try, and the one to write where there is an answer.
type guess struct{ asked, words, write string }

var (
	isHTTP1 = guess{"http", "HTTP/1", "http"}
	isHTTP2 = guess{"h2c", "HTTP/2", "h2c"}
	isGRPC  = guess{"h2c", "HTTP/2", "grpc"}
)

// withoutTLS lists what an upstream may speak in place of a scheme.
var withoutTLS = map[string][]guess{
	"http": {isHTTP2}, "https": {isHTTP1, isHTTP2}, "h2c": {isHTTP1}, "grpc": {isHTTP1}, "grpcs": {isGRPC, isHTTP1},
	"fastcgi": {isHTTP1}, "scgi": {isHTTP1}, "uwsgi": {isHTTP1},
}

func withScheme(to config.Upstream, scheme string) string {
	_, rest, _ := strings.Cut(to.URL, "://")
	if to.Unix {
		scheme += "+unix"
	}
	return scheme + "://" + rest
}

// speaksTLS tells whether there is TLS at an upstream's address, whoever is
// behind it.
func (e errand) speaksTLS(ctx context.Context) bool {
	spec := specOf(e.route, e.to)
	spec.TLS = upstream.TLS{Proto: "http/1.1", Verify: upstream.VerifyOff}
	u := upstream.New(spec, upstream.Protocol{}, slog.New(slog.DiscardHandler))
	conn, _, err := u.Connect(ctx, e.route.Timeout.Dial)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// adviseAnswer says what an answer tells that is no failure, yet seldom what is
// wanted.
func (p *Probe) adviseAnswer(ctx context.Context, e errand, s *upstream.Spec, path string, us netip.Addr, a pingAnswer) {
	u, absolute := readReference([]byte(a.location))
	redirects := 300 <= a.status && a.status < 400 && absolute
	stays := redirects && sameHost(u.authority, s.Host)
	back := stays && u.scheme == e.scheme && string(u.target) == path
	switch {
	case a.status == 400 && s.Scheme == "http" && wantsTLS(a.excerpt):
		p.adviseTLS(ctx, e)
	case a.status == 401:
		p.say("it asks for a password of its own: visitors will be asked, or let request_headers set Authorization")
	case redirects && a.by == "WordPress" && (back || !stays):
		p.offer(wordpress(e.scheme, s.Host, back))
	case back && u.scheme == "https":
		p.say("it sends visitors to where they are, for ever: let it believe X-Forwarded-Proto of " + us.String() + ", or write to = \"https://…\" where it speaks TLS itself")
	case redirects && u.scheme == "https" && s.Scheme == "http":
		p.say("it sends visitors to https: over portico's https that is a loop, unless the server is told to believe X-Forwarded-Proto of this machine; or write to = \"https://…\" where it speaks TLS itself")
	case a.status == 400 || a.status == 403 || a.status == 421:
		p.adviseRefusal(ctx, e, us, a)
	case a.status >= 500:
		p.say("it is reached and fails by itself: look into its own log")
	}
}

func sameHost(authority []byte, host string) bool {
	a, okA := match.NormalHost(nil, authority)
	b, okB := match.NormalHost(nil, []byte(host))
	return okA && okB && bytes.Equal(a, b)
}

// wantsTLS tells an answer of a server that was asked without TLS where it
// speaks TLS.
func wantsTLS(excerpt string) bool {
	return strings.Contains(strings.ToUpper(excerpt), "HTTPS") || strings.Contains(excerpt, "SSL")
}

// adviseTLS is for one that says so itself, if that is true.
func (p *Probe) adviseTLS(ctx context.Context, e errand) {
	if e.speaksTLS(ctx) {
		p.offer(e.speakAs("it expects TLS on this port, https:// for http://", "https"))
		return
	}
	p.say("it says that it expects TLS, and does not speak it on this port: which port has it?")
}
