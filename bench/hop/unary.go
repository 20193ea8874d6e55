package main

import (
	"context"
	"io"
	"net"
	"os"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// event is one with all that an envelope has.
func event(payload []byte) *proto.Event {
	return &proto.Event{
		Id: "ledger-52884096-operation-17", Type: "stellar.operation.v1", Payload: payload, ContentType: "application/json", SourceComponentId: "ledgers",
		Metadata: map[string]string{"network": "testnet", "version": "22"}, Timestamp: timestamppb.Now(),
		StellarCursor: &proto.StellarCursor{LedgerSequence: 52884096, IndexInLedger: 17},
	}
}

// untilEnd is called when the parent has had enough.
func untilEnd(stop func()) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
}

// unary is a service with one call for each role.
var unary = grpc.ServiceDesc{
	ServiceName: "bench.Unary", HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{
		{MethodName: "Write", Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			e := &proto.Event{}
			return &emptypb.Empty{}, decode(e)
		}},
		{MethodName: "Process", Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			e := &proto.Event{}
			err := decode(e)
			return e, err
		}},
	},
}

func serveUnary(_ string, ready func(string)) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := grpc.NewServer()
	s.RegisterService(&unary, struct{}{})
	untilEnd(s.Stop)
	ready(l.Addr().String())
	return s.Serve(l)
}

func dialUnary(atOnce int) func(role, address string, payload []byte) (func(int) error, func(), error) {
	return func(role, address string, payload []byte) (func(int) error, func(), error) {
		conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, nil, err
		}
		call := func() error {
			if role == "sink" {
				return conn.Invoke(context.Background(), "/bench.Unary/Write", event(payload), &emptypb.Empty{})
			}
			return conn.Invoke(context.Background(), "/bench.Unary/Process", event(payload), &proto.Event{})
		}
		give := func(n int) error {
			var all sync.WaitGroup
			errs := make([]error, atOnce)
			for k := range atOnce {
				all.Go(func() {
					for range n / atOnce {
						if err := call(); err != nil {
							errs[k] = err
							return
						}
					}
				})
			}
			all.Wait()
			for _, err := range errs {
				if err != nil {
					return err
				}
			}
			return nil
		}
		return give, func() { conn.Close() }, nil
	}
}
