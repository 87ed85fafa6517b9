package proxy

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/record"
)

const (
	// replayWait bounds a whole replay, replayRead what is read of its answer:
	// many have no end of their own.
	replayWait = 15 * time.Second
	replayRead = 1 << 20
	// replayBody is how long the body of an answer is read.
	replayBody = 3 * time.Second
	// replayRecord is how long the record of a replay may take to be there.
	replayRecord = 3 * time.Second
)

// Replay is a request that was, made ready to be sent again.
type Replay struct {
	Secret []string // what it carries that lets people in: "Cookie", "token of the query"
	Note   string   // what of it is not known any more; "" for nothing

	method, host, target string
	tls                  bool
	fields               [][2]string
}

// ReplayOf makes a request ready that a record tells of. Only GET and HEAD do
// nothing when they are sent again; the error says why another is not.
func ReplayOf(d record.Detail) (*Replay, error) {
	r := &d.Row
	p := &Replay{method: r.Method.String(), host: r.Host.String(), target: r.Path.String(), tls: r.TLS}
	switch {
	case p.method != "GET" && p.method != "HEAD":
		return nil, fmt.Errorf("%s may change something a second time: only GET and HEAD are sent again", cmp.Or(p.method, "this"))
	case r.Rule == badRequestRule || p.host == "":
		return nil, errors.New("this was no whole request: there is nothing to send again")
	}
	if !p.readHead(d) && len(r.Path.Bytes()) == r.Path.Cap() {
		return nil, errors.New("its path was cut: it cannot be sent again as it was")
	}
	if strings.ContainsAny(p.target+p.host, " \r\n\x00") {
		return nil, errors.New("its address cannot be sent again as it was")
	}
	p.findSecrets()
	return p, nil
}

