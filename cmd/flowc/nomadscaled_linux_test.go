package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// bobbins is the pipeline of three processes, the middle one twice, over what a feeder
// writes.
const bobbins = `pipeline: bobbin
types: {N: {n: int, s: string}}
edges: {nats: {url: "${env:NATS_URL}", max_bytes: 64MiB}}
sources: {ns: {use: file, config: {path: in.ndjson, follow: true}, out: N}}
processors: {even: {from: ns, key: in.S, scale: {replicas: 2}, filter: in.N % 2 == 0}}
sinks: {out: {from: even, use: file, config: {path: out.ndjson}}}
`

// TestNomadScaled has three groups, the middle one of two copies, and a broker that the job
// brings. Each of them is killed, a copy is stopped and comes elsewhere, a setting changes;
// what is written is what the program in one process writes, each record once.
func TestNomadScaled(t *testing.T) {
	c := newNomadAt(t, "docker0", true, "feed", "bobbin", "streams")
	c.engine.Docker("import", "--change", `ENTRYPOINT ["/nats-server"]`, natsTar(t), manifest.BrokerImage)
	const options = "files: {in.ndjson: {volume: feed}}, storage: {volume: bobbin}, broker: {storage: {volume: streams}}"
	j := c.job(bobbins, options)
	feed := &feeder{t: t, path: filepath.Join(c.volume("feed"), "in.ndjson")}
	lines := func(text []byte) []string {
		all := strings.Split(strings.TrimSpace(string(text)), "\n")
		slices.Sort(all)
		return all
	}
	complete := func(when string) {
		t.Helper()
		whole := strings.NewReplacer("scale: {replicas: 2}, ", "", ", follow: true", "").Replace(bobbins)
		want := lines(feed.standalone(whole))
		c.until("all records "+when, func() bool {
			text, err := os.ReadFile(filepath.Join(c.volume("bobbin"), "out.ndjson"))
			return err == nil && slices.Equal(lines(text), want)
		})
		t.Logf("%s: %d records of %d, as the program in one process writes them", when, len(want), feed.next)
	}

	feed.more(3000)
	j.flowc("image", "--load")
	j.deploy()
	complete("deployed")
	if n := c.running("bobbin-even"); n != 2 {
		t.Errorf("%d copies run", n)
	}
	if changes, _ := j.plan(j.emit()); changes {
		t.Errorf("running it again would change something:\n%s", j.try("job", "plan", "-json", j.emit()))
	}

	for _, task := range []string{"bobbin", "bobbin-even", "bobbin-out", "bobbin-edges"} {
		feed.more(8000)
		c.engine.Docker("kill", "-s", "KILL", c.containerOf(task))
		feed.more(2000)
		complete(task + " killed")
	}

	feed.more(3000)
	for _, a := range j.allocations(false) {
		if _, ok := a.TaskStates["bobbin-even"]; ok {
			j.must("alloc", "stop", "-detach", a.ID)
			break
		}
	}
	feed.more(3000)
	complete("a copy stopped")
	c.until("two copies", func() bool { return c.running("bobbin-even") == 2 })

	feed.more(3000)
	j.options(options + ", processes: {even: {memory: 256MiB}}, env: {FLOWC_SET: \"ns.config.max_record=1MiB\"}")
	j.deploy()
	feed.more(3000)
	complete("with another setting")

	j.must("job", "stop", "-purge", "bobbin")
	c.until("nothing is left", func() bool { return c.engine.Docker("ps", "-q") == "" })
}
