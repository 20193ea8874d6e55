package lower_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/driver"
)

// The event types that the lock has of a component are those of its node: their shapes are
// those of `types`, and Go of the pipeline stands on them.
func TestDescribed(t *testing.T) {
	const digest = "sha256:4f97f6a1b9e091cb4c17ba78cf1690b54c8f75994bee576f6924e918b24b0024"
	lock := func(gives string) string {
		return `{"version": 1, "components": [{"reference": "acme/chain@v1", "image": "docker.io/acme/chain@` + digest + `", "platforms": {"linux/amd64": "` + digest + `"},
			"descriptor": {"name": "chain", "type": "source", "produces": [` + gives + `]}}]}`
	}
	const pipeline = `pipeline: chain
types:
  chain.block.v1: {height: int64}
sources:
  chain: {type: acme/chain@v1}
processors:
  high: {from: FROM, filter: in.Height > 5}
sinks:
  out: {from: high, use: stdout}
`
	for _, c := range []struct{ gives, from, want string }{
		{`"chain.block.v1"`, "chain", ""},
		{`"chain.block.v1", "chain.vote.v1"`, "chain.chain.block.v1", "chain.vote.v1"},
		{`"chain.vote.v1"`, "chain.chain.block.v1", "gives"},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{"flowc.lock": lock(c.gives), "pipeline.yaml": strings.Replace(pipeline, "FROM", c.from, 1)} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r, err := driver.Compile(t.Context(), driver.Options{File: filepath.Join(dir, "pipeline.yaml"), CacheDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, d := range r.Diagnostics {
			said = append(said, d.Error())
		}
		if got := strings.Join(said, "\n"); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s from %s: %s", c.gives, c.from, got)
		}
	}
}
