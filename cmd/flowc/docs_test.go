package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A block is one fenced block of a document.
type block struct {
	file string
	line int
	// lang and args are the two parts of the info string: ```yaml error=cycle.
	lang, args string
	text       string
}

func (b block) place() string { return fmt.Sprintf("%s:%d", b.file, b.line) }

// blocksOf returns the fenced blocks of a document.
func blocksOf(t *testing.T, name string) []block {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	var open *block
	for i, line := range strings.Split(string(data), "\n") {
		switch fence, ok := strings.CutPrefix(line, "```"); {
		case ok && open == nil:
			lang, args, _ := strings.Cut(fence, " ")
			open = &block{file: name, line: i + 1, lang: lang, args: args}
		case ok:
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	if open != nil {
		t.Fatalf("%s: the block is not closed", open.place())
	}
	return all
}

// A checked pipeline is what `flowc check --format json` says.
type checked struct {
	OK          bool
	Diagnostics []struct {
		Code, Severity, Message string
		Range                   struct{ Start struct{ Line int } }
	}
	Error *string
}

// check writes a pipeline into a folder of its own and checks it.
func check(t *testing.T, b block, text string) checked {
	t.Helper()
	return checkIn(t, t.TempDir(), b, text)
}

func checkIn(t *testing.T, dir string, b block, text string) checked {
	t.Helper()
	file := filepath.Join(dir, "pipeline.yaml")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	run([]string{"check", "--format", "json", file}, strings.NewReader(""), &stdout, &stderr)
	var c checked
	if err := json.Unmarshal(stdout.Bytes(), &c); err != nil {
		t.Fatalf("%s: %v\n%s%s", b.place(), err, stdout.String(), stderr.String())
	}
	return c
}

func (c checked) String() string {
	var s strings.Builder
	for _, d := range c.Diagnostics {
		fmt.Fprintf(&s, "\n\tline %d: %s [%s]", d.Range.Start.Line, d.Message, d.Code)
	}
	if c.Error != nil {
		s.WriteString("\n\t" + *c.Error)
	}
	return s.String()
}

// withSinks gives every output that nobody takes a sink, so that a document can
// show nodes alone.
func withSinks(t *testing.T, b block, text string) string {
	t.Helper()
	output := regexp.MustCompile("nothing takes (?:the output `(\\w+)` of |what )`(\\w+)`")
	n := 0
	for _, d := range check(t, b, text).Diagnostics {
		if m := output.FindStringSubmatch(d.Message); m != nil {
			n++
			text += fmt.Sprintf("  sink%d: {from: %s, use: drop}\n", n, strings.TrimSuffix(m[2]+"."+m[1], "."))
		}
	}
	return text
}

// command is a command in a folder; flowc among them is this package's, which
// [TestMain] puts into the path, with a cache of its own.
func command(dir, cache, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "FLOWC_CACHE="+cache, "NO_COLOR=1")
	return cmd
}

// TestLanguage compiles every block of the reference, and runs those with input.
func TestLanguage(t *testing.T) {
	t.Parallel()
	blocks := blocksOf(t, "docs/language.md")
	base, cache := "", t.TempDir()
	counts := map[string]int{}
	for i, b := range blocks {
		if b.lang != "yaml" {
			continue
		}
		kind, code, _ := strings.Cut(b.args, "=")
		counts[kind]++
		switch kind {
		case "pipeline":
			if base == "" {
				base = b.text
			}
			if c := check(t, b, b.text); !c.OK || len(c.Diagnostics) > 0 {
				t.Errorf("%s: the pipeline does not compile:%s", b.place(), c)
				continue
			}
			if i+2 < len(blocks) && blocks[i+1].args == "in" && blocks[i+2].args == "out" {
				counts["run"]++
				t.Run(fmt.Sprintf("line-%d", b.line), func(t *testing.T) { runBlock(t, cache, b, blocks[i+1].text, blocks[i+2].text) })
			}
		case "nodes":
			head, sinks, _ := strings.Cut(base, "\nsinks:")
			text := withSinks(t, b, head+b.text+"\nsinks:"+sinks)
			if c := check(t, b, text); !c.OK || len(c.Diagnostics) > 0 {
				t.Errorf("%s: the nodes do not compile:%s", b.place(), c)
			}
		case "error":
			c := check(t, b, b.text)
			if c.OK || len(c.Diagnostics) != 1 || c.Diagnostics[0].Code != code {
				t.Errorf("%s: expected [%s] alone:%s", b.place(), code, c)
			}
		default:
			t.Errorf("%s: a block of YAML says `pipeline`, `nodes` or `error=CODE`", b.place())
		}
	}
	if counts["pipeline"] < 10 || counts["nodes"] < 8 || counts["error"] < 3 || counts["run"] < 8 {
		t.Errorf("few blocks were found: %v", counts)
	}
}

// runBlock runs a pipeline of a document with its input on standard input.
func runBlock(t *testing.T, cache string, b block, in, want string) {
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "pipeline.yaml")
	if err := os.WriteFile(file, []byte(b.text), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := command(dir, cache, "flowc", "run", file)
	cmd.Stdin = strings.NewReader(in)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", b.place(), err, stderr.String())
	}
	if stdout.String() != want {
		t.Errorf("%s: the output is\n%s\nand the document says\n%s\n%s", b.place(), stdout.String(), want, stderr.String())
	}
}

