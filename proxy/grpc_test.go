package proxy_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// grpcServer runs gRPC's own interop and health services.
func grpcServer(t testing.TB, o ...grpc.ServerOption) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(o...)
	testpb.RegisterTestServiceServer(server, testService{})
	h := health.NewServer()
	h.SetServingStatus("cameras", healthpb.HealthCheckResponse_NOT_SERVING)
	healthpb.RegisterHealthServer(server, h)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	return l.Addr().String()
}

func grpcClient(t testing.TB, s *site) *grpc.ClientConn {
	cc, err := grpc.NewClient("passthrough:///"+s.addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cc.Close() })
	return cc
}

func grpcSite(t testing.TB, addr string) *site {
	return newSite(t, fmt.Sprintf("[route.rpc]\nhost = \"*\"\nto = \"grpc://%s\"\n", addr))
}

func TestGRPCHealthPasses(t *testing.T) {
	s := grpcSite(t, grpcServer(t))
	c := healthpb.NewHealthClient(grpcClient(t, s))
	for service, want := range map[string]healthpb.HealthCheckResponse_ServingStatus{
		"": healthpb.HealthCheckResponse_SERVING, "cameras": healthpb.HealthCheckResponse_NOT_SERVING,
	} {
		if got, err := c.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service}); err != nil || got.Status != want {
			t.Errorf("%q: %v, %v", service, got, err)
		}
	}
	if _, err := c.Check(t.Context(), &healthpb.HealthCheckRequest{Service: "none"}); status.Code(err) != codes.NotFound {
		t.Errorf("an unknown service: %v", err)
	}
	if row := s.lastRow(3); row.Proto != record.HTTP2 || row.Status != 200 || row.Cause != record.CauseNone {
		t.Errorf("row: %s %d %q %s", row.Proto, row.Status, row.Cause, row.Detail)
	}
}

// A server's status ends a call at once, though the client never ended its side.
func TestGRPCStatusBeforeTheClientEnded(t *testing.T) {
	s := grpcSite(t, grpcServer(t))
	stream, err := testpb.NewTestServiceClient(grpcClient(t, s)).FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&testpb.StreamingOutputCallRequest{ResponseStatus: &testpb.EchoStatus{Code: 5, Message: "none such"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.NotFound {
		t.Errorf("%v", err)
	}
	if row := s.lastRow(1); row.Cause != record.CauseNone || row.Status != 200 {
		t.Errorf("row: %d %q %s", row.Status, row.Cause, row.Detail)
	}
}

// A client that cancels frees the upstream, whose own context ends.
func TestGRPCCancelReachesTheServer(t *testing.T) {
	cancelled := make(chan struct{})
	addr := grpcServer(t, grpc.StreamInterceptor(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, h grpc.StreamHandler) error {
		go func() {
			<-ss.Context().Done()
			close(cancelled)
		}()
		return h(srv, ss)
	}))
	s := grpcSite(t, addr)
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := testpb.NewTestServiceClient(grpcClient(t, s)).FullDuplexCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	send := &testpb.StreamingOutputCallRequest{ResponseParameters: []*testpb.ResponseParameters{{Size: 3}}}
	if err := stream.Send(send); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case <-cancelled:
	case <-time.After(10 * time.Second):
		t.Fatal("the server was not told")
	}
	if row := s.lastRow(1); row.Cause != record.CauseClientGone {
		t.Errorf("cause %q: %s", row.Cause, row.Detail)
	}
}

// What portico says itself, a gRPC client hears as a status.
func TestGRPCFailuresOfOurOwn(t *testing.T) {
	s := newSite(t, "[route.down]\nhost = \"down.lan\"\nto = \"grpc://127.0.0.1:1\"\n"+
		"[route.closed]\nhost = \"closed.lan\"\ndeny = \"127.0.0.0/8\"\nto = \"grpc://127.0.0.1:1\"\n"+
		"[route.off]\nhost = \"off.lan\"\nmaintenance = { on = true }\nto = \"grpc://127.0.0.1:1\"\n"+
		"[route.get]\nhost = \"get.lan\"\nmethods = \"GET\"\nto = \"grpc://127.0.0.1:1\"\n"+
		"")
	cc := grpcClient(t, s)
	for i, c := range []struct {
		host   string
		want   codes.Code
		status uint16
		cause  record.Cause
	}{
		{"down.lan", codes.Unavailable, 502, record.CauseRefused},
		{"none.lan", codes.Unimplemented, 404, record.CauseNone},
		{"closed.lan", codes.PermissionDenied, 403, record.CauseNone},
		{"off.lan", codes.Unavailable, 503, record.CauseNone},
		{"get.lan", codes.Unimplemented, 405, record.CauseNone},
	} {
		_, err := testpb.NewTestServiceClient(cc).EmptyCall(t.Context(), &testpb.Empty{}, grpc.CallAuthority(c.host))
		if status.Code(err) != c.want {
			t.Errorf("%s: %v", c.host, err)
		}
		if row := s.lastRow(uint64(i + 1)); row.Status != c.status || row.Cause != c.cause {
			t.Errorf("%s: row %d %q", c.host, row.Status, row.Cause)
		}
	}
}

