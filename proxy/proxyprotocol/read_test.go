package proxyprotocol_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"forge.home.arpa/portico/proxy/proxyprotocol"
)

const sig = "\r\n\r\n\x00\r\nQUIT\n"

var (
	v4 = "\xc0\x00\x02\x01\x7f\x00\x00\x01\x04\xd2\x00\x50"
	v6 = "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x07" + strings.Repeat("\x00", 15) + "\x01\x04\xd2\x00\x50"
)

var headers = []struct{ name, header, client string }{
	{"TCP4", "PROXY TCP4 192.0.2.1 127.0.0.1 1234 80\r\n", "192.0.2.1"},
	{"TCP6", "PROXY TCP6 2001:db8::7 ::1 1234 80\r\n", "2001:db8::7"},
	{"TCP6 as long as can be", "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535 65535\r\n", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	{"mapped", "PROXY TCP6 ::ffff:192.0.2.1 ::1 0 0\r\n", "192.0.2.1"},
	{"unknown", "PROXY UNKNOWN\r\n", ""},
	{"unknown with words", "PROXY UNKNOWN ffff::1 some thing 1 2\r\n", ""},
	{"v2 TCP4", sig + "\x21\x11\x00\x0c" + v4, "192.0.2.1"},
	{"v2 TCP4 with more", sig + "\x21\x11\x00\x11" + v4 + "\x04\x00\x02ab", "192.0.2.1"},
	{"v2 TCP6", sig + "\x21\x21\x00\x24" + v6, "2001:db8::7"},
	{"v2 local", sig + "\x20\x00\x00\x00", ""},
	{"v2 local with addresses", sig + "\x20\x11\x00\x0c" + v4, ""},
	{"v2 unspecified", sig + "\x21\x00\x00\x03abc", ""},
	{"v2 unix", sig + "\x21\x31\x00\x00", ""},
}

func TestRead(t *testing.T) {
	const next = "GET / HTTP/1.1\r\n"
	for _, test := range headers {
		r := strings.NewReader(test.header + next)
		client, err := proxyprotocol.Read(iotest.OneByteReader(r))
		rest, _ := io.ReadAll(r)
		if err != nil || client.IsValid() != (test.client != "") || client.IsValid() && client.String() != test.client {
			t.Errorf("%s: %v, %v", test.name, client, err)
		}
		if string(rest) != next {
			t.Errorf("%s: %q is left", test.name, rest)
		}
		for n := range len(test.header) {
			want := io.ErrUnexpectedEOF
			if n == 0 {
				want = io.EOF
			}
			if _, err := proxyprotocol.Read(strings.NewReader(test.header[:n])); err != want {
				t.Errorf("%s: %d bytes of it: %v", test.name, n, err)
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, header := range []string{
		"PROXY TCP4 192.0.2.1 127.0.0.1 1234 80\n",
		"PROXY TCP4 192.0.2.1  127.0.0.1 1234 80\r\n",
		"PROXY TCP4 192.0.2.1 127.0.0.1 1234 80 \r\n",
		"PROXY TCP4 192.0.2.1 127.0.0.1 1234\r\n",
		"PROXY TCP4 2001:db8::1 ::1 1234 80\r\n",
		"PROXY TCP6 192.0.2.1 127.0.0.1 1234 80\r\n",
		"PROXY TCP4 192.0.2.01 127.0.0.1 1234 80\r\n",
		"PROXY TCP4 192.0.2.1 nonsense 1234 80\r\n",
		"PROXY TCP6 fe80::1%eth0 ::1 1234 80\r\n",
		"PROXY TCP4 192.0.2.1 127.0.0.1 65536 80\r\n",
		"PROXY TCP4 192.0.2.1 127.0.0.1 +1 80\r\n",
		"PROXY TCP4 192.0.2.1 127.0.0.1 01 80\r\n",
		"PROXY TCP4 192.0.2.1 127.0.0.1 1 80\r\r\n",
		"PROXY UDP4 192.0.2.1 127.0.0.1 1 80\r\n",
		"PROXY UNKNOWN" + strings.Repeat("x", 200),
		"proxy TCP4 192.0.2.1 127.0.0.1 1234 80\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\n\r\n",
		"PROXYTCP4 192.0.2.1 127.0.0.1 1234 80\r\n",
		sig + "\x11\x11\x00\x0c" + v4,
		sig + "\x22\x11\x00\x0c" + v4,
		sig + "\x21\x12\x00\x0c" + v4,
		sig + "\x21\x11\x00\x0b" + v4[:11],
		sig + "\x21\x21\x00\x0c" + v4,
		sig + "\x21\x11\xff\xff" + v4 + strings.Repeat("x", 70_000),
		"\r\n\r\n\x00\r\nQUIX\n\x21\x11\x00\x0c" + v4,
	} {
		client, err := proxyprotocol.Read(strings.NewReader(header))
		if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || client.IsValid() {
			t.Errorf("%.60q: %v, %v", header, client, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, h := range headers {
		f.Add([]byte(h.header))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		client, err := proxyprotocol.Read(r)
		if err != nil {
			if client.IsValid() {
				t.Fatalf("%v beside %v", client, err)
			}
			return
		}
		used := data[:len(data)-r.Len()]
		if bytes.HasPrefix(used, []byte("PROXY ")) && (!bytes.HasSuffix(used, []byte("\r\n")) || bytes.Count(used, []byte("\n")) != 1) {
			t.Fatalf("%q is no line", used)
		}
		again, err := proxyprotocol.Read(bytes.NewReader(used))
		if err != nil || again != client {
			t.Fatalf("%q read again: %v, %v; before %v", used, again, err, client)
		}
	})
}
