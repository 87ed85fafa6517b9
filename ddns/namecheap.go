package ddns

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"net/netip"
	"net/url"
	"strings"

	"forge.home.arpa/portico/config"
)

// namecheap takes one name and an IPv4 address; it answers 200 whatever it
// thinks, and the verdict is in its XML.
type namecheap struct {
	*client
	password string
}

func newNamecheap(c *config.DDNS, cl *client) provider {
	return &namecheap{cl, c.Password.Reveal()}
}

func (p *namecheap) takes(a Addresses) Addresses { return Addresses{V4: a.V4} }

func (p *namecheap) publish(ctx context.Context, names []Name, a Addresses) []Reply {
	if !a.V4.IsValid() {
		return all(names, Reply{Class: Retry, Words: "no IPv4 address to publish: namecheap takes no other"})
	}
	return eachRecord{p}.publish(ctx, names, p.takes(a))
}

func (p *namecheap) set(ctx context.Context, n Name, _ string, addr netip.Addr) error {
	q := url.Values{"host": {n.Label}, "domain": {n.Domain}, "password": {p.password}, "ip": {addr.String()}}
	a, err := p.submit(ctx, p.at("https://dynamicdns.park-your-domain.com", "/update?"+q.Encode()), nil)
	if err != nil {
		return err
	}
	return a.readNamecheap(addr)
}

// namecheapReply is its XML as far as it matters.
type namecheapReply struct {
	XMLName  xml.Name `xml:"interface-response"`
	ErrCount *int     `xml:"ErrCount"`
	IP       string   `xml:"IP"`
	Errors   struct {
		Texts []string `xml:",any"`
	} `xml:"errors"`
	Responses []struct {
		String string `xml:"ResponseString"`
	} `xml:"responses>response"`
}

func (a *answer) readNamecheap(sent netip.Addr) error {
	if !a.ok() {
		return statusRefusal(a, "")
	}
	var r namecheapReply
	d := xml.NewDecoder(bytes.NewReader(a.body))
	// The document is UTF-8 and says that it is UTF-16.
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	if err := d.Decode(&r); err != nil || r.ErrCount == nil {
		return retry("an answer that is none of namecheap's: " + a.said())
	}
	if *r.ErrCount > 0 {
		return r.refusal(a)
	}
	if ip, err := netip.ParseAddr(strings.TrimSpace(r.IP)); err == nil && ip != sent {
		return retry("namecheap published " + ip.String() + " in place of " + sent.String())
	}
	return nil
}

// refusal quotes what was wrong. One number means both a wrong password and a
// bad address, so the words decide.
func (r *namecheapReply) refusal(a *answer) error {
	texts := r.Errors.Texts
	for _, resp := range r.Responses {
		texts = append(texts, resp.String)
	}
	words := a.quote(strings.Join(texts, "; "))
	if words == "" {
		words = a.said()
	}
	if strings.Contains(strings.ToLower(words), "invalid ip") {
		return retry(words)
	}
	return stop(words)
}
