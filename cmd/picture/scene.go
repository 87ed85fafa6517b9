package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

// home is the configuration of the scene. The fields are addresses.
const home = `[server]
http = "{{.portico}}"
https = "{{.secure}}"
trusted_proxies = ["127.0.0.1"] # the visitors of the scene say where they come from

[route.photos]
host = "photos.home.lan"
to   = "http://{{.photos}}"

[route.cloud]
host = "cloud.home.lan"
to   = "http://{{.cloud}}"

[route.git]
host = "git.home.lan"
to   = "http://{{.git}}"

[route.cctv]
host  = "cctv.home.lan"
to    = "http://{{.cctv}}"
allow = ["192.168.1.0/24"]

[route.media]
host = "media.home.lan"
to   = "http://{{.media}}"

[route.wiki]
host    = "wiki.home.lan"
to      = "http://{{.media}}"
enabled = false

[route.www]
host     = "www.home.lan"
redirect = "http://media.home.lan{uri}"
`

// photograph plays the scene and takes the picture.
func photograph(ctx context.Context, o options, w io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "picture")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	portico := o.portico
	if portico == "" {
		portico = filepath.Join(dir, "portico")
		if err := build(ctx, portico); err != nil {
			return err
		}
	}
	ctx, leave := context.WithCancel(ctx)
	addresses, wait, err := openHome(ctx)
	defer wait()
	defer leave()
	if err != nil {
		return err
	}
	cmd, err := porticoCommand(portico, dir, o.page, addresses)
	if err != nil {
		return err
	}
	t, err := open(cmd, o.cols, o.rows)
	if err != nil {
		return err
	}
	defer t.close()
	return pose(ctx, o, t, addresses["portico"], w)
}

// pose lets visitors come, presses the keys, and takes the picture while they
// still do.
func pose(ctx context.Context, o options, t *terminal, address string, w io.Writer) error {
	if err := answers(ctx, t, address); err != nil {
		return err
	}
	ctx, leave := context.WithCancel(ctx)
	gone := make(chan struct{})
	go func() { defer close(gone); visit(ctx, address) }()
	defer func() { leave(); <-gone }()
	if err := t.pause(ctx, o.after); err != nil {
		return err
	}
	if err := t.press(ctx, o.keys); err != nil {
		return err
	}
	return t.draw(ctx, w)
}

// answers waits until portico listens.
func answers(ctx context.Context, t *terminal, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		if c, err := net.Dial("tcp", address); err == nil {
			return c.Close()
		}
		if err := t.pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("portico does not listen on %s: %w", address, err)
		}
	}
}

func build(ctx context.Context, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", to, "forge.home.arpa/portico/cmd/portico")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("portico does not build: %w\n%s", err, text)
	}
	return nil
}

// porticoCommand writes the configuration and makes the command, in an
// environment in which nothing of this machine's own shows.
func porticoCommand(portico, dir, page string, addresses map[string]string) (*exec.Cmd, error) {
	t, err := template.New("home").Option("missingkey=error").Parse(home)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	if err := t.Execute(&text, addresses); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "portico.toml")
	if err := os.WriteFile(config, []byte(text.String()), 0o600); err != nil {
		return nil, err
	}
	portico, err = filepath.Abs(portico)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(portico, "run", "--config", config,
		"--state", filepath.Join(dir, "state"), "--socket", filepath.Join(dir, "control.sock"))
	if page != "" {
		cmd.Args = append(cmd.Args, "--page", page)
	}
	cmd.Dir = dir
	cmd.Env = []string{"TERM=xterm-256color", "LANG=C.UTF-8", "HOME=" + dir, "PATH=" + os.Getenv("PATH"), "TZ=UTC"}
	return cmd, nil
}
