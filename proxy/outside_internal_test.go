package proxy

import (
	"testing"

	"forge.home.arpa/portico/config"
)

// TestRehearsalAuthority: Let's Encrypt's own directory is never asked, another
// authority's is.
func TestRehearsalAuthority(t *testing.T) {
	for directory, want := range map[string]string{
		"":                 letsEncryptStaging,
		letsEncrypt:        letsEncryptStaging,
		letsEncryptStaging: letsEncryptStaging,
		"https://acme-v02.api.letsencrypt.org./directory":     letsEncryptStaging,
		"https://ACME-V02.API.LetsEncrypt.org:443/directory/": letsEncryptStaging,
		"https://acme-v03.api.letsencrypt.org/dir":            letsEncryptStaging,
		"https://ca.home.arpa/acme/acme/directory":            "https://ca.home.arpa/acme/acme/directory",
		"https://notletsencrypt.org/directory":                "https://notletsencrypt.org/directory",
	} {
		if got := rehearsalAuthority(&config.ACME{Directory: directory}).Directory; got != want {
			t.Errorf("%q: %s", directory, got)
		}
	}
	if got := rehearsalAuthority(nil).Directory; got != letsEncryptStaging {
		t.Errorf("without [acme]: %s", got)
	}
	if got := rehearsalAuthority(&config.ACME{Staging: true}).Directory; got != letsEncryptStaging {
		t.Errorf("staging: %s", got)
	}
}
