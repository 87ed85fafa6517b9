package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// trustStores are the folders in which Linux systems keep the authorities that
// their owner adds, each with the command that takes note of them.
var trustStores = []struct{ folder, update string }{
	{"usr/local/share/ca-certificates", "update-ca-certificates"},   // Debian, Ubuntu, Raspberry Pi OS
	{"etc/pki/ca-trust/source/anchors", "update-ca-trust"},          // Fedora
	{"etc/ca-certificates/trust-source/anchors", "update-ca-trust"}, // Arch
}

const (
	rootFile = "portico-ca.crt"
	// updateTime bounds the system's own command: it reads some 150 certificates.
	updateTime = 2 * time.Minute
)

// installRoot lets this machine trust an authority; the folders are under top.
func installRoot(ctx context.Context, s streams, top, root string) error {
	for _, store := range trustStores {
		folder := filepath.Join(top, store.folder)
		update, err := exec.LookPath(store.update)
		if _, missing := os.Stat(folder); missing != nil || err != nil {
			continue
		}
		file := filepath.Join(folder, rootFile)
		if err := os.WriteFile(file, []byte(root), 0o644); err != nil {
			return notWritten(err)
		}
		ctx, cancel := context.WithTimeout(ctx, updateTime)
		defer cancel()
		if said, err := exec.CommandContext(ctx, update).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %.500s", store.update, err, said)
		}
		fmt.Fprintf(s.out, "this machine trusts portico's authority now (%s)\n", file)
		fmt.Fprintln(s.err, "browsers with a store of their own, and other devices, are still to be told: portico trust --help")
		return nil
	}
	return errors.New("no trust store is known for this system; portico trust --help has the steps for others")
}

func notWritten(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: it needs root, sudo portico trust --install", err)
	}
	return err
}
