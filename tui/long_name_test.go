package tui

import (
	"testing"

	"forge.home.arpa/portico/proxy"
)

// TestLongNamesAreToldApart: names and addresses that begin alike are not cut to
// the same, and what is to be deleted is named whole.
func TestLongNamesAreToldApart(t *testing.T) {
	atNoon(t, func(t *testing.T) {
		w := home()
		store := realStore(t, w, "[route.a-service-with-a-long-and-honest-name-01]\nhost = \"x\"\nto = \"http://10.0.0.4:18001\"\n")
		w.status.Routes = []proxy.RouteStatus{
			route("a-service-with-a-long-and-honest-name-01", "x", "http://192.168.100.104:18001", proxy.StateOK, 1, 1, 0),
			route("a-service-with-a-long-and-honest-name-02", "y", "http://192.168.100.104:18002", proxy.StateOK, 1, 1, 0),
		}
		w.status.Upstreams = []proxy.UpstreamStatus{upstream("http://192.168.100.104:18001", "a"), upstream("http://192.168.100.104:18002", "b")}
		p := sit(t, w.source(store), modelOptions{Width: 40, Height: 10})
		p.sees("-01 ", "-02 ")
		p.press("3")
		p.sees("-01 ", "-02 ")
		p.press("4")
		p.sees(":18001 ", ":18002 ")
		p.press("3", "D")
		p.sees("delete route", "a-service-with-a-long-and-honest-name-0", "1?", "y apply")
	})
}

func TestCutMiddle(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{
		{"nas:3000", 8, "nas:3000"},
		{"nas:30000", 8, "nas..000"},
		{"service-01", 9, "serv..-01"},
		{"abcdefgh", 6, "abcdef"},
		{"写真写真写真", 9, "写真..真"},
		{"", 0, ""},
	} {
		if got := cutMiddle(c.s, c.n); got != c.want {
			t.Errorf("%q in %d: %q, not %q", c.s, c.n, got, c.want)
		}
	}
}
