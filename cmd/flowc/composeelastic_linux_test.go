package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// Hosts become more and fewer by `docker compose up --scale`, and one of them is killed;
// what is written is what the program in one process writes, each record once.
func TestComposeElastic(t *testing.T) {
	c := newComposed(t, strings.Replace(bobbin, "scale: {replicas: 2}", "scale: {min: 1, max: 6}", 1), `files: {in/lines.ndjson: {bind: ./in/}}, broker: {}`)
	in := filepath.Join(c.dir, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	c.engine.Docker("import", "--change", `ENTRYPOINT ["/nats-server"]`, natsTar(t), manifest.BrokerImage)
	c.image()
	c.emit()
	lines := newFeed(t, filepath.Join(in, "lines.ndjson"))
	c.up()
	hosts := func() []string {
		return strings.Fields(c.engine.Docker("ps", "-q", "--no-trunc", "--filter", "label=com.docker.compose.service=bobbin-odd", "--filter", "health=healthy"))
	}
	out := filepath.Join(c.volume("out-data"), "out/odd.ndjson")
	grows := func() {
		t.Helper()
		before := len(linesOf(t, out))
		eventually(t, "the program writes\n"+c.logs(), func() bool { return len(linesOf(t, out)) > before+100 })
	}
	c.hardened(hosts()[0])
	grows()
	for _, n := range []int{4, 2} {
		t.Logf("%d hosts", n)
		c.do("up", "-d", "--no-recreate", "--scale", fmt.Sprintf("bobbin-odd=%d", n))
		eventually(t, fmt.Sprintf("%d hosts are ready", n), func() bool { return len(hosts()) == n })
		grows()
	}
	t.Log("a host is killed")
	c.kill(hosts()[0])
	grows()
	eventually(t, "it is back", func() bool { return len(hosts()) == 2 })
	grows()

	n := lines.end()
	eventually(t, "all is written\n"+c.logs(), func() bool { return len(linesOf(t, out)) >= odds(n) })
	c.do("stop")
	got := numbers(t, out)
	slices.Sort(got)
	if want := aloneOdds(t, in, n); !slices.Equal(got, want) || len(got) != odds(n) {
		t.Errorf("%d records of %d lines, and not the %d of the program in one process", len(got), n, len(want))
	}
	t.Logf("%d lines were read, %d written", n, len(got))
	c.gone()
}
