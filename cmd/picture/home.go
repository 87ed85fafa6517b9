package main

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// upstreams are the machines of the home, at the addresses they ask for where
// these are free (all of 127.0.0.0/8 is loopback on Linux). A nil one is off.
var upstreams = []struct {
	name, address string
	serve         http.HandlerFunc
}{
	{"photos", "127.0.0.7:2342", photos},
	{"cloud", "127.0.0.10:5001", cloud},
	{"git", "127.0.0.11:3000", nil},
	{"cctv", "127.0.0.20:8081", cctv},
	{"media", "127.0.0.30:8096", media},
	{"portico", "127.0.0.1:8080", nil},
	{"secure", "127.0.0.1:8443", nil},
}

// openHome starts the upstreams; they end with ctx, wait returns when they
// have. It returns the address of each, and one that is free for portico.
func openHome(ctx context.Context) (addresses map[string]string, wait func(), err error) {
	var running sync.WaitGroup
	addresses = map[string]string{}
	for _, u := range upstreams {
		ln, err := listen(u.address)
		if err != nil {
			return nil, running.Wait, err
		}
		addresses[u.name] = ln.Addr().String()
		if u.serve == nil {
			ln.Close()
			continue
		}
		s := &http.Server{
			Handler: u.serve, ReadHeaderTimeout: 10 * time.Second,
			BaseContext: func(net.Listener) context.Context { return ctx },
		}
		running.Go(func() { s.Serve(ln) }) // ends by Close, below
		context.AfterFunc(ctx, func() { s.Close() })
	}
	return addresses, running.Wait, nil
}

func listen(address string) (net.Listener, error) {
	if ln, err := net.Listen("tcp", address); err == nil {
		return ln, nil
	}
	return net.Listen("tcp", "127.0.0.1:0")
}

// The upstreams answer as theirs do at home: mostly at once, at times slowly,
// now and then with an error.

func photos(w http.ResponseWriter, r *http.Request) {
	think(r, 4, 30)
	w.Header().Set("Content-Type", "image/jpeg")
	w.Write(make([]byte, 20_000+rand.IntN(150_000)))
}

func cloud(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body) // what is cut is portico's to tell
	think(r, 20, 120)
	switch n := rand.IntN(100); {
	case n < 3:
		http.Error(w, "database is locked", http.StatusInternalServerError)
	case n < 8:
		think(r, 500, 900)
	case r.Method == http.MethodPut:
		w.WriteHeader(http.StatusCreated)
	case n < 50:
		w.WriteHeader(http.StatusNotModified)
	default:
		w.Write(make([]byte, 600))
	}
}

// cctv is an endless answer.
func cctv(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=frame")
	for r.Context().Err() == nil {
		if _, err := w.Write(make([]byte, 15_000)); err != nil {
			return
		}
		http.NewResponseController(w).Flush() // a lost client shows at the next Write
		think(r, 100, 100)
	}
}

func media(w http.ResponseWriter, r *http.Request) {
	think(r, 2, 12)
	if rand.IntN(40) == 0 {
		http.NotFound(w, r)
		return
	}
	w.Write(make([]byte, 2000+rand.IntN(4000)))
}

// think waits for a time between the two, in milliseconds.
func think(r *http.Request, least, most int) {
	select {
	case <-r.Context().Done():
	case <-time.After(time.Duration(least+rand.IntN(most-least+1)) * time.Millisecond):
	}
}
