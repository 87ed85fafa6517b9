package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// hairpin dials the home's own public address and looks for ourselves: visitors
// at home use the same names as those outside.
func (e *examination) hairpin(ctx context.Context) (list []finding) {
	home := of(e.home, false)
	if len(home) == 0 {
		return nil
	}
	path, answer, off := e.server.Beacon()
	defer off()
	b := beacon{path: path, answer: answer}
	for _, d := range doorsOf(e.server) {
		f := finding{"router", netip.AddrPortFrom(home[0], d.outer).String(), green, "leads back here from inside", ""}
		if err := e.meets(ctx, f.About, d, b); err != nil {
			f.Color, f.Says, f.Do = yellow, "from inside, the public address does not lead here: "+err.Error(), forwarding(e.server)
			if !e.config.Server.MapPorts {
				f.Do += ", or have portico ask it to: map_ports = true under [server]"
			}
			if len(e.known) > 0 {
				f.Do += "; whether strangers come in is told by portico doctor --outside " + someName(e.known[0])
			}
		}
		list = append(list, f)
	}
	return list
}

// beacon is a question that only this portico can answer.
type beacon struct {
	path, answer string
	host         string // whom the question is for; "" for nobody by name
}

// meets dials an address and tells by the beacon whether we answer.
func (e *examination) meets(ctx context.Context, addr string, d door, b beacon) error {
	here := local(d.inner.String())
	if len(e.known) > 0 {
		b.host = someName(e.known[0])
		if b.seen(ctx, here, d.tls) == nil {
			return b.seen(ctx, addr, d.tls)
		}
		b.host = "" // that host does without TLS
	}
	if err := b.seen(ctx, here, d.tls); err != nil {
		return fmt.Errorf("not even this machine finds itself at %s: %w", here, err)
	}
	return b.seen(ctx, addr, d.tls)
}

// seen asks at an address. The certificate is not looked at: that it may be a
// stand-in is no matter here.
func (b beacon) seen(ctx context.Context, addr string, encrypted bool) error {
	dialer := &net.Dialer{Timeout: 3 * time.Second}
	client := &http.Client{Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: b.host},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, addr)
			}}}
	scheme := "http://"
	if encrypted {
		scheme = "https://"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+firstOf(b.host, addr)+b.path, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return dialWords(err)
	}
	defer resp.Body.Close()
	got := make([]byte, len(b.answer))
	if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != b.answer {
		return errors.New("something else answers there, the router's own page perhaps")
	}
	return nil
}

// dialWords says in plain words why nobody answered.
func dialWords(err error) error {
	var late net.Error
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, unix.ECONNREFUSED):
		return errors.New("nobody listens there")
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH):
		return errors.New("no way leads there")
	case errors.As(err, &late) && late.Timeout():
		return errors.New("no answer")
	case errors.As(err, &record):
		return errors.New("something else answers there, without TLS")
	case errors.Is(err, io.EOF), errors.Is(err, unix.ECONNRESET):
		return errors.New("something else answers there, and hangs up")
	}
	return err
}

// someOf names a few of many.
func someOf(list []string) string {
	const most = 3
	if len(list) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}
