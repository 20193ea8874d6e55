package program

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

func TestRun(t *testing.T) {
	for _, args := range [][]string{nil, {"run"}} {
		r := start(t, nil, args...)
		r.check(t, 0, "numbers: 1,000 in · 500 out · 500 filtered · 0 failed in 0.")
		data, err := os.ReadFile(filepath.Join(r.dir, "out.txt"))
		if err != nil || !strings.HasPrefix(string(data), "0\n2\n4\n") || strings.Count(string(data), "\n") != 500 {
			t.Errorf("%q %v", data, err)
		}
		if r.stdout != "" {
			t.Errorf("stdout is the pipeline's: %q", r.stdout)
		}
	}
}

func TestReport(t *testing.T) {
	r := start(t, nil, "--report", "-", "--set", "work.fail=10", "--set", "work.then=drop")
	r.check(t, 0, "100 dropped")
	var report flow.Report
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatal(err)
	}
	want := flow.Count{In: 1000, Out: 500, Filtered: 400, Dropped: 100, Emitted: 500}
	if !report.OK || report.Ending != flow.Complete || report.Nodes["even"] != want || report.Sources["ledger"].Records != 1000 || report.Sinks["store"].Records != 500 {
		t.Errorf("%+v", report)
	}
	r = start(t, nil, "--report", "report.json")
	r.check(t, 0)
	data, err := os.ReadFile(filepath.Join(r.dir, "report.json"))
	if err != nil || json.Unmarshal(data, &report) != nil || !report.OK {
		t.Error(err)
	}
}

// A report that can't be written is told before anything is read, and a device
// is written into.
func TestReportPlaces(t *testing.T) {
	for path, says := range map[string]string{
		"no/such/folder/r.json": "no such file or directory",
		".":                     "it is a folder",
	} {
		r := start(t, nil, "--report", path)
		r.check(t, 6, "numbers: error: --report "+path+": "+says)
		if strings.Contains(r.stderr, " in ·") {
			t.Errorf("it ran all the same: %s", r.stderr)
		}
	}
	link := filepath.Join(t.TempDir(), "null")
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Skip(err)
	}
	start(t, nil, "--report", link).check(t, 0)
	if info, err := os.Lstat(link); err != nil || info.Mode().IsRegular() {
		t.Errorf("the device was replaced: %v", err)
	}
}

func TestHelpAndVersion(t *testing.T) {
	start(t, nil, "--version").check(t, 0, "numbers abc123 (flowc v0.0.1)\n")
	for _, args := range [][]string{{"--help"}, {"-h"}, {"run", "--help"}, {"health", "--help"}, {"checkpoint", "--help"}, {"checkpoint", "show", "--help"}} {
		start(t, nil, args...).check(t, 0, "--set-file FILE", "ledger.config.count    int       1000", "how far to count (numbers.yaml:4)", "store.config.password  string    …${env:TEST_PASSWORD}…")
	}
}

func TestRecordErrors(t *testing.T) {
	r := start(t, nil, "--set", "work.fail=300")
	r.check(t, 7, "numbers.yaml:8: error: `even` failed on 1 of 201 records (the pipeline stopped) [error]\n   = an unlucky number\n   = record: numbers:300 299\n",
		"numbers: ", " in · 100 out", "1 failed")
	if strings.Count(r.stderr, "unlucky") != 1 {
		t.Errorf("the error is told twice:\n%s", r.stderr)
	}
	start(t, nil, "--set", "work.fail=300", "--set", "work.then=dead").check(t, 0, "`even` failed on 3 of 1,000 records (kept in `dead`)", "3 dead-lettered · 0 failed")
	r = start(t, nil, "--set", "work.fail=300", "--set", "work.then=dead", "--log-format=json", "--log-level", "debug")
	r.check(t, 0)
	for _, line := range strings.Split(strings.TrimSpace(r.stderr), "\n") {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Errorf("%v in %q", err, line)
		}
	}
	r.check(t, 0, `"msg":"records failed"`, `"msg":"ended"`, `"msg":"node"`)
}

// check finds what a start would fail for, and starts nothing.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	startIn(t, dir, nil, "check").check(t, 0, "numbers abc123 could start")
	startIn(t, dir, nil, "check", "--set", "ledger.config.count=many").check(t, 2, "ledger.config.count")
	startIn(t, dir, nil, "check", "--set", "ledger.config.nothing=1").check(t, 2, "ledger.config.nothing")
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("a check leaves %v: %v", left, err)
	}
}

func TestCheckpointShow(t *testing.T) {
	dir := t.TempDir()
	startIn(t, dir, nil, "checkpoint", "show").check(t, 0, "numbers: no checkpoint in .flowc/state/numbers")
	startIn(t, dir, nil, "--set=work.fail=250").check(t, 7)
	startIn(t, dir, nil, "checkpoint", "show").check(t, 0, "by pipeline abc123", "source ledger numbers: 200 after 200 records")
	r := startIn(t, dir, nil, "checkpoint", "show", "--format", "json")
	r.check(t, 0)
	var m struct {
		Path       string
		Generation int
		Sources    map[string]flow.SourceState
	}
	if err := json.Unmarshal([]byte(r.stdout), &m); err != nil || m.Generation == 0 || m.Sources["ledger"].Splits["numbers"].Records != 200 {
		t.Errorf("%v %s", err, r.stdout)
	}
	// It goes on from there.
	r = startIn(t, dir, nil)
	r.check(t, 0, "800 in · 400 out", "going on from the checkpoint")
}

func TestEmbed(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(asProgram, dir)
	t.Setenv("FLOWC_SET", "ledger.config.count=10")
	r, err := Embed(t.Context(), testSpec(), flow.RunOptions{StateDir: dir})
	if err != nil || r.Sources["ledger"].Records != 10 {
		t.Fatal(r, err)
	}
	t.Setenv("FLOWC_SET", "x=1")
	if _, err := Embed(t.Context(), testSpec(), flow.RunOptions{StateDir: dir}); err == nil {
		t.Fatal("an unknown setting must be an error")
	}
}
