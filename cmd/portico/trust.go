package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

const trustHelp = `Names like nas.home.arpa and private addresses get certificates from portico's
own authority: no other vouches for them. A device that trusts its root shows no
warning for them. The root can vouch for nothing else: it is held to the home's
names (lan, local, home.arpa, internal, test, localhost) and private addresses.

  portico trust > portico-ca.crt
  sudo portico trust --install      this Linux machine itself

Debian, Ubuntu, Raspberry Pi OS
  sudo cp portico-ca.crt /usr/local/share/ca-certificates/
  sudo update-ca-certificates
Fedora
  sudo cp portico-ca.crt /etc/pki/ca-trust/source/anchors/
  sudo update-ca-trust
macOS
  sudo security add-trusted-cert -d -r trustRoot \
    -k /Library/Keychains/System.keychain portico-ca.crt
Windows, as administrator
  certutil -addstore -f ROOT portico-ca.crt
iPhone, iPad
  Send it there and open it; Settings, Profile downloaded, Install; then
  General, About, Certificate Trust Settings: switch it on.
Android
  Settings, Security, Encryption and credentials, Install a certificate, CA.
Firefox
  Settings, Privacy and Security, View Certificates, Authorities, Import.
`

func newTrust(s streams, at *places) *cobra.Command {
	var install bool
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "Print the root of the home's own authority, for devices that are to trust it",
		Long:  trustHelp,
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			root, err := at.localRoot()
			if err != nil {
				return err
			}
			if install {
				return installRoot(cmd.Context(), s, "/", root)
			}
			fmt.Fprint(s.out, root)
			if _, ok := terminalOf(s.out); ok {
				fmt.Fprintln(s.err, "\nportico trust --help says how each system takes it")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&install, "install", false, "let this machine trust it; needs root")
	return cmd
}

// localRoot asks the running portico for the certificate of its authority.
func (at *places) localRoot() (string, error) {
	c, err := at.dial()
	if err != nil {
		return "", err
	}
	defer c.conn.Close()
	a, err := c.ask(request{Command: "trust"})
	return a.Root, err
}

// trustCommand answers `trust`.
func (sv *service) trustCommand() command {
	return func(_ context.Context, c *caller) error {
		root, err := sv.server.LocalRoot()
		if err != nil {
			return err
		}
		return c.answer(answer{Root: string(root)})
	}
}
