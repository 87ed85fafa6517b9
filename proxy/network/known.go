package network

import "net/netip"

// The names of the built-in networks.
const (
	LAN        = "lan"        // this machine's own subnets
	Private    = "private"    // what the internet does not route
	Home       = "home"       // our public addresses
	Cloudflare = "cloudflare" // what Cloudflare connects from
)

// private: RFC 1918, RFC 4193, and what never leaves a link or a machine. The
// shared space of RFC 6598 (100.64.0.0/10) is left out: behind it are the other
// customers of a provider.
var private = prefixes(
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
	"127.0.0.0/8", "169.254.0.0/16",
	"::1/128", "fc00::/7", "fe80::/10",
)

// cloudflare is the list that Cloudflare publishes at
// https://www.cloudflare.com/ips/, as it stood on cloudflareDate.
var cloudflare = prefixes(
	"173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22",
	"141.101.64.0/18", "108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20",
	"197.234.240.0/22", "198.41.128.0/17", "162.158.0.0/15", "104.16.0.0/13",
	"104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22",
	"2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32",
	"2405:8100::/32", "2a06:98c0::/29", "2c0f:f248::/32",
)

const cloudflareDate = "2023-09-28"

// inner are the networks that can be a home's own wire: those of private, and
// what is reserved for documentation and tests (RFC 5737, RFC 2544), which the
// internet does not route either.
var inner = prefixes(
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
	"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15",
	"fc00::/7", "fe80::/10",
)

var loopback = prefixes("127.0.0.0/8", "::1/128")

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}
