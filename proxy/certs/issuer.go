package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// issuer gets one name's certificate from an ACME authority and keeps it fresh.
// Its turns belong to the keeper's goroutine; handshakes read cert and manager.
type issuer struct {
	keeper    *Keeper
	host      string
	authority *Authority
	courier   *courier

	cert    atomic.Pointer[tls.Certificate]
	manager atomic.Pointer[run]
	forced  atomic.Bool // a person wants an attempt now, whatever the gate says
	retired atomic.Bool
	working atomic.Bool // an attempt is under way

	// Of the keeper's goroutine:
	byDNS bool          // the present certificate was proved by a record
	pause time.Duration // until a closed gate is looked at again
	again time.Time     // the end of it

	mu      sync.Mutex
	closed  string    // why the gate is closed; "" where it is open
	looked  time.Time // when the gate was last looked at for a renewal
	opening opening   // as it was then
	shut    error     // why it was closed then
}

// run is an autocert.Manager with the handler of its tokens. Each attempt has
// one of its own: autocert remembers a failure, and forgets its cause.
type run struct {
	*autocert.Manager
	cache  *cache
	tokens http.Handler // nil without HTTP-01
}

func newIssuer(k *Keeper, host string, a *Authority) *issuer {
	i := &issuer{keeper: k, host: host, authority: a}
	i.courier = &courier{allowed: i.allowed, orders: orders{i}}
	i.courier.wanted, i.courier.drop = context.WithCancel(context.Background())
	i.restore()
	return i
}

// retire ends what is under way too: other names wait for it.
func (i *issuer) retire() {
	i.retired.Store(true)
	i.courier.drop()
}

// turn takes over what was renewed, and tries for a certificate where there is
// none. A gate that stays closed is looked at less and less often, for the
// servers of names are those of others, until something has woken us.
func (i *issuer) turn(ctx context.Context, woken bool) {
	i.courier.live(ctx)
	known := i.cert.Load() != nil || i.restore() // a clock that was wrong at the start may be set now
	if known && !i.forced.Load() {
		i.refresh(ctx)
		return
	}
	if !woken && time.Now().Before(i.again) {
		return
	}
	var open opening
	var err error
	forced := i.forced.Swap(false)
	if forced {
		open = i.forcedOpening(ctx)
	} else if open, err = i.gate(ctx); err != nil {
		i.close(err.Error())
		i.pause = min(max(2*i.pause, look), 12*look)
		i.again = time.Now().Add(i.pause)
		return
	}
	i.close("")
	i.pause = 0
	i.courier.pressed.Store(forced)
	defer i.courier.pressed.Store(false)
	i.attempt(ctx, open)
}

func (i *issuer) close(why string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed != why && why != "" {
		i.keeper.Log.Warn("no certificate is asked for", "host", i.host, "reason", why)
	}
	i.closed = why
}

func (i *issuer) why() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.closed
}

// attempt asks the authority, once.
func (i *issuer) attempt(ctx context.Context, open opening) {
	i.courier.heard()
	i.courier.reached.Store(false)
	i.courier.tlsALPN.Store(open.tls)
	i.working.Store(true)
	defer i.working.Store(false)
	cert, err := i.issue(ctx, open)
	if ctx.Err() != nil || i.retired.Load() {
		return
	}
	if err != nil {
		i.failed(err, open)
		return
	}
	result := issued
	if i.cert.Swap(cert) != nil {
		result = renewed
	}
	i.learn(entry{}, i.got(result, open))
	i.keeper.Log.Info("certificate issued", "host", i.host, "issuer", cert.Leaf.Issuer.CommonName, "until", cert.Leaf.NotAfter.Format(time.DateOnly))
}

func (i *issuer) issue(ctx context.Context, open opening) (*tls.Certificate, error) {
	if i.byDNS = open.dns; open.dns {
		return i.issueByDNS(ctx)
	}
	m, err := i.newRun(open.http)
	if err != nil {
		return nil, err
	}
	i.manager.Store(m)
	m.cache.anew.Store(i.courier.pressed.Load())
	defer m.cache.anew.Store(false)
	return m.GetCertificate(i.hello())
}

// failed keeps the authority's own words, which say more than autocert's.
func (i *issuer) failed(err error, open opening) {
	words, after := i.refusal(err)
	if d, limited := acme.RateLimit(unwrapACME(err)); limited && d > after {
		after = d
	}
	e := i.keeper.memory.of(i.key()).failed(words, after, i.courier.reached.Load(), time.Now())
	i.keeper.Log.Warn("no certificate", "host", i.host, "reason", words, "next", e.Not.Format(time.RFC3339))
	i.learn(e, Attempt{e.At, i.tried(open), failed, words})
}