// TestForeignPage compiles the pipelines of the pages on components in processes, and runs
// those that need no component of anybody's.
func TestForeignPage(t *testing.T) {
	t.Parallel()
	blocks, cache, ran := append(blocksOf(t, "docs/foreign.md"), blocksOf(t, "docs/acked.md")...), t.TempDir(), 0
	for i, b := range blocks {
		if b.lang != "yaml" {
			continue
		}
		if c := check(t, b, b.text); !c.OK || len(c.Diagnostics) > 0 {
			t.Errorf("%s: the pipeline does not compile:%s", b.place(), c)
			continue
		}
		switch {
		case b.args == "check":
		case b.args == "pipeline" && i+2 < len(blocks) && blocks[i+1].args == "in" && blocks[i+2].args == "out":
			ran++
			t.Run(fmt.Sprintf("line-%d", b.line), func(t *testing.T) { runBlock(t, cache, b, blocks[i+1].text, blocks[i+2].text) })
		default:
			t.Errorf("%s: a pipeline that is not run says `check`", b.place())
		}
	}
	if ran < 3 {
		t.Errorf("only %d pipelines were run", ran)
	}
}

// TestComponents compiles the components of the document and the pipelines that
// use them.
func TestComponents(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/shop\n\ngo 1.26.0\n")
	blocks := blocksOf(t, "docs/components.md")
	for _, b := range blocks {
		if b.lang == "go" {
			write(b.args, b.text)
		}
	}
	cmd := exec.Command("go", "vet", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the Go of docs/components.md: %v\n%s", err, out)
	}
	n := 0
	for _, b := range blocks {
		if b.lang != "yaml" {
			continue
		}
		n++
		kind, code, _ := strings.Cut(b.args, "=")
		c := checkIn(t, dir, b, b.text)
		switch {
		case kind == "pipeline" && (!c.OK || len(c.Diagnostics) > 0):
			t.Errorf("%s: the pipeline does not compile:%s", b.place(), c)
		case kind == "error" && (c.OK || len(c.Diagnostics) != 1 || c.Diagnostics[0].Code != code):
			t.Errorf("%s: expected [%s] alone:%s", b.place(), code, c)
		case kind != "pipeline" && kind != "error":
			t.Errorf("%s: a block of YAML says `pipeline` or `error=CODE`", b.place())
		}
	}
	if n < 5 {
		t.Errorf("only %d pipelines were found", n)
	}
}

// TestConnectors compiles the nodes that the reference of connectors shows. What
// they take records from, and who takes theirs, is added.
func TestConnectors(t *testing.T) {
	const (
		types = "types: {Order: {id: string, region: string, amount: float64, placed: time}, Event: {id: string}}\n"
		above = `sources: {in: {use: stdin, out: Order}}
processors:
  split: {from: in, route: {big: in.Amount > 1, rest: else}, drop: true}
  check: {from: in, route: {odd: in.Amount < 0, even: else}, drop: true}
  large: {from: in, filter: in.Amount > 1, drop: true}
`
	)
	name := regexp.MustCompile(`(?m)^  (\w+):`)
	n := 0
	for _, b := range blocksOf(t, "docs/connectors.md") {
		if b.lang != "yaml" {
			continue
		}
		n++
		text := types
		if !strings.Contains(b.text, "sources:") {
			text += above
		}
		text += b.text
		if !strings.Contains(b.text, "sinks:") {
			text += "sinks:\n"
			for _, m := range name.FindAllStringSubmatch(b.text, -1) {
				text += fmt.Sprintf("  all_%s: {from: %[1]s, use: drop}\n", m[1])
			}
		}
		if c := check(t, b, text); !c.OK || len(c.Diagnostics) > 0 {
			t.Errorf("%s: the nodes do not compile:%s\n%s", b.place(), c, text)
		}
	}
	if n < 7 {
		t.Errorf("only %d blocks were found", n)
	}
}

