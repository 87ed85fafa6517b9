package proxy

import (
	"log/slog"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/basic"
	"forge.home.arpa/portico/proxy/message"
)

// auth asks for a name and a password (RFC 7617).
type auth struct {
	users     func(now time.Time) (*basic.Users, error)
	check     *basic.Checker // of this snapshot, so that an edit forgets all it knew
	challenge []byte
	forward   bool
}

func newAuth(a *config.Auth, check *basic.Checker, log *slog.Logger) *auth {
	g := &auth{check: check, challenge: basic.Challenge(a.Realm), forward: a.Forward}
	if a.File != "" {
		g.users = basic.NewFile(a.File, log).Users
		return g
	}
	hashes := map[string]string{}
	for _, u := range a.Users {
		hashes[u.Name] = u.Hash
	}
	users := basic.NewUsers(hashes)
	g.users = func(time.Time) (*basic.Users, error) { return users, nil }
	return g
}

const authGuard = "auth"

func (g *auth) judge(q *question) verdict {
	users, err := g.users(q.now)
	switch {
	case err != nil: // nobody can be told from anybody
		return verdict{guard: authGuard, refused: true, status: 503, why: "cannot read the users: " + err.Error()}
	case q.visit == nil:
		return verdict{guard: authGuard, asks: true, why: "asks for a user"}
	}
	word := g.identify(q.visit, users)
	if !word.refused && !g.forward {
		q.visit.withheld = true // nobody behind takes our password for its own
	}
	return word
}

// identify compares what the client says with the users.
func (g *auth) identify(v *visit, users *basic.Users) verdict {
	authorization, several := v.authorization()
	if authorization == nil {
		return g.ask("no user was named")
	}
	name, password, ok := basic.Read(authorization)
	if !ok || several {
		return g.ask("Authorization names no user and password")
	}
	switch g.check.Check(users, name, password) {
	case basic.Right:
		v.authenticated()
		return verdict{guard: authGuard}
	case basic.Busy:
		return verdict{guard: authGuard, refused: true, status: 429, wait: time.Second, why: "too many passwords are being checked"}
	}
	v.offends(authFailed, "a wrong name or password for "+v.route.Name)
	return g.ask("a wrong name or password")
}

func (g *auth) ask(why string) verdict {
	return verdict{guard: authGuard, refused: true, status: 401, why: why, answer: func(v *visit) {
		v.x.Response.Fields.Add("WWW-Authenticate", g.challenge)
		v.fail(401)
	}}
}

// authorization is the field of that name. Where there are several, servers
// differ in which one they believe.
func (v *visit) authorization() (value []byte, several bool) {
	fields := v.x.Request.Fields
	for i := range fields {
		if fields[i].Known == message.Authorization {
			several = value != nil
			value = fields[i].Value
		}
	}
	return value, several
}
