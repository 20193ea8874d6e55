package http

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// A keeping server takes lines, keeps them, and can go away.
type keeping struct {
	t       testing.TB
	address string
	listens net.Listener
	server  *http.Server
	mu      sync.Mutex
	lines   []string
}

func (k *keeping) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // it was cut off
	}
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	if slices.Contains(lines, "bad") {
		http.Error(w, "it is bad", http.StatusUnprocessableEntity)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lines = append(k.lines, lines...)
}

func (k *keeping) start() {
	k.t.Helper()
	l, err := net.Listen("tcp", k.address)
	if err != nil {
		k.t.Fatal(err)
	}
	k.address, k.listens = l.Addr().String(), l
	server := &http.Server{Handler: k}
	k.server = server // a later one takes its place while this may not have begun
	go func() { _ = server.Serve(l) }()
}

func (k *keeping) stop() {
	_ = k.listens.Close() // Serve may not have come to know it
	_ = k.server.Close()
}

// A sink of requests keeps what the interfaces promise, with many records in each
// and with one.
func TestSinkConforms(t *testing.T) {
	for name, single := range map[string]bool{"lines": false, "single": true} {
		t.Run(name, func(t *testing.T) {
			flowtest.Sink(t, func(t testing.TB) *flowtest.SinkWorld {
				k := &keeping{t: t, address: "127.0.0.1:0"}
				k.start()
				t.Cleanup(k.stop)
				w := &flowtest.SinkWorld{
					Make: func() flow.Sink {
						s, err := NewSink(SinkConfig{URL: "http://" + k.address, Method: "POST", Format: "text", Single: single, Timeout: 10 * time.Second}, connect.Output{Node: "out", Format: "text"})
						if err != nil {
							t.Fatal(err)
						}
						return s
					},
					Visible: func() []string {
						k.mu.Lock()
						defer k.mu.Unlock()
						return slices.Clone(k.lines)
					},
					Kill:  func(s flow.Sink) { _ = s.Close(t.Context(), false) }, // it holds connections alone
					Stop:  k.stop,
					Start: k.start,
					NotIts: func(stack string) bool {
						return strings.Contains(stack, "net/http.(*conn)") || strings.Contains(stack, "net/http.(*connReader)")
					},
				}
				if single {
					w.Refused = func(good ...string) (*flow.Out, []int) {
						o := &flow.Out{}
						for _, r := range slices.Concat([]string{"bad"}, good, []string{"bad"}) {
							o.Data = append(append(o.Data, r...), '\n')
							o.Ends = append(o.Ends, uint32(len(o.Data)))
							o.Count++
						}
						return o, []int{0, len(good) + 1}
					}
				}
				return w
			})
		})
	}
}
