package component

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect/foreign"
)

// A component in Python speaks flowc.v1 by its messages alone: by gRPC, and in frames.
func TestAckedPython(t *testing.T) {
	t.Parallel()
	program, env := python(t)
	dir := strings.TrimPrefix(env[0], "PYTHONPATH=")
	if out, err := exec.Command("protoc", "--python_out="+dir, "-I../../proto", "flowc.proto").CombinedOutput(); err != nil {
		t.Fatalf("protoc: %v\n%s", err, out)
	}
	for _, way := range []string{"grpc", "frames"} {
		p := newProcessor(t, SinkConfig{Command: []string{program[0], "testdata/answering.py", way}, Env: env, Acked: true, Settle: time.Hour})
		if p.link.framed() != (way == "frames") {
			t.Errorf("%s: frames are %v", way, p.link.framed())
		}
		given := []foreign.Event{{Payload: []byte("a")}, {Payload: []byte("drop")}, {Payload: []byte("twice")}, {Payload: []byte("fail")}, {Payload: []byte("é")}}
		out, err := p.Process(context.Background(), given)
		var undone *foreign.Undone
		if !errors.As(err, &undone) || len(undone.Errors) != 1 || undone.Errors[3].Error() != "as it was asked to" {
			t.Errorf("%s: %v", way, err)
		}
		if payloads(out) != "A TWICE TWICE é" || out[1].Of != 2 || out[3].Of != 4 {
			t.Errorf("%s: %s", way, payloads(out))
		}
		if out, err := p.Process(context.Background(), events(0, 1000)); err != nil || payloads(out) != digits(0, 1000) {
			t.Errorf("%s: %d %v", way, len(out), err)
		}
		if rest, err := p.Flush(context.Background()); err != nil || len(rest) > 0 {
			t.Error(rest, err)
		}
	}
}
