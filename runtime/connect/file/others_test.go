//go:build unix

package file

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

func contentOf(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

func written(t *testing.T, s *Sink, records ...string) {
	t.Helper()
	must(t, s.Write(background, packet(records...)))
}

// A file that was moved away keeps what was written until then; what comes after
// goes to its place.
func TestSinkFileMoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	s := sink(t, SinkConfig{Path: path, Mode: "append"}, connect.Output{Format: "csv", Header: []byte("id\n")})
	written(t, s, "1\n")
	must(t, s.Sync(background))
	must(t, os.Rename(path, path+".1"))
	written(t, s, "2\n")
	must(t, s.Sync(background))
	written(t, s, "3\n")
	st := state(t, s)
	if got := contentOf(t, path+".1"); got != "id\n1\n2\n" {
		t.Errorf("the one that was moved has %q", got)
	}
	if got := contentOf(t, path); got != "id\n3\n" {
		t.Errorf("the new one has %q", got)
	}
	written(t, s, "4\n")
	s.Idle()
	// A crash here: the next run has the new one as it was.
	next := made(t, SinkConfig{Path: path, Mode: "append"}, connect.Output{Format: "csv", Header: []byte("id\n")})
	must(t, s.Close(background, false))
	must(t, next.Restore(background, st))
	must(t, next.Open(background))
	written(t, next, "5\n")
	must(t, next.Close(background, true))
	if got := contentOf(t, path); got != "id\n3\n5\n" {
		t.Errorf("after a crash it has %q", got)
	}
}

// Somebody else has begun the file anew by the time that the next record comes.
func TestSinkFileReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	s := sink(t, SinkConfig{Path: path, Mode: "append"}, connect.Output{Format: "csv", Header: []byte("id\n")})
	written(t, s, "1\n")
	must(t, os.Rename(path, path+".1"))
	must(t, os.WriteFile(path, []byte("id\n7"), 0o600))
	must(t, s.Sync(background))
	written(t, s, "2\n")
	must(t, s.Close(background, true))
	if got := contentOf(t, path); got != "id\n7\n2\n" {
		t.Errorf("it has %q", got)
	}
}

// What was not durable is gone with a file that is removed, and nobody is told
// that it is safe.
func TestSinkFileRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	s := sink(t, SinkConfig{Path: path, Mode: "append"}, connect.Output{})
	written(t, s, "1\n")
	must(t, s.Sync(background))
	must(t, os.Remove(path))
	written(t, s, "2\n")
	var removed *removedError
	if err := s.Sync(background); !errors.As(err, &removed) || removed.bytes != 2 || flow.ClassOf(err) != flow.Permanent {
		t.Fatalf("Sync: %v", err)
	}
	written(t, s, "3\n")
	must(t, s.Sync(background))
	if got := contentOf(t, path); got != "3\n" {
		t.Errorf("it has %q", got)
	}
	must(t, s.Close(background, true))
}

// The file of mode replace must be there to be renamed.
func TestSinkPartRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	s := sink(t, SinkConfig{Path: path, Mode: "replace"}, connect.Output{})
	written(t, s, "1\n")
	must(t, s.Sync(background))
	must(t, os.Rename(partName(path), path+".elsewhere"))
	written(t, s, "2\n")
	var removed *removedError
	if err := s.Sync(background); !errors.As(err, &removed) {
		t.Errorf("Sync: %v", err)
	}
	if err := s.Close(background, true); err == nil {
		t.Error("it was published")
	}
}

// A file that is cut short goes on at its end: no hole comes before.
func TestSinkFileCut(t *testing.T) {
	for _, tc := range []struct {
		size int64
		want string
	}{{0, "id\n3\n"}, {5, "id\n1\n3\n"}, {4, "id\n1\n3\n"}} {
		path := filepath.Join(t.TempDir(), "out.csv")
		s := sink(t, SinkConfig{Path: path, Mode: "append"}, connect.Output{Format: "csv", Header: []byte("id\n")})
		written(t, s, "1\n", "2\n")
		must(t, s.Sync(background))
		must(t, os.Truncate(path, tc.size))
		written(t, s, "3\n")
		must(t, s.Close(background, true))
		if got := contentOf(t, path); got != tc.want {
			t.Errorf("cut to %d bytes it has %q", tc.size, got)
		}
	}
}
