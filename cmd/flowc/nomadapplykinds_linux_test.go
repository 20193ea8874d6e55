package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A batch runs once, and again where it failed or is another; its binary is the client's,
// and one of another version is refused. It is compared with the program alone.
func TestNomadApplyBatch(t *testing.T) {
	a := newNomad(t, false).applied("numbers")
	const odd = "filter: in.N % 2 == 1"
	work := t.TempDir()
	feed := &feeder{t: t, path: filepath.Join(work, "in.ndjson")}
	binary := filepath.Join(work, "numbers")
	options := fmt.Sprintf("driver: raw_exec, binary: {path: %q}, work_dir: %q", binary, work)
	a.write(followed(odd, false), options)

	_, errs := a.flowc(exitEnv, "apply", "--yes")
	a.says(errs, "can't start, and what runs was not touched", binary)
	a.left()
	a.flowc(exitOK, "build", "-o", work)
	feed.more(10000)
	said, _ := a.flowc(exitOK, "apply", "--yes")
	a.says(said, "numbers: applied, ended")
	want := feed.standalone(followed(odd, false))
	wrote := func() []byte {
		text, _ := os.ReadFile(filepath.Join(work, "out.ndjson"))
		return text
	}
	if !bytes.Equal(wrote(), want) {
		t.Errorf("%d bytes are written, and by the program alone %d", len(wrote()), len(want))
	}
	said, _ = a.flowc(exitOK, "logs", "numbers", "-t", "nomad", "--tail", "100")
	a.says(said, "10,000 in · 5,000 out")
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "numbers: unchanged, ended")
	if said, _ := a.flowc(exitOK, "logs", "numbers", "-t", "nomad"); strings.Count(said, "10,000 in") != 1 {
		t.Errorf("what has ended was started again:\n%s", said)
	}

	t.Log("another version, whose binary nobody has put there")
	const even = "filter: in.N % 2 == 0"
	a.write(followed(even, false), options)
	_, errs = a.flowc(exitEnv, "apply", "--yes")
	a.says(errs, "is another one: it says", "`flowc build` makes it, and it must be put there first")
	if !bytes.Equal(wrote(), want) {
		t.Error("what is refused has written something")
	}
	a.flowc(exitOK, "build", "-o", work)
	a.flowc(exitOK, "apply", "--yes")

	t.Log("a run that fails, and is tried again once that is mended")
	a.flowc(exitOK, "delete", "--yes")
	if err := os.Rename(feed.path, feed.path+".away"); err != nil {
		t.Fatal(err)
	}
	a.write(followed(odd, false), options+`, overlay: {TaskGroups: [{Name: numbers, RestartPolicy: {Attempts: 0}, ReschedulePolicy: {Attempts: 1, Delay: 5000000000, DelayFunction: constant, MaxDelay: 0}}]}`)
	a.flowc(exitOK, "build", "-o", work)
	_, errs = a.flowc(exitDied, "apply", "--yes")
	a.says(errs, "in.ndjson", "rolled back: nothing ran before, and nothing does")
	a.left()
	a.flowc(exitOK, "apply", "--yes", "--no-wait")
	a.until("the run has failed", func() bool {
		said, _ = a.flowc(exitOK, "status")
		return strings.Contains(said, "  failed ")
	})
	said, _ = a.flowc(exitDrift, "apply", "--diff")
	a.says(said, "~ start  job numbers  (its run has failed with exit code 6)")
	if err := os.Rename(feed.path+".away", feed.path); err != nil {
		t.Fatal(err)
	}
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "numbers: applied, ended")
	a.flowc(exitOK, "delete", "--yes")
	a.left()
}

// A folder has a periodic job, as JSON, and a service with secrets; one of them is gone
// from the folder after that. A third comes from standard input.
func TestNomadApplyFolder(t *testing.T) {
	a := newNomad(t, false).applied("ticks")
	work := t.TempDir()
	write(t, a.dir, "ticks.flow.yaml", `pipeline: ticks
types: {E: {n: int}}
sources: {in: {use: generate, config: {rate: 20}, out: E}}
processors: {said: {from: in, set: {word: word}, let: {word: "${env:WORD}"}}}
sinks: {out: {from: said, use: log}}
`+fmt.Sprintf("targets: {nomad: {job: ticks-of-shop, driver: raw_exec, binary: {path: %q}, work_dir: %q, secrets: {WORD: {}}}}\n", filepath.Join(work, "ticks"), work))
	write(t, a.dir, "nightly.flow.json", `{"pipeline": "nightly", "types": {"E": {"n": "int"}}, "sources": {"in": {"use": "generate", "config": {"count": 5}, "out": "E"}},
		"sinks": {"out": {"from": "in", "use": "stdout"}}, "targets": {"nomad": {"schedule": "0 0 1 1 *", "driver": "raw_exec", "work_dir": "`+work+`", "binary": {"path": "`+filepath.Join(work, "nightly")+`"}}}}`)
	for _, file := range []string{"ticks.flow.yaml", "nightly.flow.json"} {
		a.flowc(exitOK, "build", file, "-o", work)
	}
	_, errs := a.flowc(exitEnv, "apply", ".", "--yes")
	a.says(errs, "nomad var put nomad/jobs/ticks-of-shop WORD=…")
	a.must("var", "put", "nomad/jobs/ticks-of-shop", `WORD=a "word" $with`)
	said, _ := a.flowc(exitOK, "apply", ".", "--yes")
	a.says(said, "nightly: unchanged, ready", "ticks-of-shop: applied, ready")
	if left := a.try("var", "list", "nomad/jobs/ticks-of-shop-"); strings.Contains(left, "-flowc-try") {
		t.Errorf("a copy of secrets is left:\n%s", left)
	}
	said, _ = a.flowc(exitOK, "logs", "ticks", "-t", "nomad", "--tail", "5")
	a.says(said, `word`, `with`)

	t.Log("a run out of turn")
	a.must("job", "periodic", "force", "nightly")
	a.until("its run", func() bool {
		said, _ = a.flowc(exitOK, "status", "nightly", "-t", "nomad")
		return strings.Contains(said, "ended")
	})
	a.says(said, "it runs as its schedule says: 0 0 1 1 *")
	said, _ = a.flowc(exitOK, "logs", "nightly", "-t", "nomad")
	a.says(said, "5 in · 5 out")

	t.Log("one is gone from the folder")
	if err := os.Rename(filepath.Join(a.dir, "nightly.flow.json"), filepath.Join(work, "nightly.json")); err != nil {
		t.Fatal(err)
	}
	a.flowc(exitOK, "apply", ".", "--diff")
	said, _ = a.flowc(exitOK, "apply", ".", "--prune", "--yes")
	a.says(said, "- delete job nightly", "nightly: deleted", "ticks-of-shop: unchanged, ready")

	t.Log("a job of somebody else's")
	text, err := os.ReadFile(filepath.Join(a.dir, "ticks.flow.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, work, "other.yaml", strings.Replace(string(text), "pipeline: ticks", "pipeline: other", 1))
	_, errs = a.flowc(exitEnv, "apply", filepath.Join(work, "other.yaml"), "--yes")
	a.says(errs, "has a job ticks-of-shop, and it is of the pipeline ticks")

	said, _ = a.flowc(exitOK, "status", "-A", "-t", "nomad")
	a.says(said, "ticks-of-shop ", "ready")
	a.flowc(exitOK, "delete", "ticks", "-t", "nomad", "--yes")
	a.left()
}
