package chunks

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// mark appends each line with a mark before it, to see the lines' borders.
func mark(lines []byte, outs [][]byte) error {
	for line := range bytes.Lines(lines) {
		outs[0] = append(append(outs[0], '>'), line...)
	}
	return nil
}

func TestRunKeepsLinesWholeAndInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	random := func(total, longest int) string {
		var b strings.Builder
		for b.Len() < total {
			b.WriteString(strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(longest)))
			b.WriteByte('\n')
		}
		return b.String()
	}
	exact := strings.Repeat("x", size-1) + "\n"
	for name, text := range map[string]string{
		"empty":               "",
		"one line":            "a\n",
		"no last line end":    "a\nb",
		"short lines":         random(3*size, 30),
		"long lines":          random(9*size, size),
		"longer than chunks":  random(20*size, 4*size),
		"ends at a chunk":     exact,
		"starts at a chunk":   exact + "next\n",
		"ends beyond a chunk": exact + exact + "tail",
		"one line of chunks":  strings.Repeat("y", 5*size),
		"blank lines":         strings.Repeat("\n", size+10),
	} {
		for _, cores := range []int{1, 4} {
			t.Run(name, func(t *testing.T) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
				dir := t.TempDir()
				in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
				if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := Run(in, []string{out}, func() Process { return mark }); err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				want := [][]byte{nil}
				if err := mark([]byte(text), want); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want[0]) {
					t.Errorf("%d cores: %d bytes, want %d", cores, len(got), len(want[0]))
				}
			})
		}
	}
}

func TestRunGivesTheErrorOfAProcess(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	if err := os.WriteFile(in, bytes.Repeat([]byte("line\n"), size), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := Run(in, []string{filepath.Join(dir, "out")}, func() Process {
		return func([]byte, [][]byte) error { return broken }
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
