package config_test

import (
	"errors"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

func TestRefusalNamesThePlace(t *testing.T) {
	c, _ := config.Parse([]byte("[server]\nhttp  = [\":80\", \"127.0.0.1:81\"]\nhttps = \":443\"\nadmin = '127.0.0.1:82'\n"))
	for addr, want := range map[string]string{
		":80":          "server.http[0] 2:10: taken (stop it)",
		"127.0.0.1:81": "server.http[1] 2:17: taken (stop it)",
		":443":         "server.https 3:9: taken (stop it)",
		"127.0.0.1:82": "server.admin 4:9: taken (stop it)",
		":9":           " taken (stop it)",
	} {
		r := c.Refuse(addr, "taken", "stop it", errRefused)
		if got := r.Problem.Path + " " + r.Problem.String(); got != want || !errors.Is(r, errRefused) {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
	if got := c.Refuse(":443", "taken", "stop it", nil).Error(); got != "line 3: taken (stop it)" {
		t.Errorf("error %q", got)
	}
	if got := c.Refuse(":9", "taken", "", nil).Error(); got != "taken" {
		t.Errorf("error %q", got)
	}
}

// TestRefusedFileShowsThePlace: what a Preparer says of the file stands among
// its problems as what Parse says does.
func TestRefusedFileShowsThePlace(t *testing.T) {
	b := newBench(t, twoRoutes)
	text := "[server]\nhttp = \":8080\"\n" + twoRoutes
	c, _ := config.Parse([]byte(text))
	b.gate.setRefuse(c.Refuse(":8080", "port 8080 is taken", "stop it", errRefused))
	b.save(text)
	if err := b.Reload(t.Context()); !errors.Is(err, errRefused) || !strings.HasSuffix(err.Error(), "line 2: port 8080 is taken (stop it)") {
		t.Errorf("error %v", err)
	}
	if ps, _ := b.Problems(); len(ps) != 1 || ps[0].String() != "2:8: port 8080 is taken (stop it)" {
		t.Errorf("problems %v", ps)
	}
	if log := b.log.String(); !strings.Contains(log, `line=2 column=8 problem="port 8080 is taken" hint="stop it"`) {
		t.Errorf("the log says\n%s", log)
	}
}
