package router

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// callTime bounds a question over HTTP; tests hurry it.
var callTime = 3 * time.Second

const (
	mostAnswer = 256 << 10 // bytes; descriptions of a few KB are usual
	mostWords  = 120       // bytes of what a router said that are shown
)

// only is a client that reaches one address and reads short answers. What
// answers for a router names further places, and they might be anywhere: other
// machines at home, or what only this one may reach.
func only(gateway netip.Addr) *http.Client {
	dialer := &net.Dialer{}
	return &http.Client{Timeout: callTime, CheckRedirect: stay, Transport: short{&http.Transport{
		DisableKeepAlives: true, MaxResponseHeaderBytes: 16 << 10,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if to, err := netip.ParseAddrPort(addr); err != nil || to.Addr().Unmap() != gateway {
				return nil, fmt.Errorf("the router points elsewhere, to %s, which is not asked", printable(addr))
			}
			return dialer.DialContext(ctx, network, addr)
		},
	}}}
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// short cuts bodies that are too long.
type short struct{ http.RoundTripper }

func (s short) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, mostAnswer), resp.Body}
	}
	return resp, err
}

// printable makes what a stranger wrote fit for a line of text.
func printable(text string) string {
	text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, text)), " ")
	return text[:min(len(text), mostWords)]
}