// readHead takes the target and the fields from a head, but for those of one
// connection; false where it tells no target. A line that was cut is left out.
func (p *Replay) readHead(d record.Detail) (whole bool) {
	if len(d.Request) == 0 {
		p.Note = "its head is no longer kept: it is sent without its fields"
		return false
	}
	lines := strings.Split(strings.TrimRight(string(d.Request), "\r\n"), "\n")
	if d.RequestCut {
		lines, p.Note = lines[:len(lines)-1], "its head was cut: the fields behind are not sent"
	}
	for i, line := range lines {
		line = strings.TrimSuffix(line, "\r")
		if i == 0 {
			if words := strings.Split(line, " "); len(words) == 3 && strings.HasPrefix(words[1], "/") {
				p.target, whole = words[1], true
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		switch value = strings.TrimSpace(value); {
		case !ok, slices.Contains(ofConnection, strings.ToLower(name)):
		case strings.EqualFold(name, "Host"):
			p.host = value
		default:
			p.fields = append(p.fields, [2]string{name, value})
		}
	}
	return whole
}

// ofConnection are fields that belong to one connection or to a body.
var ofConnection = []string{"connection", "keep-alive", "te", "upgrade", "expect", "content-length", "transfer-encoding",
	"trailer", "http2-settings", "proxy-connection", "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions"}

// findSecrets notes what lets people in.
func (p *Replay) findSecrets() {
	for _, f := range p.fields {
		if config.SecretField(f[0]) {
			p.Secret = append(p.Secret, f[0])
		}
	}
	_, query, _ := strings.Cut(p.target, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(pair, "="); config.SecretField(name) {
			p.Secret = append(p.Secret, name+" of the query")
		}
	}
}

// withoutSecrets is the target without the pairs of its query that let people in.
func (p *Replay) withoutSecrets() string {
	path, query, found := strings.Cut(p.target, "?")
	if !found {
		return path
	}
	var kept []string
	for pair := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(pair, "="); !config.SecretField(name) {
			kept = append(kept, pair)
		}
	}
	return path + "?" + strings.Join(kept, "&")
}

// head is the request as it is sent.
func (p *Replay) head(secrets bool) []byte {
	target := p.target
	if !secrets {
		target = p.withoutSecrets()
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", p.method, target, p.host)
	for _, f := range p.fields {
		if secrets || !config.SecretField(f[0]) {
			fmt.Fprintf(&b, "%s: %s\r\n", f[0], f[1])
		}
	}
	b.WriteString("Connection: close\r\n\r\n")
	return b.Bytes()
}

// Replay sends a request again, by the listener that it came by, and returns the
// record that it leaves. It comes from this machine: guards judge it as such.
// Without secrets it goes without what lets people in.
func (s *Server) Replay(ctx context.Context, p *Replay, secrets bool) (record.Row, error) {
	ctx, cancel := context.WithTimeout(ctx, replayWait)
	defer cancel()
	before := s.records.Newest()
	conn, err := s.dialSelf(ctx, p)
	if err != nil {
		return record.Row{}, err
	}
	self := localAddr(conn)
	err = p.exchange(ctx, conn, secrets)
	conn.Close()
	if row, ok := s.recordOf(before, p, self); ok {
		return row, nil
	}
	if err != nil {
		return record.Row{}, fmt.Errorf("no answer: %w", err)
	}
	return record.Row{}, errors.New("it was answered, and its record is not there yet")
}

// dialSelf connects to the listener that the request came by.
func (s *Server) dialSelf(ctx context.Context, p *Replay) (net.Conn, error) {
	addr, ok := s.listenerFor(p.tls)
	if !ok {
		return nil, fmt.Errorf("no listener takes %s requests now", schemeOf(p.tls))
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("our own listener does not answer: %w", err)
	}
	if _, must := s.snapshot.Load().balancers.Contains(localAddr(conn)); must {
		io.WriteString(conn, "PROXY UNKNOWN\r\n") // a failure is one of the exchange
	}
	if !p.tls {
		return conn, nil
	}
	name, _, cut := strings.Cut(p.host, ":")
	if cut && strings.HasPrefix(p.host, "[") {
		name = ""
	}
	// It is our own certificate, over our own machine's loopback.
	return tls.Client(conn, &tls.Config{ServerName: name, InsecureSkipVerify: true}), nil
}

// listenerFor is where a listener is reached from here.
func (s *Server) listenerFor(overTLS bool) (string, bool) {
	for _, l := range s.listenerStatus() {
		at, err := netip.ParseAddrPort(l.Bound)
		if err != nil || l.TLS != overTLS || l.Error != "" {
			continue
		}
		if at.Addr().IsUnspecified() {
			home := netip.AddrFrom4([4]byte{127, 0, 0, 1})
			at = netip.AddrPortFrom(home, at.Port())
		}
		return at.String(), true
	}
	return "", false
}

// exchange sends the request and reads as much of the answer as is worth it.
func (p *Replay) exchange(ctx context.Context, conn net.Conn, secrets bool) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if _, err := conn.Write(p.head(secrets)); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: p.method})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := conn.SetReadDeadline(time.Now().Add(replayBody)); err != nil {
		return err
	}
	_, _ = io.CopyN(io.Discard, resp.Body, replayRead) // how it ended is in the record
	return nil
}

// recordOf waits for the record of a replay: the first since before that asked
// so from here.
func (s *Server) recordOf(before uint64, p *Replay, self netip.Addr) (record.Row, bool) {
	rows := make([]record.Row, 16)
	for end := time.Now().Add(replayRecord); time.Now().Before(end); {
		n, missed := s.records.Since(before, rows)
		for i := range rows[:n] {
			if p.isOf(&rows[i], self) {
				return rows[i], true
			}
		}
		if before += uint64(n) + missed; n == 0 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	return record.Row{}, false
}

// isOf tells a record of the same request, whose path may be cut. Others ask from
// here too, as for "/" to see whether we are well.
func (p *Replay) isOf(r *record.Row, self netip.Addr) bool {
	path, _, _ := strings.Cut(p.target, "?")
	asked, _, _ := strings.Cut(r.Path.String(), "?")
	cut := len(r.Path.Bytes()) == r.Path.Cap()
	return r.Peer.Unmap() == self && r.Method.String() == p.method && (asked == path || cut && strings.HasPrefix(path, asked))
}
