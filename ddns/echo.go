package ddns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/miekg/dns"
)

// source is a stranger who says which address a question came from.
type source struct {
	operator string // sources of one operator count once
	ask      func(ctx context.Context, v6 bool) (netip.Addr, error)
}

// echoTime bounds one question.
const echoTime = 6 * time.Second

// strangers are asked where a table says nothing else: several operators, over
// two protocols.
func strangers() []source {
	return []source{
		webSource("ipify.org", "https://api.ipify.org", "https://api6.ipify.org"),
		dnsSource("cloudflare.com", "whoami.cloudflare.", dns.ClassCHAOS, dns.TypeTXT, "1.1.1.1:53", "[2606:4700:4700::1111]:53"),
		webSource("icanhazip.com", "https://ipv4.icanhazip.com", "https://ipv6.icanhazip.com"),
		dnsSource("opendns.com", "myip.opendns.com.", dns.ClassINET, 0, "208.67.222.222:53", "[2620:119:35::35]:53"),
		webSource("ident.me", "https://v4.ident.me", "https://v6.ident.me"),
		webSource("cloudflare.com", "https://api.cloudflare.com/cdn-cgi/trace", "https://api.cloudflare.com/cdn-cgi/trace"),
	}
}

// named makes sources of the URLs that a table names.
func named(urls []string) []source {
	list := make([]source, 0, len(urls))
	for _, u := range urls {
		operator := u
		if p, err := url.Parse(u); err == nil {
			operator = p.Host
		}
		list = append(list, webSource(operator, u, u))
	}
	return list
}

// webSource asks over HTTP with the family pinned: over which one the question
// goes is what it asks.
func webSource(operator, v4URL, v6URL string) source {
	return source{operator, func(ctx context.Context, v6 bool) (netip.Addr, error) {
		target := v4URL
		if v6 {
			target = v6URL
		}
		text, err := fetch(ctx, target, v6)
		if err != nil {
			return netip.Addr{}, plainly(err)
		}
		return parseGlobal(addressIn(text), v6)
	}}
}

// plainly says why a stranger did not answer, without the addresses and sockets
// that a person cannot do anything about.
func plainly(err error) error {
	var late net.Error
	var no syscall.Errno
	switch {
	case errors.As(err, &late) && late.Timeout():
		return errors.New("no answer")
	case errors.As(err, &no):
		return no
	}
	return err
}

func fetch(ctx context.Context, target string, v6 bool) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, echoTime)
	defer cancel()
	network := "tcp4"
	if v6 {
		network = "tcp6"
	}
	dialer := &net.Dialer{}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, addr)
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return "", errors.New("no URL")
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := (&http.Client{Transport: transport, CheckRedirect: stayThere}).Do(req)
	if err != nil {
		var quoted *url.Error
		if errors.As(err, &quoted) {
			err = quoted.Err
		}
		return "", err
	}
	defer resp.Body.Close()
	const enough = 4 << 10
	body, err := io.ReadAll(io.LimitReader(resp.Body, enough))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", resp.StatusCode)
	}
	return string(body), err
}

// addressIn is the answer itself, or what its line "ip=" says.
func addressIn(text string) string {
	for line := range strings.Lines(text) {
		if ip, ok := strings.CutPrefix(line, "ip="); ok {
			return strings.TrimSpace(ip)
		}
	}
	return strings.TrimSpace(text)
}

// dnsSource asks a server of names that answers with the asker's address; kind
// 0 is the address record of the family asked for.
func dnsSource(operator, question string, class, kind uint16, v4Server, v6Server string) source {
	return source{operator, func(ctx context.Context, v6 bool) (netip.Addr, error) {
		network, server, q := "udp4", v4Server, kind
		if v6 {
			network, server = "udp6", v6Server
		}
		if q == 0 {
			q = dns.TypeA
			if v6 {
				q = dns.TypeAAAA
			}
		}
		m := new(dns.Msg)
		m.SetQuestion(question, q)
		m.Question[0].Qclass = class
		c := dns.Client{Net: network, Timeout: echoTime}
		reply, _, err := c.ExchangeContext(ctx, m, server)
		if err != nil {
			return netip.Addr{}, plainly(err)
		}
		return parseGlobal(recordText(reply), v6)
	}}
}

func recordText(m *dns.Msg) string {
	for _, rr := range m.Answer {
		switch r := rr.(type) {
		case *dns.TXT:
			return strings.Join(r.Txt, "")
		case *dns.A:
			return r.A.String()
		case *dns.AAAA:
			return r.AAAA.String()
		}
	}
	return ""
}
