package accesslog

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

// line is a request in JSON. The names are what scripts rely on.
type line struct {
	Time     string  `json:"time"`
	ID       string  `json:"id"`
	Client   string  `json:"client"`
	Method   string  `json:"method"`
	Host     string  `json:"host"`
	Path     string  `json:"path"`
	Status   uint16  `json:"status"`
	Bytes    int64   `json:"bytes"`
	MS       float64 `json:"ms"`
	Route    string  `json:"route"`
	Upstream string  `json:"upstream"`
	Cause    string  `json:"cause"`
	Rule     string  `json:"rule"`   // who refused it: "bad request", "deny lan"
	Detail   string  `json:"detail"` // the cause or the rule in words
}

func appendJSON(b []byte, r *record.Row) []byte {
	text, err := json.Marshal(line{
		Time: time.Unix(0, r.Start).UTC().Format("2006-01-02T15:04:05.000Z07:00"), ID: idOf(r), Client: addrOf(r.Client),
		Method: r.Method.String(), Host: r.Host.String(), Path: hideQuery(r.Path.String()), Status: r.Status,
		Bytes: r.BytesOut, MS: float64(r.Total.Microseconds()) / 1000, Route: r.Route, Upstream: r.Upstream,
		Cause: r.Cause.String(), Rule: r.Rule, Detail: r.Detail,
	})
	if err != nil {
		return b // of strings and numbers, there is none
	}
	return append(append(b, text...), '\n')
}

func idOf(r *record.Row) string {
	if id := r.ReqID.String(); id != "" {
		return id
	}
	return strconv.FormatUint(r.ID, 10)
}

func addrOf(a netip.Addr) string {
	if !a.IsValid() {
		return "-"
	}
	return a.String()
}

// hideQuery keeps secrets in a query out of the file.
func hideQuery(path string) string {
	if before, _, found := strings.Cut(path, "?"); found {
		return before + "?***"
	}
	return path
}

// appendCombined writes the format that most tools for logs read.
func appendCombined(b []byte, r *record.Row, head []byte) []byte {
	b = append(append(b, addrOf(r.Client)...), " - - ["...)
	b = time.Unix(0, r.Start).AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(b, `] "`...)
	b = appendSafe(b, r.Method.String())
	b = append(b, ' ')
	b = appendSafe(b, hideQuery(r.Path.String()))
	b = append(append(append(b, ' '), r.Proto.String()...), `" `...)
	b = append(strconv.AppendUint(b, uint64(r.Status), 10), ' ')
	b = append(strconv.AppendInt(b, r.BytesOut, 10), ` "`...)
	b = appendSafe(b, orDash(hideQuery(fieldOf(head, "referer"))))
	b = append(b, `" "`...)
	b = appendSafe(b, orDash(fieldOf(head, "user-agent")))
	return append(b, "\"\n"...)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// appendSafe keeps a stranger's bytes from ending a field, a line, or a
// terminal's patience.
func appendSafe(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c >= 0x7f:
			const digits = "0123456789abcdef"
			b = append(b, '\\', 'x', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}

// fieldOf finds a field in a head as it was on the wire, "" without one.
func fieldOf(head []byte, name string) string {
	for text := range bytes.SplitSeq(head, []byte("\r\n")) {
		key, value, found := bytes.Cut(text, []byte(":"))
		if found && strings.EqualFold(string(key), name) {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}
