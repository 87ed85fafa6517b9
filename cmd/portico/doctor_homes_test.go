package main

import (
	"fmt"
	"strings"
	"testing"
)

const v6Home = "2001:db8:77::5"

// street is a home as the cases of TestDoctorHomes have it, with two strangers
// who say where questions come from.
type street struct {
	*home
	*neighbourhood
	world, pihole map[string]string // what the DNS says, outside and at home
	echoes        [2]string
	https         bool
	listen        string // "" for every address
}

// seen is what a finding must be.
type seen struct {
	check, about string
	color        color
	says, do     string // parts
}

// TestDoctorHomes: what the doctor finds in homes of many kinds is true, and
// says what to do.
func TestDoctorHomes(t *testing.T) {
	const www = "www.example.com"
	for _, c := range []struct {
		name  string
		build func(*street)
		want  []seen
		never string // a kind of finding that would be wrong here
		code  int
	}{
		{"all is well", func(s *street) { s.forward() }, []seen{
			{"address", "", green, atPublic, ""}, {"dns", www, green, "leads here", ""},
			{"router", ":80", green, "leads back here", ""}, {"router", ":443", green, "leads back here", ""},
		}, "home", 1}, // no certificate can come here

		{"plain HTTP alone", func(s *street) { s.https = false; s.forward() }, []seen{
			{"router", ":80", green, "leads back here", ""}, {"listener", ":80", green, "answers here", ""},
		}, "home", 0},

		{"no way back over the router", func(*street) {}, []seen{
			{"router", ":443", yellow, "does not lead here: nobody listens there", "on " + atRouter + " forward TCP 80 and 443 to " + atHome},
			{"home", "", yellow, "do not find " + www, "  " + atHome + " " + www + "\n"},
			{"home", "", yellow, "", "address=/" + www + "/" + atHome},
			{"home", "", yellow, "", "AdGuard Home (DNS rewrites):\n  " + www + " to " + atHome},
		}, "", 1},

		{"the router's own page", func(s *street) { s.https = false; s.says(atPublic+":80", "<html>Welcome to your router</html>") }, []seen{
			{"router", ":80", yellow, "something else answers there", "forward TCP 80 to"},
		}, "", 0},

		{"on this machine alone", func(s *street) { s.https = false; s.listen = "127.0.0.1" }, []seen{
			{"router", ":80", yellow, "nobody listens there", "let portico listen there: it listens on 127.0.0.1 alone"},
		}, "", 0},

		{"a Pi-hole leads straight here", func(s *street) { s.pihole = map[string]string{www: atHome} }, []seen{
			{"dns", www, green, "leads here, to " + atPublic, ""},
			{"router", ":443", green, "it need not, the resolver at home leads straight to this machine", ""},
		}, "home", 1},

		{"a Pi-hole leads astray", func(s *street) { s.forward(); s.pihole = map[string]string{www: "192.168.77.9"} }, []seen{
			{"home", www, yellow, "at home it leads to 192.168.77.9, which is not this machine", atHome + " " + www},
		}, "", 1},

		{"a resolver at home that knows nothing of it", func(s *street) { s.forward(); s.pihole = map[string]string{} }, []seen{
			{"home", "", yellow, "do not find " + www, atHome + " " + www},
		}, "", 1},

		{"a resolver that answers for the world's", func(s *street) { s.world = map[string]string{www: atHome} }, []seen{
			{"dns", www, yellow, atHome + ", which nobody outside reaches", www + " A " + atPublic},
		}, "", 1},

		{"no record", func(s *street) { s.world = nil }, []seen{
			{"dns", www, red, "has no address in the DNS", www + " A " + atPublic},
		}, "home", 1},

		{"a record too many", func(s *street) { s.forward(); s.world = map[string]string{www: atPublic + " 198.51.100.9"} }, []seen{
			{"dns", www, yellow, "but also to 198.51.100.9", "take that record away"},
		}, "", 1},

		{"CGNAT", func(s *street) { s.outer = "100.64.0.1"; s.natpmp() }, []seen{
			{"address", "", red, "100.64.0.1 belongs to the provider's network (CGNAT)", "ask the provider for a public IPv4 address"},
			{"dns", www, red, "leads to " + atPublic + ", which the provider shares among homes", "front = true"},
		}, "router", 1},

		{"another router before it", func(s *street) { s.outer = "192.168.0.2"; s.natpmp() }, []seen{
			{"address", "", yellow, "192.168.0.2 is private: another router", "if that router is yours, forward TCP 80 and 443 on it to this one too"},
			{"router", ":443", yellow, "does not lead here", ""},
		}, "", 1},

		{"another router that sends all here", func(s *street) { s.outer = "192.168.0.2"; s.natpmp(); s.forward() }, []seen{
			{"address", "", yellow, "another router", ""}, {"router", ":443", green, "leads back here", ""},
		}, "home", 1},

		{"DS-Lite", func(s *street) {
			s.outer = "192.0.0.2"
			s.natpmp()
			s.ip(s.neighbourhood.home, "addr add "+v6Home+"/64 dev eth0 nodad")
			s.world = map[string]string{www: v6Home}
			s.pihole = s.world
		}, []seen{
			{"address", "", yellow, "(DS-Lite): nobody reaches this home over IPv4; over IPv6 it is at " + v6Home, "visitors with IPv6 come in"},
			{"dns", www, green, "leads here, to " + v6Home, ""},
		}, "home", 1},

		{"DS-Lite with a record of IPv4", func(s *street) {
			s.outer = "192.0.0.2"
			s.natpmp()
			s.ip(s.neighbourhood.home, "addr add "+v6Home+"/64 dev eth0 nodad")
		}, []seen{
			{"dns", www, red, "which the provider shares", "publish " + www + " AAAA " + v6Home},
		}, "router", 1},

		{"a lying echo", func(s *street) { s.echoes[1] = "198.51.100.66" }, []seen{
			{"address", "", yellow, "the sources disagree about the public address", "no VPN or proxy"},
			{"address", "", yellow, onlineTwo + ":8080: it is 198.51.100.66", ""},
			{"dns", www, yellow, "whether that is this home is not known", ""},
		}, "router", 1},

		{"no network at all", func(s *street) { s.ip(s.neighbourhood.home, "link set eth0 down") }, []seen{
			{"address", "", red, "offline: it knows no router", "cable"}, {"dns", "", yellow, "not asked", ""},
			{"listener", ":80", green, "answers here", ""},
		}, "router", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &street{home: newHome(t), https: true, echoes: [2]string{atPublic, atPublic}}
			s.neighbourhood = newNeighbourhood(t, s.home)
			s.world = map[string]string{www: atPublic}
			s.pihole = map[string]string{www: atPublic}
			c.build(s)
			list, code := s.examined(www)
			for _, want := range c.want {
				f := saw(list, want.check, want.about)
				if f.Color != want.color || !strings.Contains(f.Says, want.says) || !strings.Contains(f.Do, want.do) {
					t.Errorf("%+v, want %+v", f, want)
				}
			}
			if f := saw(list, c.never, ""); c.never != "" && f.Check != "" {
				t.Errorf("found %+v", f)
			}
			for _, f := range list {
				if f.Color != green && f.Do == "" && f.Says != "not asked: this machine is offline" {
					t.Errorf("it does not say what to do: %+v", f)
				}
			}
			if code != c.code {
				t.Errorf("exit %d: %+v", code, list)
			}
			if t.Failed() {
				t.Log("\n" + s.home.run("doctor").out)
			}
		})
	}
}

