package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// alone gives the test an empty directory and environment.
func alone(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"PORTICO_CONFIG", "PORTICO_SOCKET", "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "XDG_STATE_HOME"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", dir)
	if _, err := os.Stat(systemConfig); err == nil {
		t.Skip(systemConfig + " exists on this machine")
	}
	return dir
}

func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestConfigSearch(t *testing.T) {
	alone(t)
	find := func(p places) string {
		t.Helper()
		path, found, err := p.configFile()
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			path += " (starter)"
		}
		return path
	}
	if got := find(places{}); got != "portico.toml (starter)" {
		t.Errorf("with nothing there: %s", got)
	}
	touch(t, "portico.toml")
	if got := find(places{}); got != "portico.toml" {
		t.Errorf("with a local file: %s", got)
	}
	touch(t, "env.toml")
	t.Setenv("PORTICO_CONFIG", "env.toml")
	if got := find(places{}); got != "env.toml" {
		t.Errorf("with the variable: %s", got)
	}
	touch(t, "flag.toml")
	if got := find(places{config: "flag.toml"}); got != "flag.toml" {
		t.Errorf("with the flag: %s", got)
	}
}

func TestNamedConfigThatIsMissingIsNoStarter(t *testing.T) {
	alone(t)
	touch(t, "portico.toml")
	if _, _, err := (&places{config: "gone.toml"}).configFile(); err == nil || !strings.Contains(err.Error(), "gone.toml") {
		t.Errorf("flag: %v", err)
	}
	t.Setenv("PORTICO_CONFIG", "gone.toml")
	if _, _, err := (&places{}).configFile(); err == nil {
		t.Error("variable: no error")
	}
}

func TestStateSearch(t *testing.T) {
	dir := alone(t)
	find := func(p places) string {
		t.Helper()
		path, err := p.stateDir()
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	check := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	check(find(places{}), filepath.Join(dir, ".local/state/portico"))
	t.Setenv("XDG_STATE_HOME", "relative")
	check(find(places{}), filepath.Join(dir, ".local/state/portico"))
	t.Setenv("XDG_STATE_HOME", "/xdg")
	check(find(places{}), "/xdg/portico")
	t.Setenv("STATE_DIRECTORY", "/var/lib/one:/var/lib/two")
	check(find(places{}), "/var/lib/one")
	check(find(places{state: "/flag"}), "/flag")

	t.Setenv("STATE_DIRECTORY", "")
	t.Setenv("XDG_STATE_HOME", "")
	t.Setenv("HOME", "")
	if os.Geteuid() == 0 {
		check(find(places{}), systemState)
	} else if _, err := (&places{}).stateDir(); err == nil {
		t.Error("without a home: no error")
	}
}

func TestSocketSearch(t *testing.T) {
	dir := alone(t)
	if _, err := os.Stat(systemRun); err == nil {
		t.Skip(systemRun + " exists on this machine")
	}
	state := filepath.Join(dir, ".local/state/portico")
	check := func(service, want string, clients []string, wanted ...string) {
		t.Helper()
		if service != want {
			t.Errorf("the service makes %s, want %s", service, want)
		}
		if !slices.Equal(clients, wanted) {
			t.Errorf("a client tries %q, want %q", clients, wanted)
		}
	}
	p := &places{}
	check(p.serviceSocket(state), state+"/control.sock", p.clientSockets(), state+"/control.sock")
	check(p.serviceSocket(""), "", p.clientSockets(), state+"/control.sock")
	t.Setenv("RUNTIME_DIRECTORY", "/run/x:/run/y")
	check(p.serviceSocket(state), "/run/x/control.sock", p.clientSockets(), "/run/x/control.sock", state+"/control.sock")
	t.Setenv("PORTICO_SOCKET", "env.sock")
	check(p.serviceSocket(state), "env.sock", p.clientSockets(), "env.sock")
	p.socket = "flag.sock"
	check(p.serviceSocket(state), "flag.sock", p.clientSockets(), "flag.sock")
}
