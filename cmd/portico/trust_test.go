package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTrust: what is printed is the root that vouches for the home's names.
func TestTrust(t *testing.T) {
	h := newHome(t)
	h.write("portico.toml", fmt.Sprintf("[server]\nhttps = \"127.0.0.1:%d\"\n[route.nas]\nhost = \"nas.home.arpa\"\nrespond = { status = 204 }\n", freePort(t)))
	if r := h.run("trust"); r.code != 1 || r.err == "" {
		t.Errorf("without a portico that runs: %+v", r)
	}
	h.start("run", "--headless").serving()
	block, rest := pem.Decode([]byte(h.does("trust")))
	if block == nil || len(rest) > 0 {
		t.Fatal("it is not one certificate alone")
	}
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil || !root.IsCA || !root.PermittedDNSDomainsCritical {
		t.Errorf("%v: %+v", err, root)
	}
}

// TestTrustInstall: the root lies where the system looks, the system is told,
// and what it says against that is told on.
func TestTrustInstall(t *testing.T) {
	for _, store := range trustStores {
		t.Run(store.folder, func(t *testing.T) {
			top, bin := t.TempDir(), t.TempDir()
			t.Setenv("PATH", bin)
			var out, err bytes.Buffer
			install := func() error {
				out.Reset()
				return installRoot(context.Background(), streams{out: &out, err: &err}, top, "the root")
			}
			if problem := install(); problem == nil || !strings.Contains(problem.Error(), "no trust store") {
				t.Errorf("a system that is not known: %v", problem)
			}
			if err := os.MkdirAll(filepath.Join(top, store.folder), 0o755); err != nil {
				t.Fatal(err)
			}
			says(t, bin, store.update, "exit 0")
			if problem := install(); problem != nil || !strings.Contains(out.String(), "trusts") {
				t.Errorf("%v: %s", problem, &out)
			}
			kept, readErr := os.ReadFile(filepath.Join(top, store.folder, rootFile))
			if readErr != nil || string(kept) != "the root" {
				t.Errorf("%v: %q", readErr, kept)
			}
			says(t, bin, store.update, "echo the bundle is broken; exit 3")
			if problem := install(); problem == nil || !strings.Contains(problem.Error(), "the bundle is broken") {
				t.Errorf("a command that fails: %v", problem)
			}
		})
	}
}

// says makes a command of a line for the shell.
func says(t *testing.T, folder, name, line string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+line+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}
