package proxy_test

import (
	"slices"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

func TestMoves(t *testing.T) {
	s := newSite(t, "[route.all]\nhost = \"*\"\nrespond = { status = 200 }\n")
	for _, path := range []string{"/a/1", "/a/2?token=x", "/b", "/c"} {
		s.get("home.example", path)
	}
	s.raw("nonsense\r\n\r\n")
	s.lastRow(5)
	next := func(routes string) *config.Config {
		c, problems := config.Parse([]byte("[server]\nhttp = \"" + s.addr + "\"\n" + routes))
		if c == nil {
			t.Fatal(problems)
		}
		return c
	}
	all := "[route.all]\nhost = \"*\"\nrespond = { status = 200 }\n"
	for name, test := range map[string]struct {
		routes         string
		moved, refused int
		from, to, rule string
	}{
		"nothing":            {all + "[route.new]\nhost = \"new.example\"\nrespond = { status = 200 }\n", 0, 0, "", "", ""},
		"a path":             {all + "[route.a]\nhost = \"home.example\"\npath = \"/a/*\"\nrespond = { status = 200 }\n", 2, 0, "all", "a", ""},
		"a removal":          {"[route.x]\nhost = \"x.example\"\nrespond = { status = 200 }\n", 4, 0, "all", "", ""},
		"a name":             {"[route.other]\nhost = \"*\"\nrespond = { status = 200 }\n", 0, 0, "", "", ""},
		"a name and a guard": {"[route.other]\nhost = \"*\"\nrespond = { status = 200 }\ndeny = \"lan\"\n", 0, 4, "other", "other", "deny lan"},
		"a guard":            {all + "deny = \"lan\"\n", 0, 4, "all", "all", "deny lan"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := s.server.Moves(next(test.routes))
			if err != nil {
				t.Fatal(err)
			}
			if m.Looked != 4 || m.Moved != test.moved || m.Refused != test.refused {
				t.Fatalf("%+v", m)
			}
			if test.moved+test.refused == 0 {
				return
			}
			if k := m.Kinds[0]; k.From != test.from || k.To != test.to || k.Rule != test.rule || k.Count != test.moved+test.refused || k.Host != "home.example" {
				t.Errorf("%+v", k)
			}
		})
	}
}

// TestMovesByMoreThanAddress: a body too large and a missing user are counted;
// what a record cannot tell is named, and never passes for "none".
func TestMovesByMoreThanAddress(t *testing.T) {
	route := "[route.all]\nhost = \"*\"\nto = \"http://" + mirror(t) + "\"\n"
	s := newSite(t, route)
	s.get("home.example", "/")
	s.raw("POST / HTTP/1.1\r\nHost: home.example\r\nConnection: close\r\nContent-Length: 500\r\n\r\n" + strings.Repeat("x", 500))
	s.raw("GET / HTTP/1.1\r\nHost: home.example\r\nConnection: close\r\nauthorization: Basic YTpi\r\n\r\n")
	s.lastRow(3)
	for name, test := range map[string]struct {
		keys     string
		refused  int
		rule     string
		unjudged []string
	}{
		"max_body":     {"max_body = \"100B\"\n", 1, "max_body", nil},
		"auth":         {"auth = { file = \"users\" }\n", 2, "auth", []string{"auth of route all"}},
		"maintenance":  {"maintenance = { on = true }\n", 3, "maintenance", nil},
		"rate_limit":   {"rate_limit = { rate = \"1/h\", burst = 1 }\n", 0, "", []string{"rate_limit of route all"}},
		"max_conns":    {"max_conns = 1\n", 0, "", []string{"max_conns of route all"}},
		"forward_auth": {"forward_auth = { to = \"http://127.0.0.1:1/\" }\n", 0, "", []string{"forward_auth of route all"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, problems := config.Parse([]byte("[server]\nhttp = \"" + s.addr + "\"\n" + route + test.keys))
			if c == nil {
				t.Fatal(problems)
			}
			m, err := s.server.Moves(c)
			if err != nil || m.Looked != 3 || m.Moved != 0 || m.Refused != test.refused || !slices.Equal(m.Unjudged, test.unjudged) {
				t.Fatalf("%+v, %v", m, err)
			}
			if test.rule != "" && (len(m.Kinds) != 1 || m.Kinds[0].Rule != test.rule) {
				t.Errorf("%+v", m.Kinds)
			}
		})
	}
}
