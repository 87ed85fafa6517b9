package proxy

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"

	"forge.home.arpa/portico/proxy/upstream"
)

// adviseRefusal finds out what an upstream has against a request by asking it
// with one thing after the other left out. What it answers then is the proof.
func (p *Probe) adviseRefusal(ctx context.Context, e errand, us netip.Addr, refused pingAnswer) {
	if asked := e.visitor(us); asked.from.IsValid() {
		a := e.askAnew(ctx, "/", e.host, visitor{})
		switch {
		case !welcomes(a):
		case strings.Contains(a.excerpt, "<title>Home Assistant"):
			p.offer(homeAssistant(us))
			return
		default:
			p.offer(trustUs(us))
			return
		}
	}
	if e.host == "" {
		return
	}
	status := e.askAnew(ctx, "/status.php", e.host, e.visitor(us))
	switch {
	case status.status == 400 && strings.Contains(status.excerpt, "Trusted domain error"):
		p.offer(nextcloud(e.host, us))
	case refused.status == 400 && strings.Contains(refused.excerpt, "DisallowedHost"):
		p.offer(django(e.host))
	case welcomes(e.askAnew(ctx, "/", "", e.visitor(us))):
		p.offer(e.ownName())
	case refused.status != 400:
		p.say("it lets nobody in so, by whatever name: look into its own log, and whether it lets this machine's address in")
	}
}

// welcomes tells an answer that a visitor can begin with: also a question for a
// password.
func welcomes(a pingAnswer) bool {
	return 200 <= a.status && a.status < 400 || a.status == 401
}

// askAnew asks over a connection of its own by a name, "" for the upstream's
// own. Who does not answer in time has no status.
func (e errand) askAnew(ctx context.Context, path, host string, as visitor) (a pingAnswer) {
	ctx, cancel := context.WithTimeout(ctx, guessWait)
	defer cancel()
	spec := specOf(e.route, e.to)
	s := speakers[e.to.Scheme]
	u := upstream.New(spec, s.Protocol, slog.New(slog.DiscardHandler))
	conn, _, err := u.Connect(ctx, within(guessWait, e.route.Timeout.Dial))
	if err != nil {
		return a
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if host != "" {
		spec.Host = host
	}
	a, _ = askOnce(s.Speak(conn), &spec, path, as, guessWait, guessWait)
	return a
}
