package http2_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"

	"forge.home.arpa/portico/proxy/http1"
	"forge.home.arpa/portico/proxy/http2"
	"forge.home.arpa/portico/proxy/message"
)

// TestOverTLS enters where TLS has agreed on HTTP/2: nothing was read before.
func TestOverTLS(t *testing.T) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ended := make(chan error, 1)
	go func() {
		nc, err := l.Accept()
		if err != nil {
			ended <- err
			return
		}
		defer nc.Close()
		ended <- serve(nc)
	}()
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	resp, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get("https://" + l.Addr().String() + "/x")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "GET /x" || resp.ProtoMajor != 2 {
		t.Errorf("%s %q, %v", resp.Proto, body, err)
	}
	transport.CloseIdleConnections()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// serve answers every request with its first line.
func serve(nc net.Conn) error {
	if err := nc.(*tls.Conn).Handshake(); err != nil {
		return err
	}
	return http2.NewConn(nc, nil, http2.Options{
		Limits: http1.DefaultLimits, Header: time.Second, Idle: time.Minute, Log: slog.New(slog.DiscardHandler),
		Fault: func(string) {},
		Serve: func(s *http2.Stream) {
			x := message.New()
			defer x.Release()
			if s.ReadRequest(x) != nil {
				return
			}
			var body message.Bytes
			body.Set(append(append(append([]byte(nil), x.Request.Method...), ' '), x.Request.Path...))
			x.Response.Status, x.Response.Length, x.Response.Body = 200, message.Unknown, &body
			_ = s.Respond(x) // the client tells
		},
	}).Serve()
}

func selfSigned(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
