package proxy

import (
	"fmt"
	"net/netip"
	"strings"
)

// What must be written on the other side: lines for the settings of a server
// that does not know us as its proxy. us is our address as it sees it.

// homeAssistant answers 400 whoever passes X-Forwarded-For on and is not trusted.
func homeAssistant(us netip.Addr) Mend {
	return Mend{
		Words: "Home Assistant does not trust this proxy: write in its configuration.yaml, and restart it:",
		There: []string{"http:", "  use_x_forwarded_for: true", "  trusted_proxies:", "    - " + us.String()},
	}
}

// trustUs is for any other that answers well as soon as nothing is passed on.
func trustUs(us netip.Addr) Mend {
	return Mend{
		Words: fmt.Sprintf("it refuses X-Forwarded-For of a proxy that it does not trust: tell it to trust %s", us),
		There: []string{us.String()},
	}
}

// nextcloud answers 400 where it is asked by a name that it was not told.
func nextcloud(host string, us netip.Addr) Mend {
	return Mend{
		Words: fmt.Sprintf("Nextcloud does not know the name %q: write in its config/config.php, adding to lists that are there:", host),
		There: []string{
			fmt.Sprintf("'trusted_domains' => ['%s'],", host),
			fmt.Sprintf("'trusted_proxies' => ['%s'],", us),
		},
	}
}

// django answers 400 where it is asked by a name that it was not told.
func django(host string) Mend {
	return Mend{
		Words: fmt.Sprintf("Django does not know the name %q: write in its settings:", host),
		There: []string{fmt.Sprintf("ALLOWED_HOSTS = ['%s']", host)},
	}
}

// wordpress sends visitors to the place where they are, or to its own name.
func wordpress(scheme, host string, loop bool) Mend {
	if loop {
		return Mend{
			Words: "WordPress does not see that visitors come by https, and sends them there for ever: write in its wp-config.php, above \"That's all\":",
			There: []string{"if (($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') === 'https') $_SERVER['HTTPS'] = 'on';"},
		}
	}
	return Mend{
		Words: fmt.Sprintf("WordPress sends visitors to the name that it has for itself: write in its wp-config.php, above \"That's all\", so that it is %s:", host),
		There: []string{
			fmt.Sprintf("define('WP_HOME', '%s://%s');", scheme, host),
			fmt.Sprintf("define('WP_SITEURL', '%s://%s');", scheme, host),
		},
	}
}

// tooLargeThere is for a body that the upstream refused, not max_body.
func tooLargeThere(answer head) Mend {
	m := Mend{Words: "the upstream itself refused a body of that size, no max_body of ours: raise its own limit"}
	switch server := strings.ToLower(answer.find("Server")); {
	case strings.HasPrefix(server, "nginx"), strings.HasPrefix(server, "openresty"):
		m.There = []string{"client_max_body_size 1g;"}
	case strings.HasPrefix(server, "apache"):
		m.There = []string{"LimitRequestBody 0"}
	}
	return m
}
