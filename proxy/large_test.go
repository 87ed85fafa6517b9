package proxy_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

var largeSize = flag.Int64("large", 2<<30, "bytes of the largest body that is sent up and down")

// flatMemory is how much resident memory a proxy may take beyond what it had,
// however much it moves.
const flatMemory = 32 << 20

// TestLargeBodies moves them both ways, by length and in chunks, to a client
// that rests on the way; each byte is compared.
func TestLargeBodies(t *testing.T) {
	size := *largeSize
	if raced {
		size /= 16
	}
	origin := handler(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "PUT" {
			n, err := sameAsPattern(r.Body)
			fmt.Fprint(w, n, err)
			return
		}
		if r.URL.Path == "/length" {
			w.Header().Set("Content-Length", fmt.Sprint(size))
		}
		io.CopyN(w, &pattern{}, size)
	})
	c := newChild(t, routeTo("nas", origin))
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	t.Cleanup(client.CloseIdleConnections)
	getLarge(t, client, "http://"+c.addr+"/chunks", 1<<20)
	before := c.memory("VmHWM")
	getLarge(t, client, "http://"+c.addr+"/length", size)
	getLarge(t, client, "http://"+c.addr+"/chunks", size)
	putLarge(t, client, "http://"+c.addr+"/length", size, size)
	putLarge(t, client, "http://"+c.addr+"/chunks", size, -1)
	if after := c.memory("VmHWM"); after-before > flatMemory {
		t.Errorf("resident memory grew from %d to %d MiB", before>>20, after>>20)
	} else {
		t.Logf("resident memory grew from %d to %d KiB", before>>10, after>>10)
	}
}

// getLarge reads at most n bytes; a client that leaves earlier than the body
// ends is none of the body's faults.
func getLarge(t *testing.T, client *http.Client, url string, n int64) {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := sameAsPattern(&resting{Reader: io.LimitReader(resp.Body, n)})
	if got != n || err != nil {
		t.Fatalf("%s: %d bytes of %d arrived: %v", url, got, n, err)
	}
}

func putLarge(t *testing.T, client *http.Client, url string, n, length int64) {
	t.Helper()
	req, err := http.NewRequest("PUT", url, io.LimitReader(&pattern{}, n))
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = length
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); string(body) != fmt.Sprint(n, error(nil)) || err != nil {
		t.Fatalf("%s: %s, %v", url, body, err)
	}
}

// resting stops reading for a while, early on: what it does not take must wait
// at its source.
type resting struct {
	io.Reader
	n      int
	rested bool
}

func (r *resting) Read(b []byte) (int, error) {
	if r.n > 1<<20 && !r.rested {
		r.rested = true
		time.Sleep(300 * time.Millisecond)
	}
	n, err := r.Reader.Read(b)
	r.n += n
	return n, err
}

// pattern is an endless stream in which no two blocks are the same.
type pattern struct {
	block [256 << 10]byte
	at    int // of what is left of block
	n     uint64
}

var noise = func() (b [256 << 10]byte) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := 0; i < len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.Uint64())
	}
	return b
}()

func (p *pattern) Read(b []byte) (int, error) {
	if p.at %= len(p.block); p.at == 0 {
		if p.n++; p.n == 1 {
			p.block = noise
		}
		binary.LittleEndian.PutUint64(p.block[:], p.n)
	}
	n := copy(b, p.block[p.at:])
	p.at += n
	return n, nil
}

var errOtherBytes = errors.New("other bytes than were sent")

// sameAsPattern reads to the end and tells how many bytes came as they should.
func sameAsPattern(r io.Reader) (n int64, _ error) {
	want, got, expected := &pattern{}, make([]byte, 256<<10), make([]byte, 256<<10)
	for {
		k, err := r.Read(got)
		io.ReadFull(want, expected[:k])
		if !bytes.Equal(got[:k], expected[:k]) {
			return n, errOtherBytes
		}
		n += int64(k)
		switch err {
		case nil:
		case io.EOF:
			return n, nil
		default:
			return n, err
		}
	}
}
