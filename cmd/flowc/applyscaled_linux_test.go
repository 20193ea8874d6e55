package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// Three processes and a broker are applied, applied again, changed in shape and deleted,
// while records come: another version leaves the broker alone, and what is written is what the program in one process writes.
func TestComposeApplyScaled(t *testing.T) {
	p := newApplied(t)
	p.engine.Docker("import", "--change", `ENTRYPOINT ["/nats-server"]`, natsTar(t), manifest.BrokerImage)
	write := func(pipeline, more string) {
		t.Helper()
		writeFile(t, filepath.Join(p.dir, "pipeline.yaml"), pipeline+"targets: {compose: {files: {in/lines.ndjson: {bind: ./in/}}, broker: {}"+more+"}}\n")
	}
	write(bobbin, "")
	in := filepath.Join(p.dir, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	lines := newFeed(t, filepath.Join(in, "lines.ndjson"))
	out := filepath.Join(p.engine.Volume("bobbin_bobbin-out-data"), "out/odd.ndjson")
	grows := func() {
		t.Helper()
		before := len(linesOf(t, out))
		eventually(t, "the program writes", func() bool { return len(linesOf(t, out)) > before+100 })
	}
	of := func(service string) string {
		return p.engine.Docker("ps", "-q", "--no-trunc", "--filter", "label=com.docker.compose.service="+service)
	}
	said, _ := p.flowc(exitOK, "apply", "--yes")
	p.says(said, "+ create service bobbin-odd-1", "+ create service bobbin-edges", "bobbin: applied, ready")
	grows()
	said, _ = p.flowc(exitOK, "apply", "--yes")
	p.says(said, "bobbin: unchanged")
	said, _ = p.flowc(exitOK, "status")
	p.says(said, "bobbin-odd-0", "bobbin-odd-1", "bobbin-out", "bobbin-edges")

	t.Log("a setting of one process, and the shape")
	broker, reader := of("bobbin-edges"), of("bobbin")
	write(bobbin, ", processes: {odd: {memory: 256MiB}}")
	said, _ = p.flowc(exitOK, "apply", "--yes")
	p.says(said, "= keep   service bobbin-edges", "~ change service bobbin-odd-0")
	if of("bobbin-edges") != broker {
		t.Error("a setting of a process makes another broker")
	}
	grows()
	write(strings.Replace(bobbin, "in.N % 2 == 1", `in.N % 2 == 1 && in.Text != ""`, 1), "")
	p.flowc(exitOK, "apply", "--yes")
	if of("bobbin-edges") != broker || of("bobbin") == reader {
		t.Error("another version makes another broker, or no other program")
	}
	grows()

	n := lines.end()
	eventually(t, "all is written", func() bool { return len(linesOf(t, out)) >= odds(n) })
	got := numbers(t, out)
	slices.Sort(got)
	if want := aloneOdds(t, in, n); !slices.Equal(got, want) {
		t.Errorf("%d records of %d lines, and not the %d of the program in one process", len(got), n, len(want))
	}
	p.flowc(exitOK, "delete", "--state", "--yes")
	if left := p.engine.Docker("ps", "-aq") + p.engine.Docker("volume", "ls", "-q"); left != "" {
		t.Errorf("something is left: %s", left)
	}
}
