package component

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// standins builds the components of the tests, once.
var standins = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "standins")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir, "./testdata/standin", "./testdata/answering").CombinedOutput()
	if err != nil {
		return dir, fmt.Errorf("%w\n%s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := standins(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// command is the standin in a role: it speaks flowctl.v1 alone.
func command(t testing.TB, args ...string) []string { return program(t, "standin", args) }

// answering is a component that speaks flowc.v1 too, in a role.
func answering(t testing.TB, args ...string) []string { return program(t, "answering", args) }

func program(t testing.TB, name string, args []string) []string {
	t.Helper()
	dir, err := standins()
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{filepath.Join(dir, name)}, args...)
}

// A reader reads a source as the engine does.
type reader struct {
	t      *testing.T
	source flow.Source
}

func newReader(t *testing.T, c SourceConfig, at *position) *reader {
	t.Helper()
	if c.Wait == 0 {
		c.Wait = 30e9
	}
	s, err := NewSource(c, connect.Input{Node: "src", Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	if at != nil {
		text, _ := json.Marshal(at)
		if err := s.(flow.Seeker).Seek(context.Background(), map[string]json.RawMessage{"src": text}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	return &reader{t, s}
}

// all reads to the end: the ids, and the position behind the last.
func (r *reader) all() (ids []string, last position, err error) {
	for {
		b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize), Base: -1, Offset: -1}
		err := r.source.Read(context.Background(), b)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return ids, last, err
		}
		for i := range b.Ends {
			ids = append(ids, messages.Note[foreign.Meta](b, flow.Record{Index: i}).ID)
		}
		last = b.Position.(position)
	}
}

func numbers(from, to int) string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("e%d", i))
	}
	return strings.Join(out, " ")
}

// newProcessor opens a processor.
func newProcessor(t *testing.T, c SinkConfig) *Processor {
	t.Helper()
	if c.Wait == 0 {
		c.Wait = 30e9
	}
	if c.Settle == 0 {
		c.Settle = 200e6
	}
	p, err := NewProcessor(c, "proc")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func events(from, to int) (list []foreign.Event) {
	for i := from; i < to; i++ {
		list = append(list, foreign.Event{Meta: foreign.Meta{ID: fmt.Sprintf("e%d", i), Type: "test.number.v1"}, Payload: []byte(fmt.Sprint(i))})
	}
	return list
}

func payloads(list []foreign.Event) string {
	var out []string
	for _, e := range list {
		out = append(out, string(e.Payload))
	}
	return strings.Join(out, " ")
}

func digits(from, to int) string { return payloads(events(from, to)) }