func init() { grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard)) }

// grpcs is gRPC over TLS, which must have agreed on HTTP/2.
func TestGRPCOverTLS(t *testing.T) {
	cert := certificate(t, nil, nil)
	addr := grpcServer(t, grpc.Creds(credentials.NewServerTLSFromCert(new(cert.tls()))))
	s := newSite(t, fmt.Sprintf("[route.rpc]\nhost = \"*\"\nto = \"grpcs://%s\"\nupstream_tls = { pin = %q }\n", addr, cert.pin))
	c := testpb.NewTestServiceClient(grpcClient(t, s))
	for name, do := range map[string]func(context.Context, testpb.TestServiceClient) error{
		"large": largeUnary, "ping-pong": pingPong, "metadata": customMetadata,
	} {
		if err := do(t.Context(), c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	plain := secureHandler(t, cert, hello, nil) // HTTP/1 alone
	s.apply(fmt.Sprintf("[route.rpc]\nhost = \"*\"\nto = \"grpcs://%s\"\nupstream_tls = { pin = %q }\n", plain, cert.pin))
	if _, err := c.EmptyCall(t.Context(), new(testpb.Empty)); status.Code(err) != codes.Unavailable {
		t.Errorf("to HTTP/1: %v", err)
	}
	if row := s.lastRow(4); row.Cause != record.CauseProtocol {
		t.Errorf("cause %q: %s", row.Cause, row.Detail)
	}
}

// gRPC upstreams are checked by gRPC's own health service, whether a path is
// given or not.
func TestGRPCHealthChecks(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(*grpc.Server)
		want  proxy.State
	}{
		"serving": {func(s *grpc.Server) { healthpb.RegisterHealthServer(s, health.NewServer()) }, proxy.StateOK},
		"not serving": {func(s *grpc.Server) {
			h := health.NewServer()
			h.SetServingStatus("", healthpb.HealthCheckResponse_NOT_SERVING)
			healthpb.RegisterHealthServer(s, h)
		}, proxy.StateDown},
		"without the service": {func(*grpc.Server) {}, proxy.StateOK},
	} {
		t.Run(name, func(t *testing.T) {
			server := grpc.NewServer()
			c.serve(server)
			s := grpcSiteWith(t, server, `health = { interval = "100ms", fall = 1 }`)
			until(t, "a check", func() bool { return s.server.Status().Upstreams[0].State != proxy.StateUnknown })
			if u := s.server.Status().Upstreams[0]; u.State != c.want {
				t.Errorf("%s: %s", u.State, u.Reason)
			}
		})
	}
}

func grpcSiteWith(t testing.TB, server *grpc.Server, more string) *site {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	return newSite(t, fmt.Sprintf("[route.rpc]\nhost = \"*\"\nto = \"grpc://%s\"\n%s\n", l.Addr(), more))
}

func TestGRPCExplained(t *testing.T) {
	s := newSite(t, "[route.rpc]\nhost = \"*\"\nto = \"grpc://nas:50051\"\n[route.tls]\nhost = \"tls.lan\"\nto = \"grpcs://nas:50052\"\n[route.two]\nhost = \"two.lan\"\nto = \"h2c://nas:8080\"\n")
	for host, want := range map[string][2]string{
		"a.lan":   {"grpc://nas:50051", "http://nas:50051/pkg.Service/Call"},
		"tls.lan": {"grpcs://nas:50052", "https://nas:50052/pkg.Service/Call"},
		"two.lan": {"h2c://nas:8080", "http://nas:8080/pkg.Service/Call"},
	} {
		e, err := s.server.Explain(proxy.Request{URL: "http://" + host + "/pkg.Service/Call", Method: "POST"})
		if err != nil || e.Upstream != want[0] || e.URL != want[1] || e.Status != 0 {
			t.Errorf("%s: %s, %s, status %d, %v", host, e.Upstream, e.URL, e.Status, err)
		}
	}
	for _, r := range s.server.Status().Routes {
		if len(r.To) != 1 || r.Target != r.To[0] {
			t.Errorf("%s goes %s", r.Name, r.Target)
		}
	}
}
