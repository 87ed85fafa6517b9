package http1_test

import (
	"fmt"
	"iter"
	"strings"
)

// splits are the places to cut a stream at: all of them, or for a long one those
// near its ends and near the sizes that buffers have.
func splits(stream string) iter.Seq[int] {
	return func(yield func(int) bool) {
		n := len(stream)
		for at := 1; at < n; at++ {
			near := n < 500 || at < 100 || n-at < 100 || (at+20)%(8<<10) < 40
			if near && !yield(at) {
				return
			}
		}
	}
}

const chunkedHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

func chunkedBodies() []requestCase {
	ok := func(name, chunks, body string, trailers ...field) requestCase {
		return chunkCase(name, chunks, body, isWhole, trailers...)
	}
	bad := func(name, chunks, body, verdict string) requestCase { return chunkCase(name, chunks, body, verdict) }
	long := strings.Repeat("0123456789", 4000)
	const most = 4<<10 - len(";")
	return []requestCase{
		ok("no chunk", "0\r\n\r\n", ""),
		ok("two chunks", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"),
		ok("digits of both cases", "A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n", "01234567890123456789a"),
		ok("zeros before a size", "003\r\nabc\r\n0000\r\n\r\n", "abc"),
		ok("a large chunk", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(long), long), long),
		ok("many small chunks", strings.Repeat("1\r\na\r\n", 5000)+"0\r\n\r\n", strings.Repeat("a", 5000)),
		ok("line ends in the data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
		ok("extensions", "1;a\r\nx\r\n1 ;\ta = b;c=\"d\\\"e;\tf\" ;g\r\ny\r\n0;h\r\n\r\n", "xy"),
		ok("as many extensions as may be", "1;"+strings.Repeat("a", most)+"\r\nx\r\n0\r\n\r\n", "x"),
		ok("as many in the last chunk", "0;"+strings.Repeat("a", most)+"\r\n\r\n", ""),
		ok("trailers", "1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\n", "x", field{"A", "b"}, field{"C", ""}),
		ok("trailers that may not be", "0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: b\r\nAuthorization: x\r\n"+
			"content_length: 5\r\nX-Forwarded-For: ::1\r\nContent-Type: a/b\r\nConnection: X\r\nX: y\r\n\r\n", "", field{"X", "y"}),
		ok("long trailers", "0\r\nA: "+long[:15<<10]+"\r\nB: "+long[:15<<10]+"\r\n\r\n", "",
			field{"A", long[:15<<10]}, field{"B", long[:15<<10]}),

		bad("no size", "\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("a sign", "+3\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("0x", "0x3\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("a blank before a size", " 3\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("a blank after a size", "3 \r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("a size of 16 digits", "0000000000000003\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("a size beyond 64 bits", "10000000000000003\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("a size that turns negative", "ffffffffffffffff\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("a bare LF after a size", "3\nabc\r\n0\r\n\r\n", "", "400"),
		bad("a bare LF for CRLF after a size", "30\nabc\r\n0\r\n\r\n", "", "400"),
		bad("a bare CR after a size", "3\rabc\r\n0\r\n\r\n", "", "400"),
		bad("CR twice after a size", "3\r\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("a bare LF after a chunk", "3\r\nabc\n0\r\n\r\n", "abc", "400"),
		bad("no end of a chunk", "3\r\nabc0\r\n\r\n", "abc", "400"),
		bad("CR and no LF after a chunk", "3\r\nabc\r0\r\n\r\n", "abc", "400"),
		bad("CR and another byte after a chunk", "3\r\nabc\rx0\r\n\r\n", "abc", "400"),
		bad("a chunk longer than it said", "3\r\nabcd\r\n0\r\n\r\n", "abc", "400"),
		bad("an extension without a name", "3;\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("an extension without a value", "3;a=\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("an extension with a bad name", "3;a b\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("an extension with an open quote", "3;a=\"b\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("an extension with an escaped end", "3;a=\"b\\\"\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("an extension with a control byte", "3;a=\"\x01\"\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("an extension with a bare LF in quotes", "3;a=\"\n\"\r\nabc\r\n0\r\n\r\n", "", "400"),
		bad("a malformed extension of the last chunk", "1\r\nx\r\n0;\r\n\r\n", "x", "400"),
		bad("too long an extension", "1;a"+strings.Repeat("a", most)+"\r\nx\r\n0\r\n\r\n", "", "400"),
		bad("too many extensions in all", strings.Repeat("1;"+strings.Repeat("a", 99)+"\r\nx\r\n", 41)+"0\r\n\r\n", strings.Repeat("x", 40), "400"),
		bad("too many with the last chunk", "1;"+strings.Repeat("a", most-1)+"\r\nx\r\n0;b\r\n\r\n", "x", "400"),
		bad("an extension without an end", "1;"+strings.Repeat("a", 5000), "", "400"),
		bad("a folded trailer", "0\r\nA: b\r\n c\r\n\r\n", "", "400"),
		bad("a bad trailer", "0\r\nA : b\r\n\r\n", "", "400"),
		bad("a control byte in a trailer", "0\r\nA: \x00\r\n\r\n", "", "400"),
		bad("a bare LF in the trailers", "0\r\nA: b\n\r\n", "", "400"),
		bad("trailers too long", "0\r\nA: "+long[:15<<10]+"\r\nB: "+long[:15<<10]+"\r\nC: "+long[:3<<10]+"\r\n\r\n", "", "431"),
		bad("a trailer too long", "0\r\nA: "+long[:17<<10]+"\r\n\r\n", "", "431"),
		bad("too many trailers", "0\r\n"+strings.Repeat("A: b\r\n", 202)+"\r\n", "", "431"),
		bad("cut within a size", "3", "", isCut),
		bad("cut within a chunk", "3\r\nab", "ab", isCut),
		bad("cut after a chunk", "3\r\nabc\r", "abc", isCut),
		bad("cut before the last chunk", "3\r\nabc\r\n", "abc", isCut),
		bad("cut within the last chunk", "3\r\nabc\r\n0\r\n", "abc", isCut),
		bad("cut within the trailers", "3\r\nabc\r\n0\r\nA: b\r\n", "abc", isCut),
	}
}

func chunkCase(name, chunks, body, verdict string, trailers ...field) requestCase {
	r := get(func(r *request) {
		r.method, r.length, r.body, r.end, r.trailers = "POST", -1, body, verdict, trailers
		r.more = verdict == isWhole
	})
	return requestCase{"chunked: " + name, chunkedHead + chunks, []request{r}}
}
