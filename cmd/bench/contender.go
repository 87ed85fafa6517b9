//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
)

// contender is a proxy and how to start it in the foreground.
type contender struct {
	name string
	// find returns the path of its program; dir is its own folder.
	find func(ctx context.Context, dir string) (string, error)
	// config is a template over setup, file the name it is given.
	config, file string
	args         func(s setup) []string
}

// write writes the proxy's configuration.
func (c contender) write(s setup) error {
	t, err := template.New(c.file).Parse(c.config)
	if err != nil {
		return err
	}
	var b strings.Builder
	if err := t.Execute(&b, s); err != nil {
		return err
	}
	return os.WriteFile(s.Config, []byte(b.String()), 0o600)
}

// contenders are compared with the first of them that takes part. All keep
// connections to the origin, none writes an access log (portico keeps its
// records in memory), and none has more than one core.
func contenders(portico string) []contender {
	return []contender{
		{"nginx", installed("nginx"), nginxConfig, "nginx.conf", func(s setup) []string {
			return []string{"-p", s.Dir, "-c", s.Config, "-e", "stderr"}
		}},
		{"haproxy", installed("haproxy"), haproxyConfig, "haproxy.cfg", func(s setup) []string {
			return []string{"-db", "-f", s.Config}
		}},
		{"caddy", installed("caddy"), caddyConfig, "Caddyfile", func(s setup) []string {
			return []string{"run", "--config", s.Config, "--adapter", "caddyfile"}
		}},
		{"portico", built(portico), porticoConfig, "portico.toml", func(s setup) []string {
			return []string{"run", "--headless", "--config", s.Config,
				"--state", filepath.Join(s.Dir, "state"), "--socket", filepath.Join(s.Dir, "control.sock")}
		}},
	}
}

func installed(name string) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
		for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} { // not in every PATH
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return path, nil
			}
		}
		return "", fmt.Errorf("%s is not installed", name)
	}
}

// built returns path, or builds portico from this module where there is none.
func built(path string) func(context.Context, string) (string, error) {
	return func(ctx context.Context, dir string) (string, error) {
		if path != "" {
			return filepath.Abs(path)
		}
		out := filepath.Join(dir, "portico")
		cmd := exec.CommandContext(ctx, "go", "build", "-o", out, "forge.home.arpa/portico/cmd/portico")
		if text, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("portico does not build: %w\n%s", err, text)
		}
		return out, nil
	}
}
