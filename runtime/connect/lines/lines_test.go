package lines

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/foreign"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/supervise"
)

func events(texts ...string) (list []foreign.Event) {
	for i, text := range texts {
		list = append(list, foreign.Event{Meta: foreign.Meta{ID: fmt.Sprint("e", i)}, Payload: []byte(text)})
	}
	return list
}

func texts(list []foreign.Event) string {
	var out []string
	for _, e := range list {
		out = append(out, string(e.Payload))
	}
	return strings.Join(out, "|")
}

func processor(t *testing.T, settle time.Duration, command ...string) *Processor {
	t.Helper()
	p, err := NewProcessor(SinkConfig{Command: command, Settle: settle, MaxRecord: 1 << 20}, "proc")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// Programs that read and write lines, as people have them: each answers line by line.
func TestFilters(t *testing.T) {
	for _, command := range [][]string{
		{"sed", "s/./[&]/"},
		{"sh", "-c", "while read -r l; do echo \"[$l]\"; done"},
		{"gawk", `{print "[" $0 "]"; fflush()}`},
		{"gawk", `{print "[" $0 "]"}`}, // it does as it is asked, without a call
		{"mawk", `{print "[" $0 "]"}`},
		{"python3", "-c", "import sys\nfor l in sys.stdin: print('[' + l.rstrip() + ']')"},
		{"jq", "-Rr", `"[" + . + "]"`},
	} {
		if _, err := exec.LookPath(command[0]); err != nil {
			t.Logf("not run: %v", err)
			continue
		}
		p := processor(t, 0, command...)
		for range 3 { // what is held back would be seen here
			out, err := p.Process(context.Background(), events("a", "b"))
			if err != nil || texts(out) != "[a]|[b]" || out[1].ID != "e1" || out[1].Of != 1 {
				t.Errorf("%v: %s %v", command, texts(out), err)
			}
		}
		if rest, err := p.Flush(context.Background()); err != nil || len(rest) > 0 {
			t.Errorf("%v: %s %v", command, texts(rest), err)
		}
	}
}

// Many lines go both ways at once: more than pipes hold.
func TestMany(t *testing.T) {
	p := processor(t, 0, "cat")
	var in []string
	for i := range 50_000 {
		in = append(in, fmt.Sprintf("line %d of a good length, so that pipes fill", i))
	}
	out, err := p.Process(context.Background(), events(in...))
	if err != nil || texts(out) != strings.Join(in, "|") {
		t.Errorf("%d of %d, %v", len(out), len(in), err)
	}
}

// With a settle time any number of lines answers, and what comes at the end counts too.
func TestSettle(t *testing.T) {
	p := processor(t, 100*time.Millisecond, "grep", "-v", "b")
	out, err := p.Process(context.Background(), events("a", "b", "c"))
	if err != nil || texts(out) != "a|c" || out[0].Of != 2 || out[0].ID != "" {
		t.Errorf("%s %+v %v", texts(out), out, err)
	}
	p = processor(t, 20*time.Millisecond, "sort", "-r")
	if out, err = p.Process(context.Background(), events("a", "c", "b")); err != nil || len(out) > 0 {
		t.Errorf("%s %v", texts(out), err)
	}
	if out, err = p.Flush(context.Background()); err != nil || texts(out) != "c|b|a" {
		t.Errorf("%s %v", texts(out), err)
	}
}

// What is no line can't be given; a line at which the process dies has failed.
func TestFails(t *testing.T) {
	p := processor(t, 0, "cat")
	out, err := p.Process(context.Background(), events("a", "two\nlines", "c"))
	var undone *foreign.Undone
	if !errors.As(err, &undone) || texts(out) != "a|c" || out[1].Of != 2 || flow.ClassOf(undone.Failed()[1]) != flow.Permanent {
		t.Errorf("%s %v", texts(out), err)
	}
	p = processor(t, 0, "sh", "-c", `while read -r l; do [ "$l" = bad ] && { echo no >&2; exit 3; }; echo "$l"; done`)
	out, err = p.Process(context.Background(), events("a", "bad", "c", "d"))
	var killer *foreign.KillerError
	if !errors.As(err, &undone) || texts(out) != "a|c|d" || !errors.As(undone.Failed()[1], &killer) || killer.Last != "no" {
		t.Errorf("%s %v", texts(out), err)
	}
	if _, err := p.Flush(context.Background()); err != nil {
		t.Error(err)
	}
	p = processor(t, 0, "sh", "-c", `cat; exit 4`)
	var gone *supervise.ExitError
	if _, err := p.Flush(context.Background()); !errors.As(err, &gone) || gone.State != "ended with exit status 4" {
		t.Errorf("behind the end of its input: %v", err)
	}
	p = processor(t, 0, "head", "-n", "1")
	if _, err := p.Process(context.Background(), events("a", "b")); !errors.As(err, &gone) || !strings.Contains(err.Error(), "ended well") {
		t.Errorf("one that has had enough: %v", err)
	}
}

// A process that is silent is waited for, until there is no time.
func TestCancelled(t *testing.T) {
	p := processor(t, 0, "sleep", "1000")
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := p.Process(ctx, events("a")); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// readAll reads a source to its end.
func readAll(t *testing.T, c SourceConfig) (string, error) {
	t.Helper()
	c.MaxRecord = 1 << 20
	s, err := NewSource(c, connect.Input{Node: "src", Format: "text", Frame: func() frame.Framer { return frame.Lines{} }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	if err := s.Open(context.Background()); err != nil {
		return "", err
	}
	var all strings.Builder
	for {
		b := &flow.Batch{Data: make([]byte, 0, flow.BlockSize), Base: -1, Offset: -1}
		err := s.Read(context.Background(), b)
		if errors.Is(err, io.EOF) {
			return all.String(), nil
		}
		if err != nil {
			return all.String(), err
		}
		all.Write(b.Data)
	}
}

// A source has given all when it ended well; one that failed begins anew.
func TestSource(t *testing.T) {
	if got, err := readAll(t, SourceConfig{Command: []string{"seq", "3"}}); err != nil || got != "1\n2\n3\n" {
		t.Errorf("%q %v", got, err)
	}
	if got, err := readAll(t, SourceConfig{Command: []string{"sh", "-c", "echo $GREETING; printf last"}, Env: []string{"GREETING=hello"}}); err != nil || got != "hello\nlast" {
		t.Errorf("%q %v", got, err)
	}
	once := filepath.Join(t.TempDir(), "once")
	script := fmt.Sprintf("echo a; [ -e %s ] || { touch %s; exit 1; }; echo b", once, once)
	if got, err := readAll(t, SourceConfig{Command: []string{"sh", "-c", script}}); err != nil || got != "a\na\nb\n" {
		t.Errorf("%q %v", got, err)
	}
	var gone *supervise.ExitError
	if got, err := readAll(t, SourceConfig{Command: []string{"sh", "-c", "echo a; echo why >&2; exit 1"}, Restart: "no"}); !errors.As(err, &gone) || gone.Last != "why" || got != "a\n" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := NewSource(SourceConfig{MaxRecord: 1}, connect.Input{}); err == nil {
		t.Error("no command")
	}
}

// A sink gets all, its header first, and has time to deal with it behind the end.
func TestSink(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	s, err := NewSink(SinkConfig{Command: []string{"sh", "-c", "cat > " + out + "; sleep 0.1; echo done >> " + out}}, connect.Output{Node: "sink", Header: []byte("head\n")})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"a\nb\n", "c\n"} {
		if err := s.Write(context.Background(), &flow.Out{Data: []byte(text), Count: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(context.Background(), true); err != nil {
		t.Error(err)
	}
	if text, _ := os.ReadFile(out); string(text) != "head\na\nb\nc\ndone\n" {
		t.Errorf("%q", text)
	}
	s, _ = NewSink(SinkConfig{Command: []string{"sh", "-c", "cat > /dev/null; echo full >&2; exit 1"}}, connect.Output{Node: "sink"})
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	var gone *supervise.ExitError
	if err := s.Close(context.Background(), true); !errors.As(err, &gone) || gone.Last != "full" {
		t.Errorf("one that fails behind the end: %v", err)
	}
}

// A sink that does not read makes the program wait, and no longer than it has time.
func TestSlowSink(t *testing.T) {
	s, err := NewSink(SinkConfig{Command: []string{"sleep", "1000"}}, connect.Output{Node: "sink"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := s.Write(ctx, &flow.Out{Data: make([]byte, 1<<20), Count: 1}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	s.(*Sink).keeper.Stop(0)
}
