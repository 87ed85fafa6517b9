package proxy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/proxy/record"
)

// A server that resets a call answers it: the client hears what the reset says
// in gRPC, before and within the answer, and nobody blames the upstream.
func TestGRPCReset(t *testing.T) {
	for code, want := range map[http2.ErrCode]codes.Code{
		http2.ErrCodeNo:                 codes.Internal,
		http2.ErrCodeProtocol:           codes.Internal,
		http2.ErrCodeInternal:           codes.Internal,
		http2.ErrCodeFlowControl:        codes.Internal,
		http2.ErrCodeCancel:             codes.Canceled,
		http2.ErrCodeEnhanceYourCalm:    codes.ResourceExhausted,
		http2.ErrCodeInadequateSecurity: codes.PermissionDenied,
		http2.ErrCodeHTTP11Required:     codes.Internal,
	} {
		for _, begun := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v begun %v", code, begun), func(t *testing.T) {
				s := grpcSite(t, framesOrigin(t, func(f *frames, id uint32) {
					if begun {
						f.head(id, false, ":status", "200", "content-type", "application/grpc")
					}
					_ = f.WriteRSTStream(id, code)
				}))
				if err := fullDuplex(t.Context(), grpcClient(t, s)); status.Code(err) != want {
					t.Errorf("%v, want %v", err, want)
				}
				s.blamesNobody(1, code.String())
			})
		}
	}
}

// A call that its server has not begun may be tried elsewhere; where it cannot,
// the upstream is unavailable.
func TestGRPCRefusedStream(t *testing.T) {
	s := grpcSite(t, framesOrigin(t, func(f *frames, id uint32) { _ = f.WriteRSTStream(id, http2.ErrCodeRefusedStream) }))
	if err := fullDuplex(t.Context(), grpcClient(t, s)); status.Code(err) != codes.Unavailable {
		t.Error(err)
	}
	if row := s.lastRow(1); row.Status != 502 || row.Cause != record.CauseReset {
		t.Errorf("row: %d %q %s", row.Status, row.Cause, row.Detail)
	}
}

// A cancelled call whose time has run out is one that is overdue. The client's
// own clock is far from its deadline: the status comes from the answer.
func TestGRPCResetAfterTheDeadline(t *testing.T) {
	s := grpcSite(t, framesOrigin(t, func(f *frames, id uint32) {
		time.Sleep(20 * time.Millisecond)
		_ = f.WriteRSTStream(id, http2.ErrCodeCancel)
	}))
	for timeout, want := range map[string]string{"10m": "4", "9999u": "4", "1n": "4", "1H": "1", "99999999H": "1", "1x": "1", "m": "1", "-1m": "1", "100000000m": "1"} {
		f := s.frames()
		id := f.ask(append(set(get, ":method", "POST"), "content-type", "application/grpc", "te", "trailers", "grpc-timeout", timeout)...)
		if got := f.grpcStatus(id); got != want {
			t.Errorf("%s: grpc-status %q, want %s", timeout, got, want)
		}
	}
}

// Many deadlines at once: whoever is first, server or client, says the same.
func TestGRPCDeadlines(t *testing.T) {
	s := grpcSite(t, grpcServer(t))
	cc := grpcClient(t, s)
	failed := make(chan error)
	const calls = 100
	for range calls {
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			failed <- fullDuplex(ctx, cc)
		}()
	}
	for range calls {
		if err := <-failed; status.Code(err) != codes.DeadlineExceeded {
			t.Error(err)
		}
	}
	s.lastRow(calls)
	var rows [1]record.Row
	if s.server.Records().Before(0, rows[:], func(r *record.Row) bool { return r.Status >= 500 }) != 0 {
		t.Errorf("row: %d %q %s", rows[0].Status, rows[0].Cause, rows[0].Detail)
	}
}

// fullDuplex makes a call that ends with a status of its own accord.
func fullDuplex(ctx context.Context, cc *grpc.ClientConn) error {
	stream, err := testpb.NewTestServiceClient(cc).FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	_, err = stream.Recv()
	return err
}

// blamesNobody checks that the n-th record tells what happened, and that the
// upstream is well.
func (s *site) blamesNobody(n uint64, words string) {
	s.t.Helper()
	row := s.lastRow(n)
	if row.Status != 200 || row.Aborted || row.Cause != record.CauseReset || !strings.Contains(row.Detail, words) {
		s.t.Errorf("row: %d, aborted %v, %q %s", row.Status, row.Aborted, row.Cause, row.Detail)
	}
	status := s.server.Status()
	if u := status.Upstreams[0]; u.State != proxy.StateOK || u.Reason != "" || !u.LastFail.IsZero() {
		s.t.Errorf("upstream %s: %s", u.State, u.Reason)
	}
	if m := status.Routes[0].Minutes; m[len(m)-1].Errors != 0 {
		s.t.Errorf("%d errors are counted", m[len(m)-1].Errors)
	}
}

// grpcStatus reads until a stream ends, and returns the last grpc-status.
func (f *frames) grpcStatus(stream uint32) (code string) {
	f.t.Helper()
	_ = f.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		frame, err := f.ReadFrame()
		f.do(err)
		h, ok := frame.(*http2.MetaHeadersFrame)
		if !ok || h.StreamID != stream {
			continue
		}
		for _, field := range h.Fields {
			if field.Name == "grpc-status" {
				code = field.Value
			}
		}
		if h.StreamEnded() {
			return code
		}
	}
}
