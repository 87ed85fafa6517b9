package proxy_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// pair is a client and an upstream, each in one version of HTTP, with portico
// between them.
type pair struct {
	*site
	client *http.Client
}

// eachPair runs a test for every version in front and at the back, over
// implementations that are not ours.
func eachPair(t *testing.T, upstream http.HandlerFunc, test func(t *testing.T, p pair)) {
	for _, front := range []string{"http1", "http2"} {
		for _, back := range []string{"http", "h2c"} {
			t.Run(front+" to "+back, func(t *testing.T) {
				s := newSite(t, fmt.Sprintf("[route.a]\nhost = \"*\"\nto = \"%s://%s\"\n", back, speaking(t, back, upstream)))
				test(t, pair{s, clientOf(t, front)})
			})
		}
	}
}

// speaking runs an upstream on net/http that speaks one version alone.
func speaking(t testing.TB, scheme string, h http.HandlerFunc) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := new(http.Protocols)
	p.SetHTTP1(scheme == "http")
	p.SetUnencryptedHTTP2(scheme == "h2c")
	server := &http.Server{Handler: h, Protocols: p}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return l.Addr().String()
}

func clientOf(t testing.TB, front string) *http.Client {
	if front == "http2" {
		return overHTTP2(t)
	}
	transport := &http.Transport{DisableCompression: true, ExpectContinueTimeout: 10 * time.Second}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// ask sends a request that must be answered within the test's patience.
func (p pair) ask(r *http.Request) *http.Response {
	p.t.Helper()
	p.client.Timeout = 20 * time.Second
	resp, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func (p pair) request(method string, body io.Reader) *http.Request {
	r, err := http.NewRequest(method, "http://"+p.addr+"/x", body)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func (p pair) wantBody(resp *http.Response, want string) {
	p.t.Helper()
	if got, err := io.ReadAll(resp.Body); err != nil || string(got) != want {
		p.t.Errorf("body %q, %v; want %q", got, err, want)
	}
}

func TestPairsTrailers(t *testing.T) {
	upstream := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "X-Said")
		w.Write(body)
		w.Header().Set("X-Said", "after "+r.Trailer.Get("X-Sum"))
		w.Header().Set(http.TrailerPrefix+"X-Unsaid", "too")
	}
	eachPair(t, upstream, func(t *testing.T, p pair) {
		r := p.request("POST", io.MultiReader(strings.NewReader("hello"))) // of unknown length
		r.Trailer = http.Header{"X-Sum": {"42"}}
		r.Header.Set("TE", "trailers")
		resp := p.ask(r)
		p.wantBody(resp, "hello")
		if resp.Trailer.Get("X-Said") != "after 42" || resp.Trailer.Get("X-Unsaid") != "too" {
			t.Errorf("trailers %q", resp.Trailer)
		}
	})
}

func TestPairsInterim(t *testing.T) {
	upstream := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>")
		w.WriteHeader(103)
		w.Header().Del("Link")
		w.Write([]byte("page"))
	}
	eachPair(t, upstream, func(t *testing.T, p pair) {
		var hints []string
		r := p.request("GET", nil)
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
				hints = append(hints, fmt.Sprint(status, " ", h.Get("Link")))
				return nil
			},
		}))
		resp := p.ask(r)
		p.wantBody(resp, "page")
		if len(hints) != 1 || hints[0] != "103 </a.css>" || resp.Header.Get("Link") != "" {
			t.Errorf("hints %q, then Link %q", hints, resp.Header.Get("Link"))
		}
	})
}

// The 100 comes from the upstream: the body is not sent before.
func TestPairsExpect(t *testing.T) {
	read := make(chan bool, 1)
	upstream := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Want") == "" {
			w.WriteHeader(417)
			return
		}
		if !<-read {
			return
		}
		body, _ := io.ReadAll(r.Body) // net/http answers 100 here
		w.Write(body)
	}
	eachPair(t, upstream, func(t *testing.T, p pair) {
		for _, wanted := range []bool{true, false} {
			sent := &reads{r: strings.NewReader("hello")}
			r := p.request("PUT", sent)
			r.ContentLength = 5
			r.Header.Set("Expect", "100-continue")
			if !wanted {
				if resp := p.ask(r); resp.StatusCode != 417 || sent.n > 0 {
					t.Errorf("%s, and %d bytes were sent", resp.Status, sent.n)
				}
				continue
			}
			r.Header.Set("X-Want", "1")
			read <- true
			p.wantBody(p.ask(r), "hello")
		}
	})
}

