package proxy_test

import (
	"strings"
	"testing"

	"forge.home.arpa/portico/proxy/cgi/cgitest"
	"forge.home.arpa/portico/proxy/record"
)

// TestFastCGIRecords: what only its framing can get wrong.
func TestFastCGIRecords(t *testing.T) {
	const good = "Content-Type: text/plain\n\nhello"
	for _, c := range []struct {
		name, answer string
		status       int
		cause        record.Cause
	}{
		{"in one piece", cgitest.Record(6, good) + cgitest.End(0, 0), 200, record.CauseNone},
		{"byte by byte", bytewise(good) + cgitest.End(0, 0), 200, record.CauseNone},
		{"errors within the head", cgitest.Record(7, "oh\nno") + cgitest.Record(6, good[:9]) + cgitest.Record(7, "\nagain\n") + cgitest.Record(6, good[9:]) + cgitest.Record(7, "") + cgitest.End(0, 0), 200, record.CauseNone},
		{"a status of the application", cgitest.Record(6, good) + cgitest.End(1, 0), 200, record.CauseNone},
		{"more after the end", cgitest.Record(6, good) + cgitest.End(0, 0) + "HTTP/1.1 200 OK\r\n\r\n", 200, record.CauseNone},
		{"another version", "\x02" + cgitest.Record(6, good)[1:] + cgitest.End(0, 0), 502, record.CauseProtocol},
		{"another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", 502, record.CauseProtocol},
		{"another request", strings.Replace(cgitest.Record(6, good), "\x00\x01", "\x00\x02", 1) + cgitest.End(0, 0), 502, record.CauseProtocol},
		{"an unknown type", cgitest.Record(99, good) + cgitest.End(0, 0), 502, record.CauseProtocol},
		{"a request in place of an answer", cgitest.Record(1, "\x00\x01\x00\x00\x00\x00\x00\x00"), 502, record.CauseProtocol},
		{"overloaded", cgitest.End(0, 2), 502, record.CauseProtocol},
		{"no responder", cgitest.End(0, 3), 502, record.CauseProtocol},
		{"a status nobody knows", cgitest.End(0, 77), 502, record.CauseProtocol},
		{"an end without a status", cgitest.Record(3, "\x00"), 502, record.CauseProtocol},
		{"output after its end", cgitest.Record(6, "") + cgitest.Record(6, good) + cgitest.End(0, 0), 502, record.CauseProtocol},
		{"no end", cgitest.Record(6, "X-A: b\n"), 502, record.CauseReset},
		{"half a record", cgitest.Record(6, good)[:12], 502, record.CauseReset},
		{"half a record's head", cgitest.Record(6, good)[:5], 502, record.CauseReset},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, cgiRoute("fastcgi", asked(t, cgitest.ReadFastCGI, func(map[string]string) string { return c.answer }), ""))
			resp, body := s.get("home.test", "/")
			row := s.lastRow(1)
			if resp.StatusCode != c.status || row.Cause != c.cause || (body == "hello") != (c.status == 200) {
				t.Errorf("%d %q, %v: %s", resp.StatusCode, body, row.Cause, row.Detail)
			}
		})
	}
}

func bytewise(s string) (out string) {
	for i := range len(s) {
		out += cgitest.Record(6, s[i:i+1])
	}
	return out
}

// TestFastCGIEndMissing: an answer without the end of its request was cut.
func TestFastCGIEndMissing(t *testing.T) {
	s := newSite(t, cgiRoute("fastcgi", asked(t, cgitest.ReadFastCGI, func(map[string]string) string {
		return cgitest.Record(6, "Content-Type: text/plain\n\nhello")
	}), ""))
	answer := s.raw("GET / HTTP/1.1\r\nHost: home.test\r\nConnection: close\r\n\r\n")
	if strings.HasSuffix(answer, "0\r\n\r\n") {
		t.Errorf("it looks complete:\n%s", answer)
	}
	if row := s.lastRow(1); !row.Aborted || row.Cause != record.CauseReset {
		t.Errorf("aborted %v, %v: %s", row.Aborted, row.Cause, row.Detail)
	}
}
