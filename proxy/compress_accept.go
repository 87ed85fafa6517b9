package proxy

import (
	"bytes"

	"forge.home.arpa/portico/proxy/message"
)

// weights are how much a client likes each content coding that portico knows,
// in thousandths; 0 is not at all (RFC 9110 section 12.5.3).
type weights struct{ identity, gzip, zstd int }

// acceptedCodings reads Accept-Encoding. A client that sends none may take
// anything, but nobody asked for more than the plain text.
func acceptedCodings(fields message.Fields) (w weights) {
	const unsaid = -1
	w, rest := weights{unsaid, unsaid, unsaid}, unsaid
	for i := range fields {
		if !message.EqualFold(fields[i].Name, "Accept-Encoding") {
			continue
		}
		for item := range bytes.SplitSeq(fields[i].Value, []byte(",")) {
			name, parameters, _ := bytes.Cut(item, []byte(";"))
			name = bytes.TrimSpace(name)
			q := weight(parameters)
			switch {
			case message.EqualFold(name, "gzip"), message.EqualFold(name, "x-gzip"):
				w.gzip = max(w.gzip, q)
			case message.EqualFold(name, "zstd"):
				w.zstd = max(w.zstd, q)
			case message.EqualFold(name, "identity"):
				w.identity = max(w.identity, q)
			case string(name) == "*":
				rest = max(rest, q)
			}
		}
	}
	for _, coding := range [...]*int{&w.gzip, &w.zstd} {
		if *coding == unsaid {
			*coding = max(rest, 0)
		}
	}
	if w.identity == unsaid && rest != 0 {
		w.identity = 1 // always acceptable unless refused, yet nobody's first choice
	}
	w.identity = max(w.identity, 0)
	return w
}

// weight reads "q=0.5"; without it is 1000, and what is malformed is refused.
func weight(parameters []byte) int {
	name, value, _ := bytes.Cut(bytes.TrimSpace(parameters), []byte("="))
	if len(name) == 0 {
		return 1000
	}
	name, value = bytes.TrimSpace(name), bytes.TrimSpace(value)
	if !message.EqualFold(name, "q") || len(value) == 0 || len(value) > 5 || len(value) > 1 && value[1] != '.' {
		return 0
	}
	n, unit := 0, 1000
	for i, c := range value {
		if i == 1 {
			continue // the dot
		}
		if c < '0' || c > '9' {
			return 0
		}
		n, unit = n+int(c-'0')*unit, unit/10
	}
	if n > 1000 {
		return 0
	}
	return n
}

// coding is the one to be used: what the client likes best, zstd where it does
// not care; "" for none.
func (w weights) coding() string {
	switch {
	case max(w.zstd, w.gzip) == 0 || max(w.zstd, w.gzip) < w.identity:
		return ""
	case w.zstd >= w.gzip:
		return "zstd"
	}
	return "gzip"
}
