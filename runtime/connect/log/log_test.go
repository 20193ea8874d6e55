package log

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func TestWrite(t *testing.T) {
	noTime := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	var out bytes.Buffer
	for _, tc := range []struct {
		handler       slog.Handler
		level, format string
		packet        flow.Out
		want          string
	}{
		{
			slog.NewJSONHandler(&out, noTime), "info", "ndjson",
			flow.Out{Data: []byte("{\"a\":1}\n{\"a\":2}\n"), Count: 2},
			`{"level":"INFO","msg":"seen","node":"show","record":{"a":1}}` + "\n" + `{"level":"INFO","msg":"seen","node":"show","record":{"a":2}}` + "\n",
		},
		{
			slog.NewTextHandler(&out, noTime), "warn", "ndjson",
			flow.Out{Data: []byte("{\"a\":1}\n"), Ends: []uint32{8}, Count: 1},
			`level=WARN msg=seen node=show record="{\"a\":1}"` + "\n",
		},
		{
			slog.NewTextHandler(&out, noTime), "error", "text",
			flow.Out{Data: []byte("a line\n"), Count: 1},
			`level=ERROR msg=seen node=show record="a line"` + "\n",
		},
		{slog.NewTextHandler(&out, noTime), "debug", "text", flow.Out{Data: []byte("a line\n"), Count: 1}, ""},
	} {
		out.Reset()
		s, err := NewSink(SinkConfig{Level: tc.level, Message: "seen"}, connect.Output{Node: "show", Format: tc.format})
		if err != nil {
			t.Fatal(err)
		}
		s.(*Sink).logger = func() *slog.Logger { return slog.New(tc.handler) }
		data := bytes.Clone(tc.packet.Data)
		if err := s.Write(context.Background(), &tc.packet); err != nil || out.String() != tc.want {
			t.Errorf("%s, %v\nwant %s", out.String(), err, tc.want)
		}
		if !bytes.Equal(data, tc.packet.Data) {
			t.Error("the packet was changed")
		}
	}
	if _, err := NewSink(SinkConfig{Level: "loud"}, connect.Output{}); err == nil {
		t.Error("an unknown level was taken")
	}
}
