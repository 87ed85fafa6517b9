package proxy_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// TestGRPC runs the cases of gRPC's interop description that concern a proxy.
func TestGRPC(t *testing.T) {
	s := grpcSite(t, grpcServer(t))
	cc := grpcClient(t, s)
	for name, do := range map[string]func(context.Context, testpb.TestServiceClient) error{
		"empty": func(ctx context.Context, c testpb.TestServiceClient) error {
			_, err := c.EmptyCall(ctx, new(testpb.Empty))
			return err
		},
		"large unary":      largeUnary,
		"client streaming": clientStreaming,
		"server streaming": serverStreaming,
		"ping-pong":        pingPong,
		"empty stream":     emptyStream,
		"metadata":         customMetadata,
		"status and message": func(ctx context.Context, c testpb.TestServiceClient) error {
			return statusPasses(ctx, c, "test status message")
		},
		"odd message": func(ctx context.Context, c testpb.TestServiceClient) error {
			return statusPasses(ctx, c, "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n")
		},
		"deadline":          deadline,
		"cancelled at once": cancelledAtOnce,
		"cancelled later":   cancelledLater,
		"unimplemented": func(ctx context.Context, c testpb.TestServiceClient) error {
			_, err := c.UnimplementedCall(ctx, new(testpb.Empty))
			return want(codes.Unimplemented, err)
		},
		"no such service": func(ctx context.Context, _ testpb.TestServiceClient) error {
			_, err := testpb.NewUnimplementedServiceClient(cc).UnimplementedCall(ctx, new(testpb.Empty))
			return want(codes.Unimplemented, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if err := do(ctx, testpb.NewTestServiceClient(cc)); err != nil {
				t.Error(err)
			}
		})
	}
}

func want(code codes.Code, err error) error {
	if status.Code(err) != code {
		return fmt.Errorf("%v, want %s", err, code)
	}
	return nil
}

var sizes = []int32{27182, 8, 1828, 45904}

func largeUnary(ctx context.Context, c testpb.TestServiceClient) error {
	got, err := c.UnaryCall(ctx, &testpb.SimpleRequest{ResponseSize: 2 << 20, Payload: payload(2 << 20)})
	if err == nil && len(got.Payload.Body) != 2<<20 {
		err = fmt.Errorf("%d bytes", len(got.Payload.Body))
	}
	return err
}

func clientStreaming(ctx context.Context, c testpb.TestServiceClient) error {
	stream, err := c.StreamingInputCall(ctx)
	if err != nil {
		return err
	}
	for _, size := range sizes {
		if err := stream.Send(&testpb.StreamingInputCallRequest{Payload: payload(size)}); err != nil {
			return err
		}
	}
	got, err := stream.CloseAndRecv()
	if err == nil && got.AggregatedPayloadSize != 74922 {
		err = fmt.Errorf("%d bytes", got.AggregatedPayloadSize)
	}
	return err
}

func parameters(sizes ...int32) (all []*testpb.ResponseParameters) {
	for _, size := range sizes {
		all = append(all, &testpb.ResponseParameters{Size: size})
	}
	return all
}

func serverStreaming(ctx context.Context, c testpb.TestServiceClient) error {
	stream, err := c.StreamingOutputCall(ctx, &testpb.StreamingOutputCallRequest{ResponseParameters: parameters(sizes...)})
	if err != nil {
		return err
	}
	for _, size := range sizes {
		if err := receive(stream, size); err != nil {
			return err
		}
	}
	return ended(stream)
}

type receiver interface {
	Recv() (*testpb.StreamingOutputCallResponse, error)
}

func receive(stream receiver, size int32) error {
	got, err := stream.Recv()
	if err == nil && len(got.Payload.Body) != int(size) {
		err = fmt.Errorf("%d bytes, want %d", len(got.Payload.Body), size)
	}
	return err
}

func ended(stream receiver) error {
	if _, err := stream.Recv(); err != io.EOF {
		return fmt.Errorf("at the end: %v", err)
	}
	return nil
}

func pingPong(ctx context.Context, c testpb.TestServiceClient) error {
	stream, err := c.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	for _, size := range sizes {
		if err := stream.Send(&testpb.StreamingOutputCallRequest{ResponseParameters: parameters(size), Payload: payload(size / 2)}); err != nil {
			return err
		}
		if err := receive(stream, size); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return ended(stream)
}

func emptyStream(ctx context.Context, c testpb.TestServiceClient) error {
	stream, err := c.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return ended(stream)
}

func customMetadata(ctx context.Context, c testpb.TestServiceClient) error {
	ctx = metadata.AppendToOutgoingContext(ctx, echoInitial, "first", echoTrailing, "\x0a\x0b\x0a\x0b")
	var header, trailer metadata.MD
	if _, err := c.UnaryCall(ctx, &testpb.SimpleRequest{ResponseSize: 1}, grpc.Header(&header), grpc.Trailer(&trailer)); err != nil {
		return err
	}
	if got := fmt.Sprint(header[echoInitial], trailer[echoTrailing]); got != "[first] [\x0a\x0b\x0a\x0b]" {
		return fmt.Errorf("metadata %q", got)
	}
	return nil
}

func statusPasses(ctx context.Context, c testpb.TestServiceClient, message string) error {
	_, err := c.UnaryCall(ctx, &testpb.SimpleRequest{ResponseStatus: &testpb.EchoStatus{Code: 2, Message: message}})
	if got := status.Convert(err); got.Code() != codes.Unknown || got.Message() != message {
		return fmt.Errorf("status %v", err)
	}
	return nil
}

func deadline(ctx context.Context, c testpb.TestServiceClient) error {
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	stream, err := c.FullDuplexCall(ctx)
	if err != nil {
		return want(codes.DeadlineExceeded, err)
	}
	_ = stream.Send(&testpb.StreamingOutputCallRequest{Payload: payload(27182)})
	_, err = stream.Recv()
	return want(codes.DeadlineExceeded, err)
}

func cancelledAtOnce(ctx context.Context, c testpb.TestServiceClient) error {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := c.StreamingInputCall(ctx)
	cancel()
	if err != nil {
		return want(codes.Canceled, err)
	}
	_, err = stream.CloseAndRecv()
	return want(codes.Canceled, err)
}

func cancelledLater(ctx context.Context, c testpb.TestServiceClient) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	if err := stream.Send(&testpb.StreamingOutputCallRequest{ResponseParameters: parameters(314)}); err != nil {
		return err
	}
	if err := receive(stream, 314); err != nil {
		return err
	}
	cancel()
	_, err = stream.Recv()
	return want(codes.Canceled, err)
}
