package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"forge.home.arpa/portico/assets"
)

func newUnit(s streams) *cobra.Command {
	display := false
	cmd := &cobra.Command{
		Use:   "unit",
		Short: "Print the systemd unit that runs portico as a service",
		Long: `Print the systemd unit that runs portico as a service under a user of its own,
or with --display the addition that draws its console on the machine's own
display. Each begins with the commands that install it; nothing is changed here.`,
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			text := assets.Unit
			if display {
				text = assets.DisplayUnit
			}
			program, err := os.Executable()
			if err != nil {
				return fmt.Errorf("the path of portico, for its unit: %w", err)
			}
			_, err = io.WriteString(s.out, strings.ReplaceAll(text, assets.UnitProgram, program))
			return err
		},
	}
	cmd.Flags().BoolVar(&display, "display", false, "print what draws the console on /dev/tty1, beside the service's unit")
	return cmd
}