// reads counts what is read of a body.
type reads struct {
	r io.Reader
	n int
}

func (r *reads) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += n
	return n, err
}

// The answer begins, and is read, before the request has ended.
func TestPairsBothWaysAtOnce(t *testing.T) {
	upstream := func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		rc.EnableFullDuplex()
		rc.Flush()
		var line [5]byte
		for {
			if _, err := io.ReadFull(r.Body, line[:]); err != nil {
				return
			}
			w.Write(bytes.ToUpper(line[:]))
			rc.Flush()
		}
	}
	eachPair(t, upstream, func(t *testing.T, p pair) {
		pr, pw := io.Pipe()
		defer pw.Close()
		resp := p.ask(p.request("POST", pr))
		for _, word := range []string{"alpha", "bravo", "delta"} {
			io.WriteString(pw, word)
			got := make([]byte, 5)
			if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != strings.ToUpper(word) {
				t.Fatalf("%q, %v", got, err)
			}
		}
		pw.Close()
		p.wantBody(resp, "")
	})
}

// An upstream that answers early ends the exchange, whatever the client sends.
func TestPairsEarlyAnswer(t *testing.T) {
	upstream := func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex() // or net/http would read on before it answers
		w.WriteHeader(413)
		io.WriteString(w, "no")
	}
	eachPair(t, upstream, func(t *testing.T, p pair) {
		pr, pw := io.Pipe()
		defer pw.Close()
		go io.WriteString(pw, "some of it")
		resp := p.ask(p.request("POST", pr))
		if resp.StatusCode != 413 {
			t.Error(resp.Status)
		}
		p.wantBody(resp, "no")
	})
}

// An upload that ends and an answer that comes long after: neither end is taken
// for the end of the other.
func TestPairsHalfClosedUpload(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	upstream := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		time.Sleep(150 * time.Millisecond) // longer than clients are left unwatched
		if err == nil {
			w.Write(body)
		}
	}
	eachPair(t, upstream, func(t *testing.T, p pair) {
		for _, body := range []io.Reader{bytes.NewReader(large), io.MultiReader(bytes.NewReader(large))} {
			resp := p.ask(p.request("POST", body))
			if got, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(got, large) {
				t.Errorf("%d bytes came back, %v", len(got), err)
			}
		}
		if row := p.lastRow(2); row.BytesIn != int64(len(large)) || row.Aborted {
			t.Errorf("row: %d bytes in, aborted %v", row.BytesIn, row.Aborted)
		}
	})
}

func TestPairsNoBody(t *testing.T) {
	upstream := func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case "HEAD":
			w.Header().Set("Content-Length", "1234")
		case "DELETE":
			w.WriteHeader(204)
		case "GET":
			w.Header().Set("ETag", `"a"`)
			w.WriteHeader(304)
		}
	}
	eachPair(t, upstream, func(t *testing.T, p pair) {
		for range 2 { // the second finds whether the first left anything behind
			for method, want := range map[string]int{"HEAD": 200, "DELETE": 204, "GET": 304, "POST": 200} {
				resp := p.ask(p.request(method, nil))
				if resp.StatusCode != want || method == "HEAD" && resp.ContentLength != 1234 || method == "GET" && resp.Header.Get("ETag") != `"a"` {
					t.Errorf("%s: %s, length %d, %q", method, resp.Status, resp.ContentLength, resp.Header)
				}
				p.wantBody(resp, "")
			}
		}
	})
}

// A body cut short reaches the client as a broken answer.
func TestPairsCutAnswer(t *testing.T) {
	upstream := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("length") {
			w.Header().Set("Content-Length", "100")
		}
		io.WriteString(w, "half")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	eachPair(t, upstream, func(t *testing.T, p pair) {
		for i, query := range []string{"", "length"} {
			r := p.request("GET", nil)
			r.URL.RawQuery = query
			resp := p.ask(r)
			if got, err := io.ReadAll(resp.Body); err == nil {
				t.Errorf("%q came as a whole answer", got)
			}
			if row := p.lastRow(uint64(i + 1)); !row.Aborted || row.Cause.String() != "reset" {
				t.Errorf("row: aborted %v, cause %q, %s", row.Aborted, row.Cause, row.Detail)
			}
		}
	})
}
