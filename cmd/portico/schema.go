package main

import (
	"github.com/spf13/cobra"

	"forge.home.arpa/portico/config"
)

func newSchema(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration, for editors",
		Long: `Print the JSON Schema of the configuration. An editor that knows TOML completes
and checks the file by it:

  portico schema > portico.schema.json

and as the first line of portico.toml:

  #:schema ./portico.schema.json`,
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			_, err := s.out.Write(config.Schema())
			return err
		},
	}
}
