package component

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// starter is the goroutine that starts processes: it is the program's, not the connector's.
func starter(stack string) bool {
	return strings.Contains(stack, "supervise.") && strings.Contains(stack, "LockOSThread") || strings.Contains(stack, "supervise.init")
}

// A component that follows a file and answers is a source that keeps what sources promise.
func TestSourceConformance(t *testing.T) {
	flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
		dir := t.TempDir()
		path, safe := filepath.Join(dir, "in"), filepath.Join(dir, "safe")
		write := func(text string) {
			f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteString(text); err != nil {
				t.Fatal(err)
			}
		}
		write("")
		made := answering(t, "source", "-follow", path, "-safe", safe)
		return &flowtest.SourceWorld{
			Make: func() flow.Source {
				s, err := NewSource(SourceConfig{Command: made, Acked: true, Wait: 30 * time.Second}, connect.Input{Node: "src", Format: "text"})
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Feed:    func(records ...string) { write(strings.Join(records, "\n") + "\n") },
			Longest: 1 << 20,
			NotIts:  starter,
		}
	})
}

// A component that writes a file and answers when it has is a sink that keeps what sinks
// promise.
func TestSinkConformance(t *testing.T) {
	flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
		path := filepath.Join(t.TempDir(), "out")
		made := answering(t, "sink", "-bare", "-out", path)
		packetOf := func(records ...string) *flow.Out {
			var list []foreign.Event
			for _, r := range records {
				list = append(list, foreign.Event{Payload: []byte(r)})
			}
			return packet(list)
		}
		return &flowtest.SinkWorld{
			Make: func() flow.Sink {
				s, err := NewSink(SinkConfig{Command: made, Acked: true, Wait: 30 * time.Second}, connect.Output{Node: "sink", Format: "text", Keys: []string{"meta.envelope"}})
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Packet: packetOf,
			Visible: func() []string {
				text, _ := os.ReadFile(path)
				if len(text) == 0 {
					return nil
				}
				return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
			},
			NotIts: starter,
		}
	})
}
