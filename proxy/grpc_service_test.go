package proxy_test

import (
	"context"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// testService answers gRPC's interop calls as their description says. (The one
// that comes with gRPC needs half of xDS to be built.)
type testService struct {
	testpb.UnimplementedTestServiceServer
}

const (
	echoInitial  = "x-grpc-test-echo-initial"
	echoTrailing = "x-grpc-test-echo-trailing-bin"
)

func (testService) EmptyCall(context.Context, *testpb.Empty) (*testpb.Empty, error) {
	return new(testpb.Empty), nil
}

func (testService) UnaryCall(ctx context.Context, r *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	if err := echoMetadata(ctx, func(md metadata.MD) error { return grpc.SendHeader(ctx, md) }, func(md metadata.MD) { grpc.SetTrailer(ctx, md) }); err != nil {
		return nil, err
	}
	if err := echoStatus(r.ResponseStatus); err != nil {
		return nil, err
	}
	return &testpb.SimpleResponse{Payload: payload(r.ResponseSize)}, nil
}

func (testService) StreamingOutputCall(r *testpb.StreamingOutputCallRequest, s grpc.ServerStreamingServer[testpb.StreamingOutputCallResponse]) error {
	return sendAll(r, s.Send)
}

func (testService) StreamingInputCall(s grpc.ClientStreamingServer[testpb.StreamingInputCallRequest, testpb.StreamingInputCallResponse]) error {
	var sum int
	for {
		r, err := s.Recv()
		if err == io.EOF {
			return s.SendAndClose(&testpb.StreamingInputCallResponse{AggregatedPayloadSize: int32(sum)})
		}
		if err != nil {
			return err
		}
		sum += len(r.Payload.Body)
	}
}

func (testService) FullDuplexCall(s grpc.BidiStreamingServer[testpb.StreamingOutputCallRequest, testpb.StreamingOutputCallResponse]) error {
	if err := echoMetadata(s.Context(), s.SendHeader, s.SetTrailer); err != nil {
		return err
	}
	for {
		r, err := s.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := echoStatus(r.ResponseStatus); err != nil {
			return err
		}
		if err := sendAll(r, s.Send); err != nil {
			return err
		}
	}
}

func sendAll(r *testpb.StreamingOutputCallRequest, send func(*testpb.StreamingOutputCallResponse) error) error {
	for _, p := range r.ResponseParameters {
		time.Sleep(time.Duration(p.IntervalUs) * time.Microsecond)
		if err := send(&testpb.StreamingOutputCallResponse{Payload: payload(p.Size)}); err != nil {
			return err
		}
	}
	return nil
}

func payload(size int32) *testpb.Payload { return &testpb.Payload{Body: make([]byte, size)} }

func echoStatus(s *testpb.EchoStatus) error {
	if s == nil || s.Code == 0 {
		return nil
	}
	return status.Error(codes.Code(s.Code), s.Message)
}

func echoMetadata(ctx context.Context, header func(metadata.MD) error, trailer func(metadata.MD)) error {
	md, _ := metadata.FromIncomingContext(ctx)
	if v := md[echoTrailing]; len(v) > 0 {
		trailer(metadata.Pairs(echoTrailing, v[0]))
	}
	if v := md[echoInitial]; len(v) > 0 {
		return header(metadata.Pairs(echoInitial, v[0]))
	}
	return nil
}
