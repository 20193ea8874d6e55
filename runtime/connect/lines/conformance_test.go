package lines

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// starter is the goroutine that starts processes: it is the program's, not the connector's.
func starter(stack string) bool {
	return strings.Contains(stack, "supervise.") && strings.Contains(stack, "LockOSThread") || strings.Contains(stack, "supervise.init")
}

// A process that follows a file is a source that keeps what sources promise.
func TestSourceConformance(t *testing.T) {
	flowtest.Source(t, func(t testing.TB) *flowtest.SourceWorld {
		path := filepath.Join(t.TempDir(), "in")
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
		return &flowtest.SourceWorld{
			Make: func() flow.Source {
				s, err := NewSource(SourceConfig{Command: []string{"tail", "-n", "+1", "-f", path}, MaxRecord: 1 << 20},
					connect.Input{Node: "src", Format: "text", Frame: func() frame.Framer { return frame.Lines{} }})
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

// A process that writes a file is a sink that keeps what sinks promise, but for one thing: no
// answer says that it has written. So what is to be seen is waited for.
func TestSinkConformance(t *testing.T) {
	flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
		path := filepath.Join(t.TempDir(), "out")
		return &flowtest.SinkWorld{
			Make: func() flow.Sink {
				s, err := NewSink(SinkConfig{Command: []string{"sh", "-c", "exec cat >> " + path}}, connect.Output{Node: "sink", Format: "text"})
				if err != nil {
					t.Fatal(err)
				}
				return s
			},
			Visible: func() []string {
				var before string
				for still := 0; still < 10; still++ {
					text, _ := os.ReadFile(path)
					if string(text) != before {
						before, still = string(text), 0
					}
					time.Sleep(10 * time.Millisecond)
				}
				if before == "" {
					return nil
				}
				return strings.Split(strings.TrimSuffix(before, "\n"), "\n")
			},
			NotIts: starter,
		}
	})
}
