package proxy

import (
	"context"
	"log/slog"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/record"
)

// Options of a Server.
type Options struct {
	Log *slog.Logger
}

// Server owns the listeners, the running snapshot and the records.
type Server struct{}

// New makes a server that listens nowhere until a configuration is committed.
func New(o Options) *Server { return &Server{} }

// Prepare binds new listeners and compiles the routes; see config.Preparer.
func (s *Server) Prepare(c *config.Config) (config.Change, error) { return nil, nil }

// Run serves until ctx ends, then drains: it returns nil when all requests
// ended or were cut at their time.
func (s *Server) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Status returns a copy of the state.
func (s *Server) Status() Status { return Status{} }

// Records gives the log of requests.
func (s *Server) Records() *record.Log { return nil }

// Explain judges a request with the code that traffic uses and sends nothing.
func (s *Server) Explain(r Request) (Explanation, error) { return Explanation{}, nil }

// ExplainWith is Explain under a configuration that does not run: what an edit
// would move, and `portico explain` without a running portico.
func ExplainWith(c *config.Config, r Request) (Explanation, error) { return Explanation{}, nil }