// examined starts portico in the street and asks the doctor.
func (s *street) examined(host string) ([]finding, int) {
	s.neighbourhood.t.Helper()
	s.says(onlineOne+":8080", s.echoes[0])
	s.says(onlineTwo+":8080", s.echoes[1])
	s.names(onlineOne+":53", s.world)
	s.names(atRouter+":53", s.pihole)
	doors := "[server]\nhttp = \"" + s.listen + ":80\"\n"
	if s.https {
		doors += "https = \":443\"\n[acme]\nemail = \"ann@example.com\"\ndirectory = \"https://" + onlineOne + ":14000/dir\"\nresolver = \"" + onlineOne + "\"\n"
	} else {
		doors += "[acme]\nresolver = \"" + onlineOne + "\"\n"
	}
	s.write("portico.toml", fmt.Sprintf("%s[ddns.home]\nprovider = \"noip\"\nusername = \"ann\"\npassword = \"env:PATH\"\nserver = \"http://%s:8080\"\n"+
		"names = \"other.example.net\"\nsources = [\"http://%[2]s:8080\", \"http://%s:8080\"]\n[route.www]\nhost = %q\nrespond = { body = \"hello\" }\n", doors, onlineOne, onlineTwo, host))
	s.start("run", "--headless").serving()
	return s.diagnosis(func(list []finding) bool { return saw(list, "address", "").Check != "" })
}