// TestTestingPage holds the Go of the page on testing to the tests that it is taken
// from, which run.
func TestTestingPage(t *testing.T) {
	n := 0
	for _, b := range blocksOf(t, "docs/testing.md") {
		n++
		source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(b.args)))
		if err != nil {
			t.Errorf("%s: %v", b.place(), err)
		} else if !strings.Contains(string(source), b.text) {
			t.Errorf("%s: %s has no such lines", b.place(), b.args)
		}
	}
	if n < 5 {
		t.Errorf("only %d blocks were found", n)
	}
}

// The options that the page of targets shows, and that of the examples, are options. Whether a pipeline needs
// them is another question: they are shown without one.
func TestTargetsPage(t *testing.T) {
	shown := 0
	for _, b := range append(blocksOf(t, "docs/targets.md"), blocksOf(t, "examples/README.md")...) {
		if b.lang != "yaml" || !strings.HasPrefix(b.text, "targets:") { // or a file of Compose's own
			continue
		}
		shown++
		c := check(t, b, "pipeline: page\ntypes: {E: {n: int}}\nsources: {in: {use: generate, out: E}}\nsinks: {out: {from: in, use: log}}\n"+b.text)
		for _, d := range c.Diagnostics {
			if !strings.HasPrefix(d.Code, "target-") {
				t.Errorf("%s: %s [%s]", b.place(), d.Message, d.Code)
			}
		}
	}
	if shown < 4 {
		t.Errorf("the page shows options %d times, and there are four targets", shown)
	}
}

// TestFlowctlPage holds the page for those who come from flowctl to its word: what it
// shows beside a file of flowctl's is what that file becomes, both are pipelines, and the
// commands end well.
func TestFlowctlPage(t *testing.T) {
	dir, shown, ran := t.TempDir(), 0, 0
	var before block
	for _, b := range blocksOf(t, "docs/flowctl.md") {
		switch {
		case b.lang == "yaml" && b.args == "flowctl":
			before = b
			if err := os.WriteFile(filepath.Join(dir, "pipeline.yaml"), []byte(b.text), 0o666); err != nil {
				t.Fatal(err)
			}
			if c := check(t, b, b.text); !c.OK {
				t.Errorf("%s is no pipeline: %s", b.place(), c)
			}
		case b.lang == "yaml" && b.args == "old":
			before = b
			if c := check(t, b, b.text); c.OK || len(c.Diagnostics) != 1 || c.Diagnostics[0].Code != "foreign-dialect" {
				t.Errorf("%s is not told by its spelling: %s", b.place(), c)
			}
		case b.lang == "yaml" && b.args == "becomes":
			shown++
			var stdout, stderr bytes.Buffer
			run([]string{"migrate", "-"}, strings.NewReader(before.text), &stdout, &stderr)
			if stdout.String() != b.text {
				t.Errorf("%s becomes\n%s\nand not %s", before.place(), stdout.String(), b.place())
			}
			if c := check(t, b, b.text); before.args == "flowctl" && !c.OK {
				t.Errorf("%s is no pipeline: %s", b.place(), c)
			}
		case b.lang == "sh" && b.args == "run":
			for line := range strings.Lines(b.text) {
				line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
				if line == "" {
					continue
				}
				ran++
				args := strings.Fields(line)
				if out, err := command(dir, compilerCache, args[0], args[1:]...).CombinedOutput(); err != nil {
					t.Errorf("%s: %s: %v\n%s", b.place(), line, err, out)
				}
			}
		}
	}
	if shown < 2 || ran < 5 {
		t.Errorf("the page shows %d files and runs %d commands", shown, ran)
	}
}

// No document shows a pipeline that nothing compiles: TestLanguage,
// TestComponents, TestForeignPage, TestRegistryPage, TestSandboxPage, TestConnectors, TestTargetsPage, TestScalingPage and the tests of the README, of the pages of
// codes and of the IR's guide have theirs.
func TestDocumentsWithPipelines(t *testing.T) {
	want := "README.md docs/acked.md docs/components.md docs/connectors.md docs/errors.md docs/flowctl.md docs/foreign.md docs/language.md docs/registry.md docs/sandbox.md docs/scaling.md docs/targets.md examples/README.md ir/README.md"
	var got []string
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if name := e.Name(); path != root && strings.HasPrefix(name, ".") || name == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(string(text), "\n```yaml") {
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			got = append(got, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if s := strings.Join(got, " "); s != want {
		t.Errorf("documents with pipelines are %s", s)
	}
}
