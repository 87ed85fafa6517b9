package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"forge.home.arpa/portico/assets"
)

func newInit(s streams, at *places) *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Write a configuration to begin with",
		Long: `Write a configuration with every key explained to ./portico.toml, or where
--config says. A file that exists stays as it is.`,
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			path := firstOf(at.namedConfig(), localConfig)
			if err := writeNew(path, assets.Reference); err != nil {
				return err
			}
			_, err := fmt.Fprintf(s.out, "wrote %s (%d bytes); look it over, then: portico check --config %s\n", path, len(assets.Reference), path)
			return err
		},
	}
}

// writeNew writes a file that must not exist. What could not be written whole
// is taken away again.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists and stays as it is (name another with --config)", path)
	}
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write the configuration: %w", err), os.Remove(path))
	}
	return nil
}
