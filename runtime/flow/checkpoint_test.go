package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func someCheckpoint() *Checkpoint {
	return &Checkpoint{
		Pipeline: "test", Hash: "h1", Shape: []string{"sink out", "source in"}, Generation: 12,
		Time:    time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Sources: map[string]SourceState{"in": {Splits: map[string]SplitState{"a.txt": {Position: json.RawMessage(`{"split":0,"line":7}`), Records: 6, Lines: 7}}}},
		Sinks:   map[string]json.RawMessage{"out": json.RawMessage(`{"length":120}`)},
	}
}

func TestCheckpointFile(t *testing.T) {
	c := someCheckpoint()
	data, err := c.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeCheckpoint(data)
	if err != nil {
		t.Fatal(err)
	}
	// RawMessage is indented in the file.
	for _, s := range []*Checkpoint{c, got} {
		a, _ := json.Marshal(s)
		var b bytes.Buffer
		_ = json.Compact(&b, a)
		*s = Checkpoint{Generation: s.Generation, Hash: b.String()}
	}
	if !reflect.DeepEqual(got, c) {
		t.Errorf("got  %+v\nwant %+v", got, c)
	}
}

// Every single damage is noticed: no cut and no changed byte gives a checkpoint.
func TestCheckpointDamage(t *testing.T) {
	data, err := someCheckpoint().encode()
	if err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if _, err := decodeCheckpoint(data[:n]); err == nil {
			t.Fatalf("cut to %d bytes it is read", n)
		}
		for bit := range 8 {
			damaged := bytes.Clone(data)
			damaged[n] ^= 1 << bit
			if _, err := decodeCheckpoint(damaged); err == nil {
				t.Fatalf("with bit %d of byte %d changed it is read", bit, n)
			}
		}
	}
	for text, want := range map[string]string{
		"":                      "the file is empty",
		"hello\n":               "this is no checkpoint",
		"flowc-checkpoint 2 x":  "a newer one wrote it",
		"flowc-checkpoint 1 ge": "cut off",
		"flowc-checkpoint -1 x": "this is no checkpoint",
		"flowc-checkpoint 1 generation 1 bytes 9 crc32c 00000000\n{}": "it is torn",
		"flowc-checkpoint 1 generation 1 bytes 2 crc32c 00000000\n{}": "check sum is wrong",
	} {
		if _, err := decodeCheckpoint([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := decodeCheckpoint(append(header(1, []byte("[]\n")), "[]\n"...)); err == nil || !strings.Contains(err.Error(), "no checkpoint") {
		t.Error(err)
	}
}

// A checkpoint of version 1 must be read for ever.
func TestCheckpointVersion1(t *testing.T) {
	data, err := os.ReadFile("testdata/checkpoint-v1")
	if err != nil {
		t.Fatal(err)
	}
	c, err := decodeCheckpoint(data)
	if err != nil {
		t.Fatal(err)
	}
	split := c.Sources["in"].Splits["a.txt"]
	var p linePosition
	if err := json.Unmarshal(split.Position, &p); err != nil || p.Line != 7 || split.Records != 6 || split.Lines != 7 {
		t.Errorf("%+v %v", split, err)
	}
	if c.Generation != 12 || c.Pipeline != "test" || c.Hash != "h1" || len(c.Shape) != 2 || c.Sinks["out"] == nil || c.Complete {
		t.Errorf("%+v", c)
	}
}

func FuzzCheckpoint(f *testing.F) {
	data, err := someCheckpoint().encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("flowc-checkpoint 1 generation 1 bytes 2 crc32c 00000000\n{}"))
	f.Add([]byte("flowc-checkpoint 1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decodeCheckpoint(data)
		if err == nil {
			// What is read is exactly what its writer wrote.
			_, body, _ := bytes.Cut(data, []byte{'\n'})
			if !bytes.Equal(data, append(header(c.Generation, body), body...)) {
				t.Errorf("%q is read", data)
			}
		}
		// The same body with a right header must never panic either.
		_, body, _ := bytes.Cut(data, []byte{'\n'})
		if c, err := decodeCheckpoint(append(header(7, body), body...)); err == nil {
			p := New(testInfo(nil))
			_ = p.adopt(c, "x")
		}
	})
}

func openTestStore(t *testing.T, dir string) *store {
	t.Helper()
	s, err := openStore(t.Context(), dir, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := openTestStore(t, dir)
	if c, err := s.load(t.Context()); c != nil || err != nil {
		t.Fatal(c, err)
	}
	c := someCheckpoint()
	for want := uint64(1); want <= 3; want++ {
		if err := s.write(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		got, err := ReadCheckpoint(dir)
		if err != nil || got.Generation != want {
			t.Fatal(got, err)
		}
	}
	// Half a file beside it, of a write that a crash ended, disturbs nobody.
	if err := os.WriteFile(s.keeper.where()+".tmp", []byte("flowc-che"), 0o644); err != nil {
		t.Fatal(err)
	}
	if c, err := s.load(t.Context()); err != nil || c.Generation != 3 {
		t.Fatal(c, err)
	}
	if err := s.write(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := s.remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.remove(t.Context()); err != nil {
		t.Fatal("removing nothing is fine:", err)
	}
	if err := s.write(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// A checkpoint that somebody else put there, older or newer, is not overwritten.
func TestStoreFence(t *testing.T) {
	dir := t.TempDir()
	s := openTestStore(t, dir)
	c := someCheckpoint()
	for range 3 {
		if err := s.write(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(){
		"older":   func() { c.Generation = 2 },
		"newer":   func() { c.Generation = 9 },
		"removed": nil,
		"damaged": nil,
	} {
		t.Run(name, func(t *testing.T) {
			switch {
			case change != nil:
				change()
				data, _ := c.encode()
				if err := os.WriteFile(s.keeper.where(), data, 0o644); err != nil {
					t.Fatal(err)
				}
			case name == "removed":
				os.Remove(s.keeper.where())
			default:
				if err := os.WriteFile(s.keeper.where(), []byte("flowc"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var e *StateError
			if err := s.write(t.Context(), someCheckpoint()); !errors.As(err, &e) || !strings.Contains(err.Error(), "changed") {
				t.Errorf("it is overwritten: %v", err)
			}
		})
	}
}

func TestDamagedCheckpointIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(StateDir(dir, "test"), checkpointFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("flowc-checkpoint 1 gen"), 0o644); err != nil {
		t.Fatal(err)
	}
	k := newOne(&seekLines{linesSource: newLines(3, numbers(0, 10)...)}, &memorySink{}, oneOptions{})
	r, err := run(t, k.p, RunOptions{StateDir: dir})
	var e *StateError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "--fresh") || r.Nodes["in"].In != 0 {
		t.Fatal(err)
	}
	k = newOne(&seekLines{linesSource: newLines(3, numbers(0, 10)...)}, &memorySink{}, oneOptions{})
	if _, err := run(t, k.p, RunOptions{StateDir: dir, Fresh: true}); err != nil {
		t.Fatal(err)
	}
}

func TestShape(t *testing.T) {
	dir := t.TempDir()
	lines := numbers(0, 20)
	lines[10] = "bad"
	sink := &statefulSink{}
	start := func(change func([]Node)) error {
		k := newOne(&seekLines{linesSource: newLines(3, lines...)}, sink, oneOptions{nodes: change})
		_, err := run(t, k.p, RunOptions{StateDir: dir})
		return err
	}
	if err := start(nil); !errors.Is(err, errBad) {
		t.Fatal(err)
	}
	lines[10] = "good"
	var e *StateError
	err := start(func(nodes []Node) { nodes[nodeOut].Name = "store" })
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "with sink out, without sink store") || !strings.Contains(err.Error(), "was:") {
		t.Fatal(err)
	}
	if err := start(func(nodes []Node) { nodes[nodeOut].Name, nodes[nodeOut].Was = "store", "out" }); err != nil {
		t.Fatal(err)
	}
	equalLines(t, sink.lines(), lines)
}

// A program whose sources can't go back makes no folder.
func TestNoStateWithoutSeeker(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	k := newOne(newLines(3, "1"), &memorySink{}, oneOptions{})
	if _, err := run(t, k.p, RunOptions{StateDir: dir}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Error("there is a state folder:", err)
	}
}

func TestStateDirOfStrangeNames(t *testing.T) {
	for name, want := range map[string]string{"a/b": "a_b", "..": "_..", "": "_", `x\y:z`: "x_y_z", "ü 1": "ü 1"} {
		if got := StateDir("s", name); got != filepath.Join("s", want) {
			t.Errorf("%q gives %s", name, got)
		}
	}
	if got := StateDir("", "p"); got != filepath.Join(".flowc", "state", "p") {
		t.Error(got)
	}
}

// A file is replaced by another one, and never written in its place: who opened the old
// one has it to its end, and a loss of power leaves one of the two.
func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	path, old := filepath.Join(dir, "checkpoint"), filepath.Join(dir, "old")
	if err := ReplaceFile(path, []byte("the old one")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, old); err != nil {
		t.Skipf("there are no links here: %v", err)
	}
	if err := ReplaceFile(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{path: "new", old: "the old one"} {
		if got, err := os.ReadFile(name); string(got) != want || err != nil {
			t.Errorf("%s holds %q, not %q (%v)", filepath.Base(name), got, want, err)
		}
	}
	if left, err := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("%v are in the folder (%v)", left, err)
	}
}
