package ddns

import (
	"context"
	"encoding/base64"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"

	"forge.home.arpa/portico/config"
)

// rfc2136 updates a zone's own server (RFC 2136), signed by a shared key (RFC
// 8945) where one is given.
type rfc2136 struct {
	zoneAPI
	server string
	key    string // its name
	secret string
}

const (
	updateTTL = 300 // seconds
	// tsigFudge is how far the two clocks may be apart, in seconds.
	tsigFudge = 300
)

func newRFC2136(c *config.DDNS, cl *client) provider {
	p := &rfc2136{zoneAPI: newZoneAPI(c, cl), server: c.Server, secret: c.Secret.Reveal(), key: c.Key.Reveal()}
	if p.key == "" {
		p.key = c.Username
	}
	return eachRecord{p}
}

func (p *rfc2136) set(ctx context.Context, n Name, kind string, addr netip.Addr) error {
	rr, err := dns.NewRR(dns.Fqdn(n.FQDN) + " " + strconv.Itoa(updateTTL) + " IN " + kind + " " + addr.String())
	if err != nil {
		return stop("no record can be made of " + n.FQDN)
	}
	return p.send(ctx, n, func(m *dns.Msg) {
		m.RemoveRRset([]dns.RR{rr})
		m.Insert([]dns.RR{rr})
	})
}

func (p *rfc2136) send(ctx context.Context, n Name, fill func(*dns.Msg)) error {
	zone, _ := p.place(n)
	m := new(dns.Msg)
	m.SetUpdate(dns.Fqdn(zone))
	fill(m)
	c := dns.Client{Net: "tcp", Timeout: askTime}
	if p.secret != "" {
		if _, err := base64.StdEncoding.DecodeString(p.secret); err != nil {
			return stop("the secret of the key is not base64")
		}
		key := dns.Fqdn(strings.ToLower(p.key))
		c.TsigSecret = map[string]string{key: p.secret}
		m.SetTsig(key, dns.HmacSHA256, tsigFudge, time.Now().Unix())
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	reply, _, err := c.ExchangeContext(ctx, m, p.server)
	if err == nil && p.secret != "" && reply.Rcode == dns.RcodeSuccess && reply.IsTsig() == nil {
		return unconfirmed("a reply without a signature")
	}
	return readUpdate(reply, err)
}

func readUpdate(reply *dns.Msg, err error) error {
	switch {
	case errors.Is(err, dns.ErrTime) || tsigError(reply) == dns.RcodeBadTime:
		// A clock sets itself: a Pi has none until it reaches a time server.
		return retry("BADTIME: this machine's clock and the server's are too far apart: set the one that is wrong")
	case tsigError(reply) == dns.RcodeBadKey:
		return stop("BADKEY: the server does not know the key by this name, or with this algorithm (hmac-sha256)")
	case tsigError(reply) == dns.RcodeBadSig:
		return stop("BADSIG: the secret of the key is not the server's")
	case errors.Is(err, dns.ErrSig), errors.Is(err, dns.ErrKey), errors.Is(err, dns.ErrSecret):
		return stop("the server's signature is not right: check key, secret and both clocks")
	case err != nil && reply == nil:
		return unsure(&broken{clean(err.Error()), !neverSent(err)})
	case reply == nil:
		return retry("no reply")
	}
	word := dns.RcodeToString[reply.Rcode]
	switch reply.Rcode {
	case dns.RcodeSuccess:
		if err != nil {
			return unsure(&broken{clean(err.Error()), true})
		}
		return nil
	case dns.RcodeNotAuth, dns.RcodeRefused, dns.RcodeNotZone:
		return stop(word + ": check zone, key and secret, and that both clocks are right")
	case dns.RcodeFormatError, dns.RcodeNotImplemented, dns.RcodeNameError:
		return stop(orElse(word, "a reply of an unknown kind"))
	}
	return retry(orElse(word, "a reply of an unknown kind"))
}

// tsigError is what a server finds wrong with our signature (RFC 8945 section
// 5.2); 0 for nothing.
func tsigError(reply *dns.Msg) int {
	if reply == nil || reply.IsTsig() == nil {
		return 0
	}
	return int(reply.IsTsig().Error)
}

func (p *rfc2136) addTXT(ctx context.Context, n Name, value string) error {
	return p.send(ctx, n, func(m *dns.Msg) { m.Insert([]dns.RR{textRecord(n, value)}) })
}

func (p *rfc2136) removeTXT(ctx context.Context, n Name, value string) error {
	return p.send(ctx, n, func(m *dns.Msg) { m.Remove([]dns.RR{textRecord(n, value)}) })
}

func textRecord(n Name, value string) dns.RR {
	return &dns.TXT{Hdr: dns.RR_Header{Name: dns.Fqdn(n.FQDN), Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: updateTTL},
		Txt: []string{value}}
}
