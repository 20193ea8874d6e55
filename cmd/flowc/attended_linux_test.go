package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// signProgram signs each line, a JSON object, with its argument and its variable BY.
const signProgram = `package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

func main() {
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Printf("%s, \"by\": \"%s %s\"}\n", strings.TrimSuffix(in.Text(), "}"), os.Args[1], os.Getenv("BY"))
	}
}
`

// signBinary builds it, static, as the file sign of a folder.
func signBinary(t *testing.T, dir string) string {
	t.Helper()
	source, binary := filepath.Join(t.TempDir(), "sign.go"), filepath.Join(dir, "sign")
	writeFile(t, source, signProgram)
	build := exec.Command("go", "build", "-trimpath", "-o", binary, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// attendedPipeline has a command that reads and writes lines, in the container of an image
// that has nothing else.
func attendedPipeline(image, program string) string {
	return fmt.Sprintf(`pipeline: attended
types: {N: {n: int64}, Signed: {n: int64, by: string}}
sources:
  numbers: {use: generate, config: {rate: 200, fields: {n: i}}, out: N}
processors:
  signed: {from: numbers, image: %q, command: [%s, "$${A}"], env: {BY: "100%%"}, protocol: ndjson, out: Signed}
sinks:
  out: {from: signed, use: file, config: {path: out.ndjson}}
`, image, program)
}

// signs waits until more records than there are have come out, and fails the test where one of
// all is missing, is there twice or is not signed.
func signs(t *testing.T, file string) {
	t.Helper()
	before := len(linesOf(t, file))
	eventually(t, "more records", func() bool { return len(linesOf(t, file)) > before+300 })
	lines := linesOf(t, file)
	for i, line := range lines[:len(lines)-1] { // the last may be half of one
		if want := fmt.Sprintf(`{"n":%d, "by": "${A} 100%%"}`, i); line != want {
			t.Fatalf("line %d is %s, not %s", i+1, line, want)
		}
	}
	t.Logf("%d records", len(lines))
}

// In Compose the command runs in the container of its image, and goes on when that is killed.
func TestComposeAttended(t *testing.T) {
	p := newApplied(t)
	writeFile(t, filepath.Join(p.dir, "pipeline.yaml"), attendedPipeline("sign:1", "/standin"))
	standinImage(t, p.engine, signBinary(t, p.dir), "sign:1")
	said, _ := p.flowc(exitOK, "apply", "--target", "compose", "--yes")
	p.says(said, "applied")
	out := filepath.Join(p.engine.Volume("attended_attended-data"), "out.ndjson")
	signs(t, out)
	said, _ = p.flowc(exitOK, "apply", "--target", "compose", "--yes")
	p.says(said, "unchanged")
	id := strings.TrimSpace(p.engine.Docker("ps", "-q", "--filter", "ancestor=sign:1"))
	p.engine.Docker("kill", "-s", "KILL", id)
	p.engine.Docker("start", id) // the engine takes a kill by hand for the user's wish
	signs(t, out)
	p.flowc(exitOK, "delete", "attended", "--target", "compose", "--state", "--yes")
	if ids := p.engine.Docker("ps", "-aq"); ids != "" {
		t.Errorf("containers are left: %s", p.engine.Docker("ps", "-a"))
	}
}

// In Kubernetes it is a sidecar, under restricted Pod Security.
func kubernetesAttended(t *testing.T, c *kubeCluster) {
	pipeline := attendedPipeline("localhost/flowc/sign:1", "/sign")
	a := c.app(t, pipeline, "")
	a.load(c.imageOf(signBinary(t, a.folder), "localhost/flowc/sign:1", "65532:65532"))
	out := filepath.Join(a.volume("attended-data", "storageClassName: folders"), "out.ndjson")
	a.write(pipeline, fmt.Sprintf("namespace: attended, image: %s/attended", c.registry(t)))
	says(t, a.applies(exitOK, "--yes", "--platform", "linux/amd64"), "attended/attended: applied, ready")
	signs(t, out)
	says(t, a.applies(exitOK, "--yes", "--platform", "linux/amd64"), ": unchanged, ready")
	a.killOf("attended-0", ".status.initContainerStatuses[1]")
	signs(t, out)
	a.deleted()
}

// In Nomad it is a task of the group.
func TestNomadAttended(t *testing.T) {
	a := newNomadAt(t, "docker0", true, "attended").applied("attended")
	standinImage(t, a.engine, signBinary(t, a.dir), "sign:1")
	a.write(attendedPipeline("sign:1", "/standin"), "storage: {volume: attended}")
	said, _ := a.flowc(exitOK, "apply", "--yes")
	a.says(said, "attended: applied, ready")
	out := filepath.Join(a.volume("attended"), "out.ndjson")
	signs(t, out)
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "attended: unchanged, ready")
	a.engine.Docker("kill", "-s", "KILL", a.containerOf("signed"))
	signs(t, out)
	a.flowc(exitOK, "delete", "--yes")
	a.until("no container is left", func() bool { return a.engine.Docker("ps", "-q") == "" })
}
