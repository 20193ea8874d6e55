package ingest

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLinesOfRequests(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	input := write("in", `{"id":"a"}`+"\n"+`{"id":"b"}`+"\n"+`{"id":"c"}`+"\n"+`{"id":"d"}`+"\n")
	expected := write("out", `{"id":"b"}`+"\n"+`{"id":"d"}`+"\n")
	counts, err := passed(input, expected)
	if err != nil {
		t.Fatal(err)
	}
	m := material{passed: counts}
	for n, want := range []int{0, 0, 1, 1, 2, 2, 3, 3, 4} {
		if got := m.lines(n); got != want {
			t.Errorf("%d requests give %d lines, want %d", n, got, want)
		}
	}
	if n, err := countLines(expected); n != 2 || err != nil {
		t.Errorf("%d lines (%v)", n, err)
	}
}
