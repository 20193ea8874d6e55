package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// TestNomadElastic has a group of hosts that `nomad job scale` makes more and fewer, and of
// which one is killed, while records come; what is written is what the program in one
// process writes, each record once.
func TestNomadElastic(t *testing.T) {
	c := newNomadAt(t, "docker0", true, "feed", "spool", "streams")
	c.engine.Docker("import", "--change", `ENTRYPOINT ["/nats-server"]`, natsTar(t), manifest.BrokerImage)
	j := c.job(spools, "files: {in.ndjson: {volume: feed}}, storage: {volume: spool}, broker: {storage: {volume: streams}}")
	feed := &feeder{t: t, path: filepath.Join(c.volume("feed"), "in.ndjson")}
	lines := func(text []byte) []string {
		all := strings.Split(strings.TrimSpace(string(text)), "\n")
		slices.Sort(all)
		return all
	}
	complete := func(when string) {
		t.Helper()
		want := lines(feed.standalone(aloneSpools))
		c.until("all records "+when, func() bool {
			text, err := os.ReadFile(filepath.Join(c.volume("spool"), "out.ndjson"))
			return err == nil && slices.Equal(lines(text), want)
		})
		t.Logf("%s: %d records of %d, as the program in one process writes them", when, len(want), feed.next)
	}
	feed.more(3000)
	j.flowc("image", "--load")
	j.deploy()
	complete("deployed")
	for _, step := range []struct {
		count string
		hosts int
	}{{"4", 4}, {"2", 2}} {
		feed.more(8000)
		c.until("the last change is over, and another is taken", func() bool {
			_, code := c.nomad("job", "scale", "-detach", "spool", "spool-even", step.count)
			return code == 0
		})
		feed.more(3000)
		c.until(step.count+" hosts", func() bool { return c.running("spool-even") == step.hosts })
		feed.more(3000)
		complete(step.count + " hosts")
	}
	feed.more(8000)
	c.engine.Docker("kill", "-s", "KILL", c.containerOf("spool-even"))
	feed.more(3000)
	complete("a host killed")

	j.must("job", "stop", "-purge", "spool")
	c.until("nothing is left", func() bool { return c.engine.Docker("ps", "-q") == "" })
}
