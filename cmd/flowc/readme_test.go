package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadme does what README.md says: its files are written, its commands are
// run, and what they print is what it shows. Code that it shows is code that is
// emitted.
func TestReadme(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	files := map[string]string{}
	n := 0
	for _, b := range blocksOf(t, "README.md") {
		kind, name, _ := strings.Cut(b.args, "=")
		switch {
		case kind == "file":
			files[name] = b.text
			writeFile(t, filepath.Join(dir, name), b.text)
		case b.lang == "console" && kind == "readme":
			readmeCommands(t, b)
		case b.lang == "console" && kind == "typo":
			text := strings.Replace(files["orders.yaml"], "in.Total >=", "in.Totl >=", 1)
			writeFile(t, filepath.Join(dir, "orders.yaml"), strings.Replace(text, `== "EU"`, `== "UE"`, 1))
			session(t, b, dir, cache, exitInvalid)
			writeFile(t, filepath.Join(dir, "orders.yaml"), files["orders.yaml"])
			n++
		case b.lang == "console" && kind == "deploy": // readmeDeploy does them, on each target
		case b.lang == "console":
			session(t, b, dir, cache, exitOK)
			n++
		case kind == "emitted":
			gen := filepath.Join(dir, "gen")
			if out, err := command(dir, cache, "flowc", "emit", "orders.yaml", "--target", "go", "-o", "gen").CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", b.place(), err, out)
			}
			data, err := os.ReadFile(filepath.Join(gen, name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(data, []byte(b.text)) {
				t.Errorf("%s: %s does not hold what is shown; it is\n%s", b.place(), name, data)
			}
			n++
		}
	}
	if n < 4 {
		t.Errorf("only %d blocks were found", n)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// readmeCommands are the first two of the README. Go runs neither here (one runs
// all tests, this one among them), but they are what CI and the examples' tests
// run.
func readmeCommands(t *testing.T, b block) {
	t.Helper()
	want := "$ go run ./cmd/flowc run examples/payments/pipeline.yaml\n$ go test -timeout 30m ./...\n"
	if b.text != want {
		t.Errorf("%s: the first commands are\n%s", b.place(), b.text)
	}
	ci, err := os.ReadFile(filepath.Join(root, ".ci", "run"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"go run ./cmd/flowc run examples/payments/pipeline.yaml", "go test -timeout 30m ./..."} {
		if !bytes.Contains(ci, []byte("run "+command+"\n")) {
			t.Errorf(".ci/run does not run %q", command)
		}
	}
}

// session runs the command of a block and compares what a terminal shows.
func session(t *testing.T, b block, dir, cache string, code int) {
	t.Helper()
	if testing.Short() {
		return
	}
	line, want, _ := strings.Cut(strings.TrimPrefix(b.text, "$ "), "\n")
	args := strings.Fields(line)
	cmd := command(dir, cache, args[0], args[1:]...)
	t.Log("running:", line)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		t.Fatalf("%s: %v\n%s", b.place(), err, stderr.String())
	}
	took := regexp.MustCompile(` in [0-9.]+s`)
	got := took.ReplaceAllString(stdout.String()+stderr.String(), " in 0.00s")
	if got != took.ReplaceAllString(want, " in 0.00s") {
		t.Errorf("%s: the terminal shows\n%s\nand the document\n%s", b.place(), got, want)
	}
}
