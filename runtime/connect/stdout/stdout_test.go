package stdout

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func packet(records ...string) *flow.Out {
	o := &flow.Out{}
	for _, r := range records {
		o.Data = append(o.Data, r...)
		o.Ends = append(o.Ends, uint32(len(o.Data)))
		o.Count++
	}
	return o
}

func TestWrite(t *testing.T) {
	for _, tc := range []struct {
		name    string
		output  connect.Output
		packets []*flow.Out
		done    bool
		want    string
	}{
		{"lines", connect.Output{Format: "ndjson"}, []*flow.Out{packet("1\n", "2\n"), packet("3\n")}, true, "1\n2\n3\n"},
		{"nothing", connect.Output{Format: "ndjson"}, nil, true, ""},
		{"array", connect.Output{Format: "json"}, []*flow.Out{packet("1", "2"), packet("3")}, true, "[\n1,\n2,\n3\n]\n"},
		{"empty array", connect.Output{Format: "json"}, nil, true, "[]\n"},
		{"array that was cut short", connect.Output{Format: "json"}, []*flow.Out{packet("1")}, false, "[\n1"},
		{"table", connect.Output{Format: "csv", Header: []byte("id\n")}, []*flow.Out{packet("1\n"), packet("2\n")}, true, "id\n1\n2\n"},
		{"table without rows", connect.Output{Format: "csv", Header: []byte("id\n")}, nil, true, "id\n"},
	} {
		s, err := NewSink(SinkConfig{}, tc.output)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		s.(*Sink).out = &out
		for _, p := range tc.packets {
			before := out.Len()
			if err := s.Write(context.Background(), p); err != nil {
				t.Fatal(err)
			}
			if out.Len() == before {
				t.Errorf("%s: a packet waits", tc.name)
			}
		}
		if err := s.Close(context.Background(), tc.done); err != nil {
			t.Fatal(err)
		}
		if out.String() != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, out.String(), tc.want)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	s := &Sink{output: connect.Output{Format: "csv", Header: []byte("id\n")}, out: full{}}
	if err := s.Write(context.Background(), packet("1\n")); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if err := s.Close(context.Background(), true); !errors.Is(err, errFull) {
		t.Error(err)
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
