package component

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// python is a Python with gRPC, and the environment that has the messages of the protocol,
// by protoc. Without them the test is skipped, and says what is missing.
func python(t *testing.T) (command, env []string) {
	t.Helper()
	dir := t.TempDir()
	protoc, err := exec.LookPath("protoc")
	if err != nil {
		t.Skip("there is no protoc (Debian: protobuf-compiler)")
	}
	if out, err := exec.Command(protoc, "--python_out="+dir, "-I../../proto", "flowctl.proto").CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("google/protobuf/empty.proto: File not found")) {
			t.Skip("protoc lacks the types that come with it (Debian: libprotobuf-dev)")
		}
		t.Fatalf("protoc: %v\n%s", err, out)
	}
	for _, p := range []string{"python3", "/usr/bin/python3"} {
		try := exec.Command(p, "-c", "import grpc, flowctl_pb2")
		try.Env = append(os.Environ(), "PYTHONPATH="+dir)
		if try.Run() == nil {
			return []string{p, "testdata/component.py"}, []string{"PYTHONPATH=" + dir}
		}
	}
	t.Skip("no Python has gRPC (Debian: python3-grpcio)")
	return nil, nil
}

// Components in Python, by the published protocol alone: each role does what one in Go does.
func TestPython(t *testing.T) {
	program, env := python(t)
	ctx := context.Background()

	t.Run("source", func(t *testing.T) {
		c := SourceConfig{Command: append(slices.Clone(program), "source", "30"), Env: append(slices.Clone(env), "START_LEDGER=4"), Gives: []string{"test.text.v1"}}
		r := newReader(t, c, nil)
		ids, last, err := r.all()
		if err != nil || len(ids) != 21 || ids[0] != "p9" || ids[20] != "p29" || last != (position{ID: "p29", Ledger: 10, Index: 2, Count: 21}) {
			t.Errorf("%v %+v %v", ids, last, err)
		}
		if err := r.source.(flow.Acker).Ack(ctx, map[string]any{"src": last}); err != nil {
			t.Error(err)
		}
		if err := r.source.Close(ctx); err != nil {
			t.Error(err)
		}
		r = newReader(t, c, &position{ID: "p20", Ledger: 7, Index: 2, Count: 21})
		ids, _, err = r.all()
		if err != nil || len(ids) != 9 || ids[0] != "p21" {
			t.Errorf("behind p20 come %v %v", ids, err)
		}
		r.source.Close(ctx)
	})

	t.Run("processor", func(t *testing.T) {
		p := newProcessor(t, SinkConfig{Command: append(slices.Clone(program), "processor"), Env: env, Takes: []string{"test.text.v1"}})
		list := []foreign.Event{{Payload: []byte("one")}, {Payload: []byte("two"), Meta: foreign.Meta{ID: "own", Metadata: map[string]string{"a": "b"}}}}
		out, err := p.Process(ctx, list)
		if err != nil || payloads(out) != "ONE TWO" || out[0].Type != "test.text.v1" || out[1].ID != "own" || out[1].Metadata["a"] != "b" || out[1].Component != "python" || out[1].Of != 1 {
			t.Errorf("%+v %v", out, err)
		}
		if rest, err := p.Flush(ctx); err != nil || len(rest) > 0 {
			t.Error(rest, err)
		}
	})

	t.Run("consumer", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "got")
		s := newSink(t, SinkConfig{Command: append(slices.Clone(program), "consumer", file), Env: env})
		list := events(0, 200)
		list[7].Meta = foreign.Meta{ID: "own", Type: "a.b", ContentType: "text/x", Component: "me", Ledger: 7, Index: 3, Metadata: map[string]string{"origin": "here"}}
		if err := s.Write(ctx, packet(list)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(ctx, true); err != nil {
			t.Error(err)
		}
		got := lines(t, file)
		if len(got) != 200 || got[7] != "own|a.b|7|here|me|text/x|7.3" || !strings.HasPrefix(got[199], fmt.Sprintf("e%d|test.number.v1|%[1]d|", 199)) {
			t.Errorf("%d lines: %q", len(got), got[7])
		}
	})
}
