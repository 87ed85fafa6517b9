package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"forge.home.arpa/portico/assets"
	"forge.home.arpa/portico/config"
)

// Where things lie when nobody says otherwise.
const (
	localConfig  = "portico.toml"
	systemConfig = "/etc/portico/portico.toml"
	starterName  = "starter.toml" // as problems of the starter are reported
	systemState  = "/var/lib/portico"
	systemRun    = "/run/portico"
	socketName   = "control.sock"
)

// places finds the configuration, the state directory and the control socket.
// A flag goes before its environment variable, both before the search.
type places struct{ config, state, socket string }

func (p *places) flags(set *pflag.FlagSet) {
	set.StringVar(&p.config, "config", "", "configuration `FILE` ($PORTICO_CONFIG; ./portico.toml, "+systemConfig+", the starter)")
	set.StringVar(&p.state, "state", "", "state `DIRECTORY` ($STATE_DIRECTORY; XDG state)")
	set.StringVar(&p.socket, "socket", "", "control `SOCKET` ($PORTICO_SOCKET; runtime or state directory)")
}

// namedConfig is the file that a flag or the environment names, or "".
func (p *places) namedConfig() string { return firstOf(p.config, os.Getenv("PORTICO_CONFIG")) }

// configFile finds the configuration. Where there is none, found is false and
// path is where the first edit writes one. A file that is named but missing is
// an error, and so is one that is there but cannot be looked at, both with its
// path: the starter must never stand in for a person's own routes.
func (p *places) configFile() (path string, found bool, err error) {
	if named := p.namedConfig(); named != "" {
		_, err := os.Stat(named)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w (write one with portico init --config %s)", err, named)
		}
		if err != nil {
			return named, false, fmt.Errorf("configuration: %w", err)
		}
		return named, true, nil
	}
	for _, path := range []string{localConfig, systemConfig} {
		_, err := os.Stat(path)
		if err == nil {
			return path, true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR) {
			return path, false, fmt.Errorf("configuration: %w", err)
		}
	}
	return localConfig, false, nil
}

// configText reads the configuration, or the starter, with the name that
// problems are reported under; an error comes with that name too.
func (p *places) configText() (name string, text []byte, err error) {
	path, found, err := p.configFile()
	if err != nil {
		return path, nil, err
	}
	if !found {
		return starterName, assets.Starter, nil
	}
	text, err = config.ReadFile(path)
	if err != nil {
		return path, nil, fmt.Errorf("configuration: %w", err)
	}
	return path, text, nil
}

// stateDir is the state directory's path, whether or not it exists.
func (p *places) stateDir() (string, error) {
	// systemd separates several by colons; ours is the first.
	service, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":")
	if dir := firstOf(p.state, service); dir != "" {
		return dir, nil
	}
	// The XDG specification has relative paths ignored.
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "portico"), nil
	}
	if home := os.Getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "state", "portico"), nil
	}
	if os.Geteuid() == 0 {
		return systemState, nil
	}
	return "", errors.New("no state directory: HOME is not set (name one with --state)")
}

// namedSocket is the socket that a flag or the environment names, or "".
func (p *places) namedSocket() string { return firstOf(p.socket, os.Getenv("PORTICO_SOCKET")) }

// serviceSocket is where the control socket is made; state is "" where there
// is no state directory, and the answer "" where there is no place at all.
func (p *places) serviceSocket(state string) string {
	if named := p.namedSocket(); named != "" {
		return named
	}
	if dir := runtimeDir(); dir != "" {
		return filepath.Join(dir, socketName)
	}
	if unix.Access(systemRun, unix.W_OK) == nil {
		return filepath.Join(systemRun, socketName)
	}
	if state == "" {
		return ""
	}
	return filepath.Join(state, socketName)
}

// clientSockets are the places where a running portico may answer, in order.
// A client need not be able to write where the service could.
func (p *places) clientSockets() []string {
	if named := p.namedSocket(); named != "" {
		return []string{named}
	}
	var dirs []string
	if dir := runtimeDir(); dir != "" {
		dirs = append(dirs, dir)
	}
	if _, err := os.Stat(systemRun); err == nil {
		dirs = append(dirs, systemRun)
	}
	if dir, err := p.stateDir(); err == nil {
		dirs = append(dirs, dir)
	}
	paths := make([]string, 0, len(dirs))
	for _, dir := range slices.Compact(dirs) {
		paths = append(paths, filepath.Join(dir, socketName))
	}
	return paths
}

// runtimeDir is the service's runtime directory, as systemd names it.
func runtimeDir() string {
	dir, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":")
	return dir
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
