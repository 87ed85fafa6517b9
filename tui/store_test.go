package tui

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// homeFile is the file of the homes under test. Its spelling is odd on
// purpose: an edit must not straighten it.
const homeFile = `# our home
[server]
http = ":8080"

[preset.family]
allow = ["lan", "10.8.0.0/24"]

[route.git]          # ann's
host = "git.home.lan"
to   = ["http://nas:3000"]

[route.photos]
use  = "family"
host = ["photos.home.lan", "bilder.home.lan"]
path = '/api/*'
to   = "http://nas:2342"   # the old one
strip_prefix = "/api"

[route.cloud]
host = "cloud.home.lan"
to = ["http://10.0.0.7:8000", { url = "http://10.0.0.8:8000", weight = 2 }]

[route.old]
host = "old.home.lan"
to = "http://nas:80"
enabled = false
`

// realStore is a store on a file in a temporary folder. What is committed
// shows in the world, as the proxy's status would.
func realStore(t testing.TB, w *world, text string) *config.Store {
	t.Helper()
	s, err := w.openStore(t.TempDir(), text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *world) openStore(dir, text string) (*config.Store, error) {
	file := filepath.Join(dir, "portico.toml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return nil, err
	}
	w.state = filepath.Join(dir, "state")
	return config.Open(config.Options{Path: file, State: w.state}, w)
}

// Prepare implements config.Preparer.
func (w *world) Prepare(c *config.Config) (config.Change, error) {
	if w.refuse != nil {
		return nil, w.refuse
	}
	return change{w, c}, nil
}

type change struct {
	w *world
	c *config.Config
}

func (change) Discard() {}

func (c change) Commit() {
	var routes []proxy.RouteStatus
	for _, r := range c.c.Routes {
		s := proxy.RouteStatus{Name: r.Name, Enabled: r.Enabled, Hosts: r.Hosts, Paths: r.Paths, Health: proxy.StateOK}
		for _, u := range r.To {
			s.To = append(s.To, u.URL)
		}
		s.Target = strings.Join(s.To, " ")
		routes = append(routes, s)
	}
	c.w.status.Routes = routes
}

// editor is a person at a console over a real file.
type editor struct {
	*person
	store *config.Store
	world *world
}

func edit(t *testing.T, o modelOptions) *editor {
	t.Helper()
	w := home()
	s := realStore(t, w, homeFile)
	if o.Width == 0 {
		o.Width, o.Height = 80, 24
	}
	o.Env.UTF8 = true
	return &editor{sit(t, w.source(s), o), s, w}
}

// file is the text on disk.
func (e *editor) file() string {
	e.t.Helper()
	text, err := os.ReadFile(e.store.Path())
	if err != nil {
		e.t.Fatal(err)
	}
	return string(text)
}

// wantFile compares the file with the home's, edited by replacing pairs.
func (e *editor) wantFile(pairs ...string) {
	e.t.Helper()
	want := homeFile
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(want, pairs[i]) {
			e.t.Fatalf("%q is not in the file", pairs[i])
		}
		want = strings.Replace(want, pairs[i], pairs[i+1], 1)
	}
	if got := e.file(); got != want {
		e.t.Errorf("the file is\n%s\nwant\n%s", got, want)
	}
}

// elsewhere changes the file as another program would.
func (e *editor) elsewhere(old, new string) {
	e.t.Helper()
	text := strings.Replace(e.file(), old, new, 1)
	if err := os.WriteFile(e.store.Path(), []byte(text), 0o644); err != nil {
		e.t.Fatal(err)
	}
}

// history is who did what last.
func (e *editor) last() string {
	a, ok := e.store.Last()
	if !ok {
		return ""
	}
	return a.Who + ": " + a.What
}

// clear empties the field with the focus.
func (e *editor) clear() { e.press("end", "ctrl+u") }

// stuckStore is a store that never answers within its deadline.
type stuckStore struct{ Store }

func (s stuckStore) Update(ctx context.Context, _ *config.Revision, _, _ string, _ func(*config.File) error) error {
	<-ctx.Done()
	return ctx.Err()
}
