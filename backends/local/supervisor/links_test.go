package supervisor

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/local"
)

// Links to files of the host are made anew at each start; what the program wrote itself is
// not taken away, and what is not there is said.
func TestLinks(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need a right of their own there")
	}
	host, dir := t.TempDir(), t.TempDir()
	for _, name := range []string{"old", "new"} {
		if err := os.WriteFile(filepath.Join(host, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	group := func(to string) *local.Group {
		return &local.Group{Processes: []local.Process{{Links: map[string]string{"in/prices.csv": filepath.Join(host, to)}}}}
	}
	at := filepath.Join(dir, "in", "prices.csv")
	for _, to := range []string{"old", "new", "new"} {
		if err := reachable(group(to)); err != nil {
			t.Fatal(err)
		}
		if err := bring(dir, group(to)); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(at); err != nil || string(text) != to {
			t.Errorf("%q %v, and not what is at %s", text, err, to)
		}
	}
	if err := reachable(group("none")); err == nil || !strings.Contains(err.Error(), "`in/prices.csv` of the pipeline: ") {
		t.Errorf("a file that is not there gives %v", err)
	}
	if err := os.Remove(at); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte("its own"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := bring(dir, group("new")); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a file of the program's own gives %v", err)
	}
	if text, err := os.ReadFile(at); err != nil || string(text) != "its own" {
		t.Errorf("it is %q %v", text, err)
	}
}
