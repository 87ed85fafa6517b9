package config_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
)

func TestBase(t *testing.T) {
	b := newBench(t, twoRoutes)
	base := func(text string) *config.Revision {
		t.Helper()
		b.save(text)
		r, err := b.Base()
		if err != nil || string(r.Text) != text {
			t.Fatalf("%v, %v", r, err)
		}
		return r
	}
	if base(twoRoutes) != b.Current() {
		t.Error("another revision than the one that runs")
	}
	if r := base(withTo("http://10.0.0.7")); r.Config.Route("nas").To[0].Addr != "10.0.0.7:80" || r.Sum == b.Current().Sum {
		t.Error("a good file that nobody looked at yet is not read")
	}
	if r := base(withTo("gopher://10.0.0.7")); r.Config != nil {
		t.Error("a file that cannot run has a configuration")
	}
	b.save("[route.nas\n")
	var ps config.Problems
	if r, err := b.Base(); r != nil || !errors.As(err, &ps) || !strings.Contains(err.Error(), "mend that by hand") {
		t.Errorf("%v, %v", r, err)
	}
	b.must(os.Remove(b.path))
	if r, err := b.Base(); err != nil || r != b.Current() {
		t.Errorf("without a file: %v, %v", r, err)
	}
}
