package http1_test

import (
	"strings"
	"testing"
)

// requestCase is a stream and what must be read from it. The naive reader must
// agree, so that it is right where the fuzzer asks it.
type requestCase struct {
	name   string
	stream string
	want   []request
}

// refused is a request that is answered by that status.
func refused(name, status, stream string) requestCase {
	return requestCase{name, stream, []request{{head: status}}}
}

// head is a request for / of host a with those field lines more.
func head(lines ...string) string {
	return "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Join(append(lines, ""), "\r\n") + "\r\n"
}

// get is what head() says, with whatever change makes of it.
func get(change func(*request)) request {
	r := request{head: isWhole, method: "GET", authority: "a", path: "/", minor: 1, end: isWhole, more: true}
	if change != nil {
		change(&r)
	}
	return r
}

func requestCases() []requestCase {
	var all []requestCase
	for _, some := range [][]requestCase{refusedLines(), refusedFields(), refusedFraming(), oddRequests(), bodies(), chunkedBodies()} {
		all = append(all, some...)
	}
	return all
}

func refusedLines() []requestCase {
	return []requestCase{
		refused("no method", "400", " / HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a method with a bad character", "400", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a method of 33 letters", "400", strings.Repeat("M", 33)+" / HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a TLS hello", "400", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
		refused("two empty lines before", "400", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a bare LF before", "400", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a bare CR before", "400", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a blank before", "400", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("no target", "400", "GET HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("two blanks before the target", "400", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("two blanks after the target", "400", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a tab for a blank", "400", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a blank in the target", "400", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a control byte in the target", "400", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a CR in the target", "400", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a fragment", "400", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("no slash", "400", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("an authority for a target", "400", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a star without OPTIONS", "400", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a star and more", "400", "OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("another scheme", "400", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a scheme with one slash", "400", "GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("absolute form without authority", "400", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("userinfo", "400", "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("empty userinfo", "400", "GET http://@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("HTTP/0.9", "400", "GET /\r\n\r\n"),
		refused("a version in small letters", "400", "GET / http/1.1\r\nHost: a\r\n\r\n"),
		refused("a version without minor", "400", "GET / HTTP/1\r\nHost: a\r\n\r\n"),
		refused("a version of two digits", "400", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
		refused("a blank after the version", "400", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
		refused("HTTP/2 as text", "505", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
		refused("HTTP/2 by prior knowledge", isHTTP2, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		refused("HTTP/2 after an empty line", "505", "\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		refused("a field in the preface of HTTP/2", "505", "PRI * HTTP/2.0\r\nHost: a\r\n\r\n"),
		refused("CONNECT", "405", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("CONNECT with a path", "405", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("TRACE", "405", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a bare LF after the line", "400", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
		refused("a line too long by a byte", "414", "GET /"+strings.Repeat("a", 16<<10-len("GET / HTTP/1.1"))+" HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a line too long", "414", "GET /"+strings.Repeat("a", 16<<10)+" HTTP/1.1\r\nHost: a\r\n\r\n"),
		refused("a line too long without an end", "414", "GET /"+strings.Repeat("a", 16<<10)),
	}
}

func refusedFields() []requestCase {
	return []requestCase{
		refused("a bare LF within the head", "400", head("X: b\nY: c")),
		refused("a bare LF at its end", "400", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
		refused("a bare CR in a value", "400", head("X: b\rY: c")),
		refused("CR twice", "400", head("X: b\r")),
		refused("NUL in a value", "400", head("X: b\x00c")),
		refused("DEL in a value", "400", head("X: b\x7f")),
		refused("a control byte in a long value", "400", head("X: "+strings.Repeat("b", 37)+"\x1f"+strings.Repeat("b", 37))),
		refused("a folded line", "400", head("X: b", " c")),
		refused("a folded first field", "400", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
		refused("a space before the colon", "400", head("X : b")),
		refused("a tab before the colon", "400", head("X\t: b")),
		refused("no colon", "400", head("X")),
		refused("no name", "400", head(": b")),
		refused("a name with a bad character", "400", head("X(: b")),
		refused("a name with obs-text", "400", head("X\xe4: b")),
		refused("no Host", "400", "GET / HTTP/1.1\r\n\r\n"),
		refused("no Host in absolute form", "400", "GET http://a/ HTTP/1.1\r\n\r\n"),
		refused("two Hosts", "400", head("Host: a")),
		refused("two Hosts in HTTP/1.0", "400", "GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n"),
		refused("another expectation", "417", head("Expect: 200-ok")),
		refused("33 names in Connection", "400", head("Connection: "+strings.Repeat("x,", 32)+"x")),
		refused("33 names in two Connections", "400", head("Connection: "+strings.Repeat("x,", 32), "Connection: y")),
		refused("201 fields", "431", head(strings.Repeat("X: b\r\n", 199)+"X: b")),
		refused("201 fields without an end", "431", "GET / HTTP/1.1\r\n"+strings.Repeat("X: b\r\n", 202)),
		refused("a head too long by a byte", "431", "GET / HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("b", 32<<10+1-len(head("X: "))+len("\n"))+"\r\n\r\n"),
		refused("a head too long", "431", head("X: "+strings.Repeat("b", 32<<10))),
		refused("a head too long without an end", "431", "GET / HTTP/1.1\r\nX: "+strings.Repeat("b", 32<<10)),
	}
}

func refusedFraming() []requestCase {
	const chunked = "Transfer-Encoding: chunked"
	return []requestCase{
		refused("length and coding", "400", head("Content-Length: 3", chunked)+"0\r\n\r\n"),
		refused("coding and length", "400", head(chunked, "Content-Length: 3")+"0\r\n\r\n"),
		refused("length 0 and coding", "400", head("Content-Length: 0", chunked)+"0\r\n\r\n"),
		refused("two lengths", "400", head("Content-Length: 3", "Content-Length: 4")+"abcd"),
		refused("twice the same length", "400", head("Content-Length: 3", "Content-Length: 3")+"abc"),
		refused("a list of lengths", "400", head("Content-Length: 3, 3")+"abc"),
		refused("a signed length", "400", head("Content-Length: +3")+"abc"),
		refused("a negative length", "400", head("Content-Length: -3")+"abc"),
		refused("a hexadecimal length", "400", head("Content-Length: 0x3")+"abc"),
		refused("an empty length", "400", head("Content-Length:")),
		refused("a length with a blank within", "400", head("Content-Length: 1 2")),
		refused("a length of 19 digits", "400", head("Content-Length: 1000000000000000000")),
		refused("another coding", "501", head("Transfer-Encoding: gzip")),
		refused("chunked after another", "501", head("Transfer-Encoding: gzip, chunked")),
		refused("chunked before another", "501", head("Transfer-Encoding: chunked, gzip")),
		refused("chunked twice", "501", head(chunked, chunked)),
		refused("chunked twice in a list", "501", head("Transfer-Encoding: chunked, chunked")),
		refused("identity", "501", head("Transfer-Encoding: identity")),
		refused("an empty coding", "501", head("Transfer-Encoding:")),
		refused("a vertical tab before chunked", "400", head("Transfer-Encoding: \vchunked")),
		refused("something after chunked", "501", head("Transfer-Encoding: chunked;q=1")),
		refused("chunked in HTTP/1.0", "400", "GET / HTTP/1.0\r\nHost: a\r\n"+chunked+"\r\n\r\n0\r\n\r\n"),
	}
}

func oddRequests() []requestCase {
	one := func(name, stream string, change func(*request)) requestCase {
		return requestCase{name, stream, []request{get(change)}}
	}
	return []requestCase{
		one("plain", head(), nil),
		one("an empty line before", "\r\n"+head(), nil),
		one("no blank before a value, many after", "GET / HTTP/1.1\r\nHost:a\t \r\n\r\n", nil),
		one("an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", func(r *request) { r.authority = "" }),
		one("an empty value", head("X:"), func(r *request) { r.fields = []field{{"X", ""}} }),
		one("obs-text in a value", head("X: caf\xe9"), func(r *request) { r.fields = []field{{"X", "caf\xe9"}} }),
		one("a tab in a value", head("X: b\tc"), func(r *request) { r.fields = []field{{"X", "b\tc"}} }),
		one("obs-text in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", func(r *request) { r.path = "/\xc3\xa4" }),
		one("a query", "GET /?a=b?c HTTP/1.1\r\nHost: a\r\n\r\n", func(r *request) { r.query = "?a=b?c" }),
		one("two slashes", "GET //b/c HTTP/1.1\r\nHost: a\r\n\r\n", func(r *request) { r.path = "//b/c" }),
		one("a method nobody knows", "get / HTTP/1.1\r\nHost: a\r\n\r\n", func(r *request) { r.method = "get" }),
		one("a method of 32 letters", strings.Repeat("M", 32)+" / HTTP/1.1\r\nHost: a\r\n\r\n",
			func(r *request) { r.method = strings.Repeat("M", 32) }),
		one("absolute form", "GET http://b:8080/x?y HTTP/1.1\r\nHost: a\r\n\r\n",
			func(r *request) { r.authority, r.path, r.query = "b:8080", "/x", "?y" }),
		one("absolute form without a path", "GET HTTPS://b HTTP/1.1\r\nHost: a\r\n\r\n", func(r *request) { r.authority = "b" }),
		one("absolute form with a query alone", "GET http://b?y HTTP/1.1\r\nHost: a\r\n\r\n",
			func(r *request) { r.authority, r.query = "b", "?y" }),
		one("a line as long as may be", "GET /"+strings.Repeat("a", 16<<10-len("GET / HTTP/1.1\r"))+" HTTP/1.1\r\nHost: a\r\n\r\n",
			func(r *request) { r.path += strings.Repeat("a", 16<<10-len("GET / HTTP/1.1\r")) }),
		one("a head as long as may be", head("X: "+strings.Repeat("b", 32<<10-len(head("X: "))+len("\n"))),
			func(r *request) { r.fields = []field{{"X", strings.Repeat("b", 32<<10-len(head("X: "))+len("\n"))}} }),
		one("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", func(r *request) { r.method, r.path = "OPTIONS", "*" }),
		one("OPTIONS in absolute form", "OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n",
			func(r *request) { r.method, r.authority, r.path = "OPTIONS", "b", "*" }),
		one("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", func(r *request) { r.authority, r.minor, r.more = "", 0, false }),
		one("HTTP/1.0 with Host", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", func(r *request) { r.minor, r.more = 0, false }),
		one("HTTP/1.0 that stays", "GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n", func(r *request) { r.minor = 0 }),
		one("a later minor version", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", nil),
		one("close", head("Connection: close"), func(r *request) { r.more = false }),
		one("close among others", head("Connection: x ,, CLOSE"), func(r *request) { r.more = false }),
		one("close and keep-alive", head("Connection: keep-alive", "Connection: close"), func(r *request) { r.more = false }),
		one("fields of this hop", head("Connection: X-Hop", "x-hop: 1", "Keep-Alive: 5", "Proxy-Connection: x", "Proxy-Authorization: x", "Y: 2"),
			func(r *request) { r.fields = []field{{"Y", "2"}} }),
		one("32 names in Connection", head("Connection: "+strings.Repeat("x,", 32)), nil),
		one("a trailer taker", head("TE: gzip, trailers"), func(r *request) { r.te = true }),
		one("a coding taker", head("TE: gzip"), nil),
		one("an upgrade", head("Connection: Upgrade", "Upgrade: websocket"), func(r *request) { r.upgrade = "websocket" }),
		one("an upgrade without Connection", head("Upgrade: websocket"), nil),
		one("an upgrade in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
			func(r *request) { r.minor, r.more = 0, false }),
		one("an upgrade to h2c", head("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"), nil),
		one("an upgrade to h2c among others", head("Connection: Upgrade", "Upgrade: websocket, H2C"), nil),
		one("an expectation without a body", head("Expect: 100-continue"), nil),
		one("an expectation in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nb",
			func(r *request) { r.minor, r.more, r.length, r.body = 0, false, 1, "b" }),
		one("200 fields", head(strings.Repeat("X: b\r\n", 198)+"X: b"), func(r *request) {
			for range 199 {
				r.fields = append(r.fields, field{"X", "b"})
			}
		}),
		{"cut within the line", "GET / HT", []request{{head: isCut}}},
		{"cut within the head", "GET / HTTP/1.1\r\nHost: a\r\n\r", []request{{head: isCut}}},
		{"an empty line and no more", "\r\n", []request{{head: isCut}}},
		{"half an empty line", "\r", []request{{head: isCut}}},
	}
}

func bodies() []requestCase {
	post := func(body string, length int64) request {
		return get(func(r *request) { r.method, r.body, r.length = "POST", body, length })
	}
	const to = "POST / HTTP/1.1\r\nHost: a\r\n"
	expecting, short := post("abc", 3), post("ab", 3)
	expecting.expect, expecting.more = true, false
	short.end, short.more = isCut, false
	long := strings.Repeat("0123456789", 5000)
	return []requestCase{
		{"a body", to + "Content-Length: 3\r\n\r\nabc", []request{post("abc", 3)}},
		{"a length with zeros before", to + "Content-Length: 00003\r\n\r\nabc", []request{post("abc", 3)}},
		{"a length of 0", to + "Content-Length: 0\r\n\r\n", []request{post("", 0)}},
		{"a body over several buffers", to + "Content-Length: 50000\r\n\r\n" + long, []request{post(long, 50000)}},
		{"an upgrade with a body", to + "Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc", []request{post("abc", 3)}},
		{"a body after an expectation", to + "Content-Length: 3\r\nExpect: 100-Continue\r\n\r\nabc" + head(), []request{expecting}},
		{"a body cut short", to + "Content-Length: 3\r\n\r\nab", []request{short}},
		{
			"several in one piece",
			head() + to + "Content-Length: 3\r\n\r\nabc\r\n" + head("X: b") + to + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n" + head("Connection: close") + head(),
			[]request{
				get(nil), post("abc", 3), get(func(r *request) { r.fields = []field{{"X", "b"}} }), post("ab", -1),
				get(func(r *request) { r.more = false }),
			},
		},
		{"a bad one behind a good one", head() + "GET /\r\n\r\n", []request{get(nil), {head: "400"}}},
	}
}

func TestRequests(t *testing.T) {
	for _, c := range requestCases() {
		t.Run(c.name, func(t *testing.T) {
			same(t, "the naive reader", naiveRequests(c.stream, limits), c.want)
			same(t, "in one piece", readRequests(t, whole(c.stream), limits), c.want)
			same(t, "byte by byte", readRequests(t, bytewise(c.stream), limits), c.want)
			for at := range splits(c.stream) {
				same(t, "in two pieces", readRequests(t, cut(c.stream, at), limits), c.want)
				if t.Failed() {
					t.Fatalf("cut at %d of %d", at, len(c.stream))
				}
			}
		})
	}
}
