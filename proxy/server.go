package proxy

import (
	"context"
	"crypto/tls"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"forge.home.arpa/portico/proxy/ban"
	"forge.home.arpa/portico/proxy/basic"
	"forge.home.arpa/portico/proxy/certs"
	"forge.home.arpa/portico/proxy/network"
	"forge.home.arpa/portico/proxy/record"
)

// Options of a Server.
type Options struct {
	Log *slog.Logger
	// State is the directory of keys and certificates; "" keeps them in memory.
	State string
	World World // nil where nothing is known of it
	TXT   TXT   // nil where no record can be set
}

// Server owns the listeners, the running snapshot and the records.
type Server struct {
	log      *slog.Logger
	builtins *network.Builtins
	records  *record.Log
	total    record.Counters
	date     dateField
	started  time.Time
	banBook  ban.Book
	router   router
	beacons  beacons
	places   places
	journal  *journal
	hashing  *basic.Gate
	certs    *certs.Keeper
	tls      *tls.Config

	snapshot atomic.Pointer[snapshot]
	draining atomic.Bool
	active   atomic.Int64 // requests that wait for an upstream or its answer
	upgraded atomic.Int64
	live     liveList

	checking sync.Mutex // held while checks begin or end
	checks   bool       // upstreams are to be checked

	mu        sync.Mutex
	running   bool
	listeners map[string]*listener // that accept, or will once Run does
	parting   map[string]*listener // dropped, and about to close
	conns     map[*conn]struct{}
	group     sync.WaitGroup // accept loops and connections
}

const (
	keptRows     = 10_000
	keptFailures = 1_000
	keptHeads    = 1_024
)

// New makes a server that listens nowhere until a configuration is committed.
func New(o Options) *Server {
	if o.World == nil {
		o.World = nowhere{}
	}
	if o.TXT == nil {
		o.TXT = noRecords{}
	}
	s := &Server{
		log:       o.Log,
		builtins:  network.NewBuiltins(network.WithLog(o.Log)),
		records:   record.New(keptRows, keptFailures, keptHeads),
		started:   time.Now(),
		places:    newPlaces(),
		journal:   openJournal(o.State, o.Log),
		hashing:   basic.NewGate(runtime.GOMAXPROCS(0)),
		listeners: map[string]*listener{},
		parting:   map[string]*listener{},
		conns:     map[*conn]struct{}{},
	}
	s.certs = newCerts(o, world{o.World, s})
	s.tls = s.certs.TLSConfig()
	return s
}

// Records gives the log of requests.
func (s *Server) Records() *record.Log { return s.records }

// Run serves until ctx ends, then drains: it returns nil when all requests
// have ended or were cut at their time.
func (s *Server) Run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var jobs sync.WaitGroup
	for _, job := range [...]func(context.Context){s.watchClients, s.sweep, s.followNetworks, s.keepCertificates, s.logRequests, s.keepJournal} {
		jobs.Go(func() { job(background) })
	}
	s.mu.Lock()
	s.running = true
	for _, l := range s.listeners {
		s.start(l)
	}
	s.mu.Unlock()
	s.switchChecks(true)

	<-ctx.Done()
	s.drain()
	s.switchChecks(false)
	stop()
	jobs.Wait()
	s.retireAll()
	return nil
}

func (s *Server) followNetworks(ctx context.Context) {
	if err := s.builtins.Run(ctx); err != nil && ctx.Err() == nil {
		s.log.Warn("cannot follow this machine's networks", "error", err)
	}
}

func (s *Server) keepCertificates(ctx context.Context) {
	if err := s.certs.Run(ctx); err != nil && ctx.Err() == nil {
		s.log.Warn("certificates are not looked after", "error", err)
	}
}

// sweepEvery is how often connections kept too long are looked for.
const sweepEvery = 10 * time.Second

func (s *Server) sweep(ctx context.Context) {
	each(ctx, sweepEvery, func(now time.Time) {
		snap := s.snapshot.Load()
		for _, u := range snap.upstreams {
			u.Sweep(now)
		}
		for _, r := range snap.routes {
			r.counted.sweep(now)
		}
		if snap.bans != nil {
			s.banBook.Sweep(now, snap.bans.Within)
		}
	})
}

// each calls f at every tick until ctx ends.
func each(ctx context.Context, every time.Duration, f func(now time.Time)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			f(now)
		}
	}
}

func (s *Server) retireAll() {
	if snap := s.snapshot.Load(); snap != nil {
		for _, u := range snap.upstreams {
			u.Retire()
		}
	}
}

func (s *Server) eachConn(f func(*conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		f(c)
	}
}
