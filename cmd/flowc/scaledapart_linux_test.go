package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// bobbin is a pipeline of three processes, the middle one twice, from a file that grows to
// a file.
const bobbin = `pipeline: bobbin
types: {Line: {n: int, text: string}}
edges: {nats: {url: "${env:NATS_URL}", max_bytes: 64MiB}}
sources: {lines: {use: file, config: {path: in/lines.ndjson, follow: true}, out: Line, on_error: {then: drop}}}
processors:
  odd: {from: lines, key: in.Text, scale: {replicas: 2}, filter: in.N % 2 == 1}
sinks:
  out: {from: odd, use: file, config: {path: out/odd.ndjson}}
`

// natsProgram builds the server that the edges are tested with, and returns its binary.
func natsProgram(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "nats-server")
	cmd := exec.Command("go", "build", "-trimpath", "-o", binary, "github.com/nats-io/nats-server/v2")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// natsTar is an image's only layer: the server and nothing else, as in NATS's own.
func natsTar(t *testing.T) string {
	t.Helper()
	binary := natsProgram(t)
	tar := filepath.Join(t.TempDir(), "nats.tar")
	if out, err := exec.Command("tar", "-C", filepath.Dir(binary), "-cf", tar, "nats-server").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return tar
}

// odds is how many records there are of n lines of a feed.
func odds(n int) (count int) {
	for i := range n {
		if i%2 == 1 && i%500 != 499 {
			count++
		}
	}
	return count
}

// aloneOdds are the numbers that the pipeline in one process writes of a feed's file.
func aloneOdds(t *testing.T, in string, n int) []int {
	t.Helper()
	alone := t.TempDir()
	if err := os.Symlink(in, filepath.Join(alone, "in")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(alone, "pipeline.yaml")
	writeFile(t, file, strings.Replace(bobbin, "scale: {replicas: 2}, ", "", 1))
	p := start(t, buildProgram(t, file), alone)
	out := filepath.Join(alone, "out/odd.ndjson")
	eventually(t, "the program alone writes all", func() bool {
		p.alive()
		return len(linesOf(t, out)) >= odds(n)
	})
	p.end()
	got := numbers(t, out)
	slices.Sort(got)
	return got
}

// Three processes, the middle one twice, and a broker that the project brings. Each of
// them is killed, the setting of one changes and the shape of all; what is written is what
// the program in one process writes, each record once.
func TestComposeScaled(t *testing.T) {
	options := `files: {in/lines.ndjson: {bind: ./in/}}, broker: {}`
	c := newComposed(t, bobbin, options)
	in := filepath.Join(c.dir, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	c.engine.Docker("import", "--change", `ENTRYPOINT ["/nats-server"]`, natsTar(t), manifest.BrokerImage)
	c.image()
	c.emit()
	lines := newFeed(t, filepath.Join(in, "lines.ndjson"))
	c.up()
	of := func(service string) string {
		t.Helper()
		ids := strings.Fields(c.engine.Docker("ps", "-aq", "--no-trunc", "--filter", "label=com.docker.compose.service="+service))
		if len(ids) != 1 {
			t.Fatalf("there are %d containers of %s\n%s", len(ids), service, c.engine.Docker("ps", "-a"))
		}
		return ids[0]
	}
	services := []string{"bobbin", "bobbin-odd-0", "bobbin-odd-1", "bobbin-out"}
	for _, s := range services {
		c.hardened(of(s))
	}
	out := filepath.Join(c.volume("out-data"), "out/odd.ndjson")
	grows := func() {
		t.Helper()
		before := len(linesOf(t, out))
		eventually(t, "the program writes\n"+c.logs(), func() bool { return len(linesOf(t, out)) > before+100 })
	}
	grows()

	t.Log("up again")
	c.unchanged()
	grows()

	for _, s := range append(slices.Clone(services), "bobbin-edges") {
		t.Logf("the process of %s is killed", s)
		c.kill(of(s))
		grows()
	}

	t.Log("a setting of one process changes")
	broker, reader, first := of("bobbin-edges"), of("bobbin"), of("bobbin-odd-0")
	c.options(options + `, processes: {odd: {memory: 256MiB}}`)
	c.emit()
	c.up()
	if of("bobbin-edges") != broker || of("bobbin") != reader || of("bobbin-odd-0") == first {
		t.Error("other containers are made than those of the process whose setting is another")
	}
	grows()

	t.Log("the shape changes")
	c.write(strings.Replace(bobbin, "in.N % 2 == 1", `in.N % 2 == 1 && in.Text != ""`, 1), options)
	c.image()
	c.emit()
	c.up()
	if of("bobbin-edges") != broker || of("bobbin") == reader {
		t.Error("another version makes another broker, or no other program")
	}
	grows()

	n := lines.end()
	eventually(t, "all is written", func() bool { return len(linesOf(t, out)) >= odds(n) })
	c.do("stop")
	for _, s := range services {
		if code := c.inspect(of(s), ".State.ExitCode"); code != "0" {
			t.Errorf("after a stop the exit code of %s is %s\n%s", s, code, c.logs())
		}
	}
	got := numbers(t, out)
	slices.Sort(got)
	if want := aloneOdds(t, in, n); !slices.Equal(got, want) || len(got) != odds(n) {
		t.Errorf("%d records of %d lines, and not the %d of the program in one process", len(got), n, len(want))
	}
	t.Logf("%d lines were read, %d written", n, len(got))
	c.gone()
}
