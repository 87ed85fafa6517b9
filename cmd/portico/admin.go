package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy"
)

// admin answers monitoring on an address of its own: /healthz and /metrics. It
// is for machines of the house; it shows names and addresses of the inside.
type admin struct {
	log     *slog.Logger
	handler http.Handler

	mu   sync.Mutex
	addr string
	http *http.Server // nil without an address
}

func newAdmin(log *slog.Logger, server *proxy.Server) *admin {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(metrics(server.Status(), server.Certificates()))
	})
	return &admin{log: log, handler: mux}
}

// Prepare implements config.Preparer: a new address is bound before anything
// else changes.
func (a *admin) Prepare(c *config.Config) (config.Change, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ch := &adminChange{admin: a, addr: c.Server.Admin}
	if ch.addr == a.addr || ch.addr == "" {
		return ch, nil
	}
	l, err := net.Listen("tcp", ch.addr)
	if err != nil {
		return nil, listenHelp(&proxy.ListenError{Addr: ch.addr, Err: err}, c)
	}
	ch.listener = l
	return ch, nil
}

// adminChange is an address that is ready to be served.
type adminChange struct {
	admin    *admin
	addr     string
	listener net.Listener // nil where nothing new is bound
}

// Commit implements config.Change.
func (ch *adminChange) Commit() {
	a := ch.admin
	a.mu.Lock()
	defer a.mu.Unlock()
	if ch.addr == a.addr {
		return
	}
	a.close()
	a.addr = ch.addr
	if ch.listener == nil {
		return
	}
	a.http = &http.Server{Handler: a.handler, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	server := a.http
	go func() {
		if err := server.Serve(ch.listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.Warn("the admin address is not served any more", "address", ch.addr, "error", err)
		}
	}()
}

// Discard implements config.Change.
func (ch *adminChange) Discard() {
	if ch.listener != nil {
		ch.listener.Close()
	}
}

// Run ends what is served when ctx ends.
func (a *admin) Run(ctx context.Context) error {
	<-ctx.Done()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.close()
	return nil
}

func (a *admin) close() {
	if a.http != nil {
		a.http.Close()
		a.http = nil
	}
}
