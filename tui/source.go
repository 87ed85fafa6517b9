package tui

import (
	"context"
	"net/netip"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// Source is all that a console shows and changes. The console pulls from it
// and is never called by it. All of it must be safe for concurrent use:
// several consoles may share one Source.
type Source struct {
	Proxy   Proxy
	Store   Store
	Version string
	User    string          // who edits, for the history; "" is "console"
	Notices func() []string // standing warnings, worst first; may be nil
	Log     func() []string // lines of the log, the newest last; nil where none are kept
	Locks   Locks           // names and certificates; nil where none are kept

	// Probe climbs to an upstream as traffic would, see proxy.ProbeTarget; nil
	// where nothing can be tested.
	Probe prober
}

type prober = func(ctx context.Context, c *config.Config, target string) ([]proxy.Probe, error)

// Locks are the names that lead to the home, and the certificates they are
// served with.
type Locks interface {
	Certificates() []proxy.CertificateStatus
	Names() ddns.Status
	// TryCertificate asks the authority for a host's certificate once, whatever
	// stands against it; what comes of it is in Certificates later.
	TryCertificate(host string) error
	// Publish publishes the names of a [ddns.NAME] table now.
	Publish(ctx context.Context, table string) error
	// Leads looks in the DNS where a host leads, as strangers see it.
	Leads(ctx context.Context, host string) Leading
}

// Leading is where the DNS leads a host.
type Leading struct {
	Here bool   // to this home, or to what passes visits on to it
	Says string // where it leads, or why that is not known
	Do   string // what a person should do where it does not lead here; may be ""
}

// Proxy is what the console reads of the running proxy.
type Proxy interface {
	Status() proxy.Status
	Records() *record.Log
	Explain(proxy.Request) (proxy.Explanation, error)
	Moves(*config.Config) (proxy.Moves, error)
	// Mends says what to do about a request that failed or was refused, MendsOf
	// about a route or an upstream. Both may ask upstreams.
	Mends(context.Context, record.Detail) []proxy.Mend
	MendsOf(ctx context.Context, target string) []proxy.Mend
	// Replay sends a request again, with what lets people in only where secrets
	// is said, and returns its record.
	Replay(ctx context.Context, p *proxy.Replay, secrets bool) (record.Row, error)
	// Ban shuts an address out; the error says why that one is not.
	Ban(netip.Addr) (until time.Time, err error)
	// Lift ends the ban of an address; false where it has none.
	Lift(netip.Addr) bool
}

// Store is the configuration and the road that every edit takes; *config.Store
// is the real one.
type Store interface {
	Path() string
	Current() *config.Revision
	Base() (*config.Revision, error)
	Problems() (config.Problems, time.Time)
	Preview(base *config.Revision, edit func(*config.File) error) (*config.Preview, error)
	Update(ctx context.Context, base *config.Revision, who, what string, edit func(*config.File) error) error
	Reload(ctx context.Context) error

	Last() (config.Applied, bool)
	PreviewUndo(n int) (*config.Preview, config.Applied, error)
	UndoChange(ctx context.Context, who string, n int) error
	History() ([]config.Version, error)
	VersionDiff(n int) ([]config.DiffLine, error)

	Pending() (config.Pending, bool)
	Keep(ctx context.Context, who string) error
	GoBack(ctx context.Context, who string) error
	LastGood() (since time.Time, running bool)
}

// who names the person in the history of the configuration.
func (s Source) who() string {
	if s.User == "" {
		return "console"
	}
	return s.User
}

var _ Store = (*config.Store)(nil)
