package proxy_test

import (
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
		"nothing":   {all + "[route.new]\nhost = \"new.example\"\nrespond = { status = 200 }\n", 0, 0, "", "", ""},
		"a path":    {all + "[route.a]\nhost = \"home.example\"\npath = \"/a/*\"\nrespond = { status = 200 }\n", 2, 0, "all", "a", ""},
		"a removal": {"[route.x]\nhost = \"x.example\"\nrespond = { status = 200 }\n", 4, 0, "all", "", ""},
		"a guard":   {all + "deny = \"lan\"\n", 0, 4, "all", "all", "deny lan"},
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
