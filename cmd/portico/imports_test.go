package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	module     = "forge.home.arpa/portico"
	repository = "../.."
)

// floors orders the rooms: one imports only those below it, and itself.
var floors = map[string]int{"assets": 0, "config": 1, "ddns": 2, "proxy": 2, "tui": 3, "cmd": 4}

// open are the back rooms that other rooms may enter, because what is in them
// is part of what their room says.
var open = map[string]bool{
	"proxy/record":      true, // the console shows its rows
	"config/atomicfile": true, // whoever keeps state writes it durably
	"ddns/router":       true, // cmd has it keep ports open for proxy's listeners
}

// rule forbids an import. Packages of this module are named without it.
type rule struct {
	breaks func(from, to string) bool
	reason string
}

var rules = []rule{
	{
		func(from, to string) bool {
			theirs, ours := floors[room(to)], floors[room(from)]
			return inside(to) && room(from) != room(to) && theirs >= ours
		},
		"a room imports only floors below it (cmd, tui, proxy and ddns, config, assets): " +
			"proxy and ddns never know each other nor the console, so each can be tested alone; cmd passes one to the other as an interface",
	},
	{
		func(from, to string) bool {
			return inside(to) && room(from) != room(to) && path.Dir(to) != "." && !open[to]
		},
		"a back room belongs to its own room: ask the room itself, so that it can be rebuilt behind",
	},
	{
		func(from, to string) bool {
			return strings.HasPrefix(from, "proxy/") && room(to) == "config" && to != "config/atomicfile"
		},
		"the back rooms of proxy do not know config: proxy/compile.go alone translates, so each can be tested and fuzzed alone",
	},
	{
		func(from, to string) bool {
			kept := from == "proxy/http1" || from == "proxy/upstream" || from == "proxy/message" || from == "proxy/match" || from == "proxy/cgi"
			return kept && (to == "net/http" || strings.HasPrefix(to, "net/http/"))
		},
		"net/http costs three times nginx and reads what our own parser refuses: the data plane does without it",
	},
	{
		func(_, to string) bool { return to == "net/http/httputil" },
		"ReverseProxy rewrites and forwards by its own rules; portico has one road for a request",
	},
	{
		func(from, to string) bool {
			return to == "github.com/pelletier/go-toml/v2/unstable" && from != "config/tomldoc"
		},
		"the unstable parser may change: config/tomldoc alone absorbs that",
	},
	{
		func(from, to string) bool {
			return strings.HasPrefix(to, "github.com/charmbracelet/") && room(from) != "tui"
		},
		"only the console draws; and what links Bubble Tea outside tui can be initialised before tui/quietterm and query the terminal",
	},
	{
		func(from, to string) bool {
			owned := strings.HasPrefix(to, "github.com/spf13/") || strings.HasPrefix(to, "github.com/coreos/go-systemd/")
			return owned && room(from) != "cmd"
		},
		"the command line and the service manager are the process's business, which is cmd's",
	},
	{
		func(from, to string) bool {
			return to == "os/signal" && room(from) != "cmd" && room(from) != "tui"
		},
		"main owns the signals; the console alone may watch its window's size",
	},
}

// inside tells whether a package is one of this module's. (The standard
// library has none that is named like a room.)
func inside(pkg string) bool {
	_, ok := floors[room(pkg)]
	return ok
}

func room(pkg string) string {
	first, _, _ := strings.Cut(pkg, "/")
	return first
}

// broken gives the reasons against an import.
func broken(from, to string) (reasons []string) {
	for _, r := range rules {
		if r.breaks(from, to) {
			reasons = append(reasons, r.reason)
		}
	}
	return reasons
}

func TestImports(t *testing.T) {
	packages := map[string]bool{}
	for _, file := range sources(t) {
		from := filepath.ToSlash(filepath.Dir(file))
		packages[from] = true
		for _, to := range importsOf(t, file) {
			for _, reason := range broken(from, strings.TrimPrefix(to, module+"/")) {
				t.Errorf("%s imports %s: %s", file, to, reason)
			}
		}
	}
	for _, name := range []string{"cmd/portico", "tui", "proxy", "config", "assets"} {
		if !packages[name] {
			t.Errorf("package %s was not looked at", name)
		}
	}
}

// A table that forbids nothing would pass for ever.
func TestImportRulesForbid(t *testing.T) {
	for _, c := range []struct {
		from, to string
		wrong    bool
	}{
		{"proxy", "config", false},
		{"proxy", "proxy/http1", false},
		{"proxy/upstream", "proxy/message", false},
		{"tui", "proxy/record", false},
		{"cmd/portico", "ddns", false},
		{"config/tomldoc", "github.com/pelletier/go-toml/v2/unstable", false},
		{"proxy/http1", "net/netip", false},
		{"proxy", "ddns", true},
		{"ddns", "proxy", true},
		{"proxy", "tui", true},
		{"proxy", "cmd/portico", true},
		{"config", "proxy/record", true},
		{"assets", "config", true},
		{"tui", "config/tomldoc", true},
		{"cmd/portico", "proxy/http1", true},
		{"proxy/match", "config", true},
		{"proxy/http1", "net/http", true},
		{"proxy/upstream", "net/http/httptrace", true},
		{"proxy", "net/http/httputil", true},
		{"config", "github.com/pelletier/go-toml/v2/unstable", true},
		{"cmd/portico", "github.com/charmbracelet/lipgloss", true},
		{"proxy", "os/signal", true},
		{"proxy", "github.com/coreos/go-systemd/v22/daemon", true},
	} {
		if got := broken(c.from, c.to) != nil; got != c.wrong {
			t.Errorf("%s imports %s: forbidden is %v, want %v", c.from, c.to, got, c.wrong)
		}
	}
}

// sources lists the Go files of the repository that are built into it.
func sources(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(repository, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && name != repository
		if d.IsDir() && (hidden || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			file, err := filepath.Rel(repository, name)
			files = append(files, file)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func importsOf(t *testing.T, file string) (paths []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(repository, file), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, name)
	}
	return paths
}

// The top level is fixed: whoever opens the repository sees the house and
// nothing beside it.
func TestTopLevel(t *testing.T) {
	allowed := map[string]bool{"LICENSE": true}
	for _, name := range strings.Fields("cmd tui proxy config ddns assets go.mod go.sum README.md") {
		allowed[name] = true
	}
	for _, name := range topLevel(t) {
		if !allowed[name] && !strings.HasPrefix(name, ".") {
			t.Errorf("%s stands at the top level; it belongs into one of the rooms", name)
		}
	}
}

// topLevel is what git has; without git, what is there but for what git would
// ignore.
func topLevel(t *testing.T) (names []string) {
	t.Helper()
	git := exec.Command("git", "ls-files")
	git.Dir = repository
	if out, err := git.Output(); err == nil && len(out) > 0 {
		for file := range strings.Lines(string(out)) {
			names = append(names, room(strings.TrimSpace(file)))
		}
		return names
	}
	entries, err := os.ReadDir(repository)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "portico" && e.Name() != "portico.toml" {
			names = append(names, e.Name())
		}
	}
	return names
}
