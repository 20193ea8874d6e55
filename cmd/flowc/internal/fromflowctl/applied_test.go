package fromflowctl

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A file of flowctl's is deployed to this machine: a dry run changes nothing, what was
// applied works behind the command that applied it, what is unchanged stays, and nothing is
// left when it is deleted.
func applyDeploys(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a supervisor is a process of Unix")
	}
	w := newWorld(t)
	base := filepath.Join(t.TempDir(), "applied")
	w.env = []string{"FLOWC_LOCAL_DIR=" + base, "FLOWC_LOCAL=supervisor"}
	got := filepath.Join(w.dir, "applied.got")
	w.write("pipeline.yaml", `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: applied}
spec:
  driver: local
  sources:
    - {id: ledgers, type: source, command: [`+w.dir+`/standin, source, -count, "20", -endless]}
  processors:
    - {id: transfers, type: processor, command: [`+w.dir+`/standin, processor], inputs: [ledgers]}
  sinks:
    - {id: store, type: sink, command: [`+w.dir+`/standin, consumer, -out, `+got+`], inputs: [transfers]}
`)
	w.wants(w.ok("apply", "-f", "pipeline.yaml", "--target", "local", "--dry-run").stdout, "+ create supervisor applied")
	if _, err := os.Stat(base); err == nil {
		t.Error("a dry run makes something")
	}
	t.Cleanup(func() { w.flowc("delete", "applied", "--target", "local", "--yes", "--state") })
	w.wants(w.ok("apply", "-f", "pipeline.yaml", "--target", "local", "--yes").stdout, "applied: applied, ready")
	for range 3000 {
		if strings.Count(w.read("applied.got"), "\n") == 20 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.got("applied.got", events(0, 20, "transfers"))
	w.wants(w.ok("apply", "-f", "pipeline.yaml", "--target", "local", "--yes").stdout, "applied: unchanged, ready")
	w.wants(w.ok("status", "applied", "--target", "local").stdout, "applied")
	w.wants(w.ok("delete", "applied", "--target", "local", "--yes", "--state").stdout, "applied: deleted")
	if left, _ := os.ReadDir(base); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}
