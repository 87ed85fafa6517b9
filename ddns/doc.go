// Package ddns keeps names at a home's public address: it finds the address,
// tells the providers of the [ddns.NAME] tables when it changed, and remembers
// what each of them answered. Through the same providers it publishes the TXT
// records that a certificate for a wildcard needs.
//
// It owns the providers' protocols and what their replies mean. It does not
// know routes beyond their hosts, nor certificates. A Service is safe for
// concurrent use; a provider serves one job at a time.
package ddns
