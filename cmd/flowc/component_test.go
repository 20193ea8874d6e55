package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/component/judge"
)

// `flowc component test` prints a table and ends with 4 where a check has failed.
func TestComponentTest(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("components are ended by signals here")
	}
	dir := t.TempDir()
	risk := filepath.Join(dir, "risk")
	build := exec.Command("go", "build", "-o", risk, "./examples/answering/risk")
	build.Dir = root
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	events := filepath.Join(root, "examples", "answering", "payments.ndjson")
	var stdout, stderr bytes.Buffer
	if code := run([]string{"component", "test", "--quiet", "--events", events, risk}, strings.NewReader(""), &stdout, &stderr); code != exitOK || !strings.Contains(stdout.String(), "risk (processor): 18 passed, 0 failed, 0 skipped") {
		t.Errorf("%d\n%s%s", code, stdout.String(), stderr.String())
	}
	stdout.Reset()
	code := run([]string{"component", "test", "--json", "--quiet", "--patience", "200ms", "false"}, strings.NewReader(""), &stdout, &stderr)
	var r judge.Report
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil || code != exitTest || r.Failed() != 1 || r.Results[0].Remedy == "" {
		t.Errorf("%d %v %s", code, err, stdout.String())
	}
	for _, args := range [][]string{{}, {"--endpoint", "localhost:1", "x"}, {"--patience", "0s", "x"}, {"--env", "x", "y"}} {
		if code := run(append([]string{"component", "test"}, args...), strings.NewReader(""), &stdout, &stderr); code != exitUsage {
			t.Errorf("%v: %d", args, code)
		}
	}
}