// refusal is why there is no certificate, and how long the authority wants to be
// left alone.
func (i *issuer) refusal(err error) (words string, after time.Duration) {
	words, after = i.courier.heard()
	if quoted := (*url.Error)(nil); errors.As(err, &quoted) {
		err = quoted.Err
	}
	if words == "" {
		words = clean(err.Error())
	}
	return words, after
}

func unwrapACME(err error) error {
	var e *acme.Error
	if errors.As(err, &e) {
		return e
	}
	return err
}

func (i *issuer) learn(e entry, a Attempt) {
	if err := i.keeper.memory.learn(i.key(), i.host, e, a); err != nil {
		i.forgetful(err)
	}
}

func (i *issuer) forgetful(err error) {
	i.keeper.Log.Warn("what was learnt about certificates cannot be kept over a restart", "error", err)
}

// hello asks autocert as a client of today would. One that names no cipher gets
// an RSA certificate.
func (i *issuer) hello() *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{ServerName: i.host, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
}

// restore takes the certificate that an earlier run got; false where there is
// none that is valid.
func (i *issuer) restore() bool {
	if i.byDNS = i.restoreByDNS(); i.byDNS {
		return true
	}
	if path := i.kept(); path == "" {
		return false
	} else if _, err := os.Stat(path); err != nil {
		return false
	}
	m, err := i.newRun(true)
	if err != nil {
		return false
	}
	i.courier.cached.Store(true) // autocert would issue where the cache has nothing valid
	defer i.courier.cached.Store(false)
	cert, err := m.GetCertificate(i.hello())
	if err != nil {
		return false
	}
	i.manager.Store(m)
	i.cert.Store(cert)
	return true
}

// token answers an authority that validates over TLS; nil where nothing is to be
// proved.
func (i *issuer) token(hello *tls.ClientHelloInfo) *tls.Certificate {
	m := i.manager.Load()
	if m == nil {
		return nil
	}
	cert, err := m.GetCertificate(hello)
	if err != nil {
		return nil
	}
	return cert
}

// Challenge is the answer to an authority that validates a host over HTTP (RFC
// 8555 section 8.3); false where the path holds no token of ours.
func (k *Keeper) Challenge(host, path string) ([]byte, bool) {
	i := k.prover(host)
	if i == nil {
		return nil, false
	}
	m := i.manager.Load()
	if m == nil || m.tokens == nil {
		return nil, false
	}
	r, err := http.NewRequest(http.MethodGet, "http://"+host+path, nil)
	if err != nil || r.URL.Path != path {
		return nil, false
	}
	w := &reply{header: http.Header{}, status: http.StatusOK}
	m.tokens.ServeHTTP(w, r)
	return w.body.Bytes(), w.status == http.StatusOK
}

// reply is what autocert's handler answers.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *reply) Header() http.Header         { return r.header }
func (r *reply) WriteHeader(status int)      { r.status = status }
func (r *reply) Write(b []byte) (int, error) { return r.body.Write(b) }

// newRun makes a manager for this name alone.
func (i *issuer) newRun(overHTTP bool) (*run, error) {
	client, err := i.client()
	if err != nil {
		return nil, err
	}
	m := &run{cache: &cache{issuer: i}, Manager: &autocert.Manager{
		Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(i.host), Client: client,
		Email: i.authority.Email, ExternalAccountBinding: i.authority.EAB,
	}}
	m.Cache = m.cache
	if overHTTP {
		m.tokens = m.HTTPHandler(nil)
	}
	return m, nil
}

// askTime bounds one request to the authority.
const askTime = 30 * time.Second

func (i *issuer) client() (*acme.Client, error) {
	key, err := i.accountKey()
	if err != nil {
		return nil, fmt.Errorf("the account's key: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // it is asked once in weeks
	if i.authority.CA != "" {
		if transport.TLSClientConfig, err = trusting(i.authority.CA); err != nil {
			return nil, err
		}
	}
	i.courier.travel(transport)
	return &acme.Client{Key: key, DirectoryURL: i.authority.Directory, UserAgent: "portico",
		HTTPClient: &http.Client{Transport: i.courier, Timeout: askTime}, RetryBackoff: backoff}, nil
}

// backoff tries a lost request or a stale nonce a few times again; an authority
// that asks to be left alone is left alone.
func backoff(n int, _ *http.Request, resp *http.Response) time.Duration {
	if n > 6 || resp != nil && resp.StatusCode == http.StatusTooManyRequests {
		return -1
	}
	return time.Duration(n) * 200 * time.Millisecond
}

func trusting(caFile string) (*tls.Config, error) {
	text, err := readPEM(caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New(caFile + " holds no certificate")
	}
	return &tls.Config{RootCAs: pool}, nil
}
