package tui

import (
	"net/http"

	"forge.home.arpa/portico/proxy/record"
)

// causeWords says each cause as one would to a person.
var causeWords = map[record.Cause]string{
	record.CauseDNS:           "the upstream's name has no address",
	record.CauseRefused:       "nothing listens at the upstream's address",
	record.CauseUnreachable:   "there is no way to the upstream's machine",
	record.CauseDialTimeout:   "the upstream's machine does not answer",
	record.CauseTLSTimeout:    "the TLS handshake with the upstream took too long",
	record.CauseHeaderTimeout: "the upstream took the request and did not answer in time",
	record.CauseBodyTimeout:   "a body stopped coming",
	record.CauseUntrusted:     "the upstream's certificate is not trusted",
	record.CauseProtocol:      "what came is not valid HTTP",
	record.CauseReset:         "the connection broke",
	record.CauseTooLarge:      "it is larger than the limit",
	record.CauseClientGone:    "the client left before the end",
}

// shortCause is why a request failed or was refused, in a word or two.
func shortCause(r *record.Row) string {
	switch {
	case r.Cause != record.CauseNone:
		return r.Cause.String()
	case r.Rule != "":
		return r.Rule
	case r.Route == "":
		return "no route"
	}
	return "upstream says so"
}

// outcome is the status in words and who said so.
func outcome(r *record.Row) string {
	switch {
	case r.Status == 0:
		return "nothing was sent"
	case r.Aborted:
		return http.StatusText(int(r.Status)) + ", broken off before its end"
	}
	return http.StatusText(int(r.Status))
}
