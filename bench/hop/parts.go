package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"

	"github.com/flowc-dev/flowc/bench/internal/plain"
	"github.com/flowc-dev/flowc/runtime/component"
	"github.com/flowc-dev/flowc/runtime/connect"
	ours "github.com/flowc-dev/flowc/runtime/connect/component"
	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/proto"
)

// freePort finds one.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// serveAcked serves with runtime/component.
func serveAcked(role string, ready func(string)) error {
	address, err := freePort()
	if err != nil {
		return err
	}
	if err := os.Setenv("PORT", address); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	untilEnd(stop)
	ready(address)
	part := component.Sink(func(context.Context, component.Event) error { return nil })
	if role == "processor" {
		part = component.Processor(func(_ context.Context, e component.Event) (component.Event, error) { return e, nil })
	}
	return component.Serve(ctx, component.Info{Name: "bench"}, part)
}

// dialTCP is the connector of pipelines, with an address that it does not take for one of this
// host.
func dialTCP(role, address string, payload []byte) (func(int) error, func(), error) {
	return dialPart(role, "passthrough:///"+address, payload)
}

// dialPart is the connector of pipelines.
func dialPart(role, address string, payload []byte) (func(int) error, func(), error) {
	ctx := context.Background()
	config := ours.SinkConfig{Endpoint: address, Settle: 200 * time.Millisecond, Wait: 10 * time.Second}
	if role == "processor" {
		p, err := ours.NewProcessor(config, "bench")
		if err != nil {
			return nil, nil, err
		}
		if err := opened(func() error { return p.Open(ctx) }); err != nil {
			return nil, nil, err
		}
		meta := metaOf(event(payload))
		give := func(n int) error {
			for n > 0 {
				batch := make([]foreign.Event, min(n, 256))
				for i := range batch {
					batch[i] = foreign.Event{Meta: meta, Payload: payload}
				}
				made, err := p.Process(ctx, batch)
				if err == nil && len(made) != len(batch) {
					err = fmt.Errorf("%d of %d events came back", len(made), len(batch))
				}
				if err != nil {
					return err
				}
				n -= len(batch)
			}
			return nil
		}
		return give, func() { p.Close() }, nil
	}
	s, err := ours.NewSink(config, connect.Output{Node: "bench", Format: "json"})
	if err != nil {
		return nil, nil, err
	}
	if err := opened(func() error { return s.Open(ctx) }); err != nil {
		return nil, nil, err
	}
	o := &flow.Out{} // as in the engine, its memory is used again
	give := func(n int) error {
		for n > 0 {
			o.Reset()
			o.Count = min(n, 500)
			for range o.Count {
				o.Data = append(o.Data, payload...)
				o.Ends = append(o.Ends, uint32(len(o.Data)))
			}
			if err := s.Write(ctx, o); err != nil {
				return err
			}
			n -= o.Count
		}
		return s.Sync(ctx)
	}
	return give, func() { s.Close(ctx, false) }, nil
}

// opened waits until the other process serves.
func opened(open func() error) error {
	for range 100 {
		if open() == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return open()
}

func metaOf(e *proto.Event) foreign.Meta {
	return foreign.Meta{
		ID: e.GetId(), Type: e.GetType(), ContentType: e.GetContentType(), Component: e.GetSourceComponentId(), Timestamp: e.GetTimestamp().AsTime(),
		Metadata: e.GetMetadata(), Ledger: e.GetStellarCursor().GetLedgerSequence(), Index: int(e.GetStellarCursor().GetIndexInLedger()),
	}
}

func servePlain(role string, ready func(string)) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := grpc.NewServer()
	plain.Register(s, role, plain.Options{Together: true})
	untilEnd(s.Stop)
	ready(l.Addr().String())
	return s.Serve(l)
}
