package drop

import (
	"context"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func TestDrop(t *testing.T) {
	s, err := NewSink(SinkConfig{}, connect.Output{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for _, err := range []error{s.Open(ctx), s.Write(ctx, &flow.Out{Count: 3}), s.Sync(ctx), s.Close(ctx, true)} {
		if err != nil {
			t.Error(err)
		}
	}
}
