package main

import (
	"archive/tar"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/oci/dockertest"
)

// standinImage makes an image of a binary and nothing else, and loads it into an engine.
func standinImage(t *testing.T, e *dockertest.Engine, binary, name string) {
	t.Helper()
	data, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(t.TempDir(), "image.tar")
	f, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(f)
	err = w.WriteHeader(&tar.Header{Name: "standin", Mode: 0o755, Size: int64(len(data))})
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	e.Docker("import", "--change", `ENTRYPOINT ["/standin"]`, archive, name)
}

// besideCount is how many events the source of a test gives; besidePipeline has it, Go of the
// pipeline behind it, and a processor of the image of the pipeline.
const besideCount = 300

func besidePipeline(name, more string) string {
	return fmt.Sprintf(`pipeline: %s
types: {N: {n: int64, text: string}}
sources:
  numbers: {image: "standin:1", args: [source, --count, "%d"%s], gives: test.number.v1, out: N}
processors:
  odd: {from: numbers, filter: in.N %% 2 == 1}
  done: {from: odd, command: [./standin, processor, --jitter], settle: 1s, out: N}
sinks:
  out: {from: done, use: file, config: {path: out/odd.ndjson}}
`, name, besideCount, more)
}

// oddNumbers are the lines that the pipeline of besidePipeline writes, in order: payloads as they came.
func oddNumbers() (all []string) {
	for i := 1; i < besideCount; i += 2 {
		all = append(all, fmt.Sprintf(`{"n":%d, "text":"n %d"}`, i, i))
	}
	return all
}

// A source of an image and a processor of a command are services beside the program, which
// waits for them, moves the data, and goes on where one of them dies.
func TestComposeBeside(t *testing.T) {
	c := newComposed(t, besidePipeline("mixed", ", --endless"), "")
	standinImage(t, c.engine, standinBinary(t, c.dir), "standin:1")
	c.image()
	c.emit()
	c.up()
	out := filepath.Join(c.volume("data"), "out/odd.ndjson")
	eventually(t, "the program writes\n"+c.logs(), func() bool { return len(linesOf(t, out)) >= besideCount/2 })
	if got := linesOf(t, out); !slices.Equal(got, oddNumbers()) {
		t.Fatalf("it wrote %d lines: %q", len(got), got)
	}
	services := strings.Fields(c.engine.Docker("ps", "--format", `{{.Label "com.docker.compose.service"}}`))
	slices.Sort(services)
	if want := []string{"mixed", "mixed-done", "mixed-numbers"}; !slices.Equal(services, want) {
		t.Errorf("the services are %q", services)
	}
	of := func(service string) string {
		return c.engine.Docker("ps", "-q", "--no-trunc", "--filter", "label=com.docker.compose.service="+service)
	}
	c.hardened(of("mixed"))
	if user := c.inspect(of("mixed-done"), ".Config.User"); user != "65532:65532" {
		t.Errorf("the command runs as %q", user)
	}

	t.Log("up again")
	c.unchanged()

	t.Log("the processor is killed, and events are given to the next")
	c.kill(of("mixed-done"))
	c.kill(of("mixed-numbers"))
	eventually(t, "the source gives what was not safe\n"+c.logs(), func() bool {
		return strings.Count(c.logs(), "stream from ledger") >= 2
	})
	var seen []string
	for _, l := range linesOf(t, out) {
		if !slices.Contains(seen, l) {
			seen = append(seen, l)
		}
	}
	if !slices.Equal(seen, oddNumbers()) {
		t.Errorf("it wrote %q", seen)
	}
	c.gone()
}

// flowc apply puts the components' files into the image, starts all of it, and deletes it.
func TestComposeBesideApply(t *testing.T) {
	p := newApplied(t)
	writeFile(t, filepath.Join(p.dir, "pipeline.yaml"), besidePipeline("mixed", ", --endless"))
	standinImage(t, p.engine, standinBinary(t, p.dir), "standin:1")
	said, _ := p.flowc(exitOK, "apply", "--target", "compose", "--yes")
	p.says(said, "mixed-done", "mixed-numbers", "applied")
	out := filepath.Join(p.engine.Volume("mixed_mixed-data"), "out/odd.ndjson")
	eventually(t, "the program writes", func() bool { return len(linesOf(t, out)) >= besideCount/2 })
	if got := linesOf(t, out); !slices.Equal(got, oddNumbers()) {
		t.Errorf("it wrote %q", got)
	}
	said, _ = p.flowc(exitOK, "apply", "--target", "compose", "--yes")
	p.says(said, "unchanged")
	p.flowc(exitOK, "status", "mixed", "--target", "compose")
	p.flowc(exitOK, "delete", "mixed", "--target", "compose", "--yes")
	if ids := p.engine.Docker("ps", "-aq"); ids != "" {
		t.Errorf("containers are left: %s", p.engine.Docker("ps", "-a"))
	}
}
