package main

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// A bringing is a folder with a component of the tests, and a registry in this process.
type bringing struct {
	t         *testing.T
	dir, host string
	env       []string
}

// newRegistry starts a registry in this process, and says its host.
func newRegistry(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true)))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func newBringing(t *testing.T) *bringing {
	t.Helper()
	b := &bringing{t: t, dir: t.TempDir(), host: newRegistry(t)}
	b.env = []string{"FLOWC_REGISTRY=" + b.host, "CI=", "FLOWC_FROZEN=", "DOCKER_CONFIG=" + b.dir}
	build := exec.Command("go", "build", "-o", filepath.Join(b.dir, "part"), "./testdata/flowctl")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return b
}

// flowc runs a command in the folder; more is its environment.
func (b *bringing) flowc(code int, more []string, args ...string) string {
	b.t.Helper()
	cmd := command(b.dir, compilerCache, "flowc", args...)
	cmd.Env = append(append(cmd.Env, b.env...), more...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	var ended *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &ended) {
		b.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		b.t.Fatalf("flowc %s: exit code %d, and not %d\n%s", strings.Join(args, " "), got, code, &out)
	}
	return out.String()
}

func (b *bringing) says(text string, wants ...string) {
	b.t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			b.t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}

func (b *bringing) write(name, text string) { write(b.t, b.dir, name, text) }

func (b *bringing) publish(reference, descriptor string) string {
	b.t.Helper()
	b.write("metadata.json", descriptor)
	out := b.flowc(0, nil, "components", "publish", reference, "--binary", "part")
	b.says(out, "pushed "+b.host+"/", "@sha256:", " for linux/"+runtime.GOARCH, "type: "+reference)
	return out
}

// theApp is a command with the cache of the tests.
func theApp(t *testing.T) *app {
	return &app{ctx: t.Context(), stderr: io.Discard, getenv: func(name string) string { return map[string]string{"FLOWC_CACHE": compilerCache}[name] }}
}

const (
	chainDescriptor = `{"name": "chain", "version": "v1.0.0", "type": "source", "produces": ["chain.block.v1", "chain.vote.v1"],
		"config_schema": {"network": {"type": "string", "required": true}, "level": {"type": "integer", "env": "CHAIN_LEVEL"}}}`
	tallyDescriptor = `{"name": "tally", "type": "consumer", "license": "MIT", "consumes": ["chain.block.v1"]}`
	broughtPipeline = `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: chain}
spec:
  driver: process
  sources:
    - {id: chain, type: acme/chain@v1.0.0, args: [source, 4], config: {network: test}}
  processors:
    - {id: blocks, inputs: [chain], filter: 'meta.Type == "chain.block.v1"'}
  sinks:
    - {id: tally, type: acme/tally@v1, args: [consumer, out.txt], inputs: [blocks]}
`
)

// A pipeline of references of a registry: pinned when it first runs, checked by what was
// pinned, run again without the registry, deployed by digest, and moved on request.
func TestBrought(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs")
	}
	if runtime.GOOS != "linux" {
		t.Skip("its component is one for Linux")
	}
	t.Parallel()
	b := newBringing(t)
	b.publish("acme/tally@v1", tallyDescriptor)
	if again := b.publish("acme/chain@v1.0.0", chainDescriptor); again != b.publish("acme/chain@v1.0.0", chainDescriptor) {
		t.Error("the same files are another image the second time")
	}
	b.write("pipeline.yaml", broughtPipeline)

	b.says(b.flowc(0, nil, "check"), "warning: `acme/chain@v1.0.0` is not in flowc.lock", "`flowc components add acme/chain@v1.0.0`")
	b.says(b.flowc(exitInvalid, []string{"CI=true"}, "check"), "error: `acme/tally@v1` is not in flowc.lock")
	b.says(b.flowc(exitInvalid, nil, "check", "--frozen"), "error: `acme/tally@v1` is not in flowc.lock")
	b.says(b.flowc(exitInvalid, []string{"CI=true"}, "run"), "nothing is pinned where that is frozen")
	b.says(b.flowc(exitInvalid, nil, "run", "pipeline.yaml", "--frozen"), "nothing is pinned where that is frozen")
	b.says(b.flowc(0, nil, "run"), "pinned acme/chain@v1.0.0: "+b.host+"/acme/chain@sha256:", "chain: 4 in · 2 out")
	if got := linesOf(t, filepath.Join(b.dir, "out.txt")); len(got) != 2 || got[0] != "chain.block.v1 0" {
		t.Errorf("it wrote %q", got)
	}
	locked, err := os.ReadFile(filepath.Join(b.dir, "flowc.lock"))
	if err != nil {
		t.Fatal(err)
	}

	// With the lock nobody asks the registry, which here is none: not to check, nor to run.
	nowhere := []string{"CI=true", "FLOWC_REGISTRY=127.0.0.1:1"}
	if out := b.flowc(0, nowhere, "check", "--frozen"); strings.Contains(out, "warning") {
		t.Errorf("it warns:\n%s", out)
	}
	b.flowc(0, nowhere, "run")
	for _, c := range []struct{ from, to, want string }{
		{"config: {network: test}", "config: {level: 1}", "`chain` needs the key `network`"},
		{"network: test", "network: test, level: much", "`level` must be an integer"},
		{"network: test", "netwok: test", "did you mean `network`?"},
		{"inputs: [blocks]", "inputs: [blocks], input_event_types: [chain.other.v1]", "does not list `chain.other.v1`"},
	} {
		b.write("wrong.yaml", strings.Replace(broughtPipeline, c.from, c.to, 1))
		b.says(b.flowc(exitInvalid, nil, "check", "wrong.yaml"), c.want)
	}

	// A deployment has the images by their digests, and what a binary starts is beside it.
	b.flowc(0, nowhere, "emit", "pipeline.yaml", "--target", "compose", "-o", "compose")
	compose, err := os.ReadFile(filepath.Join(b.dir, "compose", "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	b.says(string(compose), b.host+"/acme/chain@sha256:", "/component")
	// A client of Nomad that starts the binary has what is beside it, or downloads all of that.
	nomad := func(code int, binary string) string {
		b.write("nomad.yaml", "targets: {nomad: {driver: raw_exec, as: batch, work_dir: /srv/chain, binary: "+binary+"}}\n")
		return b.flowc(code, nowhere, "emit", "pipeline.yaml", "--overlay", "nomad.yaml", "--target", "nomad", "-o", "nomad")
	}
	b.says(nomad(exitInvalid, "{url: 'https://example.com/chain'}"), "a client would download the binary alone", "tar -C bin -czf chain.tar.gz .", "nomad.yaml:1")
	nomad(0, "{url: 'https://example.com/chain.tar.gz'}")
	job, err := os.ReadFile(filepath.Join(b.dir, "nomad", "chain.nomad.json"))
	if err != nil {
		t.Fatal(err)
	}
	b.says(string(job), `"GetterMode": "any"`, `"RelativeDest": "local/"`, `"command": "local/chain"`)
	nomad(0, "{path: /usr/local/bin/chain}")
	needs, err := os.ReadFile(filepath.Join(b.dir, "nomad", "chain.nomad.md"))
	if err != nil {
		t.Fatal(err)
	}
	b.says(string(needs), "the component of `chain`, as `/usr/local/bin/components/chain-", "`flowc build -o` puts it there")
	r, err := driver.Compile(t.Context(), driver.Options{File: filepath.Join(b.dir, "pipeline.yaml"), CacheDir: compilerCache})
	if err != nil || r.Program == nil {
		t.Fatal(err, r.Diagnostics)
	}
	here := oci.Platform{OS: "linux", Arch: runtime.GOARCH}
	if files, err := theApp(t).componentFiles(r, here, false); err != nil || len(files) != 2 {
		t.Errorf("an image that is run alone has %d files: %v", len(files), err)
	}
	if files, err := theApp(t).componentFiles(r, here, false, ownImages(r)...); err != nil || len(files) != 0 {
		t.Errorf("an image beside those of its components has %d files: %v", len(files), err)
	}
	b.says(b.flowc(0, nowhere, "build", "pipeline.yaml", "-o", "bin"), filepath.Join("bin", "components", "chain-"))
	b.says(b.flowc(0, nowhere, "sbom", "pipeline.yaml"), `"pkg:oci/chain@sha256%3A`, `"acme/tally@v1"`, `"a component in Go that the program starts"`, `"id": "MIT"`)
	if err := os.Remove(filepath.Join(b.dir, "out.txt")); err != nil {
		t.Fatal(err)
	}
	if out, err := command(b.dir, compilerCache, filepath.Join(b.dir, "bin", "chain")).CombinedOutput(); err != nil || len(linesOf(t, filepath.Join(b.dir, "out.txt"))) != 2 {
		t.Errorf("%v\n%s", err, out)
	}

	// Somebody moves the tag: the lock stays, until it is updated.
	moved := b.publish("acme/chain@v1.0.0", strings.Replace(strings.Replace(chainDescriptor, `"level"`, `"depth"`, 1), `, "chain.vote.v1"`, "", 1))
	b.says(moved, "note: acme/chain@v1.0.0 meant sha256:")
	b.flowc(0, nil, "run")
	if now, err := os.ReadFile(filepath.Join(b.dir, "flowc.lock")); err != nil || !bytes.Equal(now, locked) {
		t.Errorf("running changed the lock: %v", err)
	}
	b.says(b.flowc(exitDrift, nil, "components", "update", "--check"), "it no longer gives chain.vote.v1", "there is no key level any more", "there is a new key depth", "it is what it was")
	if now, err := os.ReadFile(filepath.Join(b.dir, "flowc.lock")); err != nil || !bytes.Equal(now, locked) {
		t.Errorf("looking changed the lock: %v", err)
	}
	b.flowc(0, nil, "components", "update", "acme/chain@v1.0.0")
	b.flowc(0, nil, "components", "update", "--check")
	b.says(b.flowc(0, nowhere, "components", "show", "acme/chain@v1.0.0"), "gives      chain.block.v1\n", "depth (CHAIN_LEVEL, integer)")
	b.says(b.flowc(0, nowhere, "components", "list", "--pinned"), "acme/chain@v1.0.0", "acme/tally@v1")
	b.says(b.flowc(exitEnv, nil, "components", "add", "acme/none@v1"), "nothing was pinned", "has no component acme/none, or shows it to others only", "--registry")
	b.says(b.flowc(exitEnv, nil, "components", "add", "acme/chain@v1"), "no v1 of it: there are v1.0.0")
	b.says(b.flowc(exitUsage, nil, "components", "add", "acme/chain:v1.0.0"), "a tag stands behind an @: acme/chain@v1.0.0")
	b.says(b.flowc(exitUsage, nil, "components", "add", "kafka"), "a connector that is built in")
	b.says(b.flowc(exitUsage, nil, "components", "add", "./part"), "`go: ./part`")
	b.says(b.flowc(exitUsage, nil, "components", "list", "--pinned", "--dir", "nowhere"), "there is no folder nowhere")
	b.says(b.flowc(0, nowhere, "components", "show", "acme/chain"), "is         source chain v1.0.0")
	b.says(b.flowc(exitUsage, nil, "components", "add", "acme/none"), "ends with a tag: acme/none@v1.0.0")
	b.write("odd.json", `{"type": "source", "prodcues": ["a.b.v1"], "author": "somebody"}`)
	if out := b.flowc(0, nil, "components", "publish", "acme/odd@v1", "--binary", "part", "--metadata", "odd.json", "--dry-run"); strings.Contains(out, "author") {
		t.Errorf("a key of another tool's is remarked:\n%s", out)
	} else {
		b.says(out, `"prodcues" of its metadata.json is no key: did you mean "produces"?`)
	}
	b.write("odd.json", "{\"type\": \"source\",\n}")
	b.says(b.flowc(exitEnv, nil, "components", "publish", "acme/odd@v1", "--binary", "part", "--metadata", "odd.json"), "line 2: ")
	b.says(b.flowc(exitUsage, nil, "components", "publish", "acme/odd@v1", "--go", "./none"), "there is no such folder")
	b.says(b.flowc(exitUsage, nil, "components", "update", "acme/none@v1"), "is not pinned in flowc.lock, which has acme/chain@v1.0.0, acme/tally@v1")
}

// A lock is made what the pipelines of its folder need, and what they name is not taken out.
func TestBroughtTidy(t *testing.T) {
	t.Parallel()
	b := newBringing(t)
	b.publish("acme/tally@v1", tallyDescriptor)
	b.publish("acme/tally@v2", tallyDescriptor)
	b.publish("acme/chain@v1.0.0", chainDescriptor)
	lockIs := func(want ...string) {
		t.Helper()
		l, err := readLock(b.dir)
		if got := writtenOf(l.Components); err != nil || !slices.Equal(got, want) {
			t.Errorf("the lock has %q, and not %q: %v", got, want, err)
		}
	}
	tidy := []string{"components", "tidy"}
	b.says(b.flowc(exitUsage, nil, tidy...), "there is no pipeline in this folder", "--dir")
	b.write("pipeline.yaml", broughtPipeline)
	nowhere := []string{"FLOWC_REGISTRY=127.0.0.1:1"}
	b.says(b.flowc(exitDrift, nowhere, "components", "tidy", "--check"), "missing: acme/chain@v1.0.0, which pipeline.yaml:7 names", "`flowc components tidy` makes it so")
	b.says(b.flowc(exitEnv, nowhere, tidy...), "nothing was changed", "pipeline.yaml:7")
	lockIs()
	b.says(b.flowc(0, []string{"CI=true"}, tidy...), "pinned acme/tally@v1", "flowc.lock has what the pipelines need: 2 components")
	b.flowc(0, nowhere, "components", "tidy", "--check")

	b.flowc(0, nil, "components", "add", "acme/tally@v2")
	b.says(b.flowc(exitDrift, nil, "components", "tidy", "--check"), "unused: acme/tally@v2\n")
	b.write("pipeline.prod.yaml", "sinks: {tally: {type: acme/tally@v2}}\n")
	b.flowc(0, nil, "components", "tidy", "--check")
	b.says(b.flowc(exitUsage, nil, "components", "remove", "acme/tally"), "several versions", "acme/tally@v1, acme/tally@v2")
	b.says(b.flowc(exitUsage, nil, "components", "remove", "acme/taly@v1"), "did you mean acme/tally@v1?")
	b.says(b.flowc(exitInvalid, nil, "components", "remove", "acme/chain"), "acme/chain@v1.0.0 is named at pipeline.yaml:7", "nothing was removed")
	b.says(b.flowc(exitInvalid, nil, "components", "remove", "acme/tally@v2"), "pipeline.prod.yaml:1")
	if err := os.Remove(filepath.Join(b.dir, "pipeline.prod.yaml")); err != nil {
		t.Fatal(err)
	}
	b.flowc(0, nowhere, "components", "remove", "acme/tally@v2")
	lockIs("acme/chain@v1.0.0", "acme/tally@v1")
	b.flowc(0, nil, "components", "add", "acme/tally@v2")
	b.says(b.flowc(0, nowhere, tidy...), "removed acme/tally@v2")
	lockIs("acme/chain@v1.0.0", "acme/tally@v1")
	b.write("pipeline.yaml", "sources: {numbers: {use: generate, config: {count: 1, fields: {n: i}}, out: json}}\nsinks: {out: {from: numbers, use: stdout}}\n")
	b.flowc(0, nowhere, tidy...)
	if _, err := os.Stat(filepath.Join(b.dir, "flowc.lock")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a lock of nothing is a file", err)
	}
}

// A component in Go beside the pipeline runs as a process, and goes into the image.
func TestBroughtFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs")
	}
	t.Parallel()
	b := newBringing(t)
	if err := os.MkdirAll(filepath.Join(b.dir, "shout"), 0o700); err != nil {
		t.Fatal(err)
	}
	b.write("shout/go.mod", "module example.com/shout\n\ngo 1.24\n")
	b.write("shout/main.go", "package main\n\nimport (\n\t\"bufio\"\n\t\"fmt\"\n\t\"os\"\n\t\"strings\"\n)\n\nfunc main() {\n\tfor in := bufio.NewScanner(os.Stdin); in.Scan(); {\n\t\tfmt.Println(strings.ToUpper(in.Text()) + os.Getenv(\"END\"))\n\t}\n}\n")
	b.write("shout/metadata.json", `{"type": "processor", "config_schema": {"mark": {"env": "END"}}}`)
	b.write("words.txt", "a\nb\n")
	pipeline := "pipeline: loud\nsources:\n  words: {use: file, config: {path: words.txt}, out: text}\nprocessors:\n  shout: {from: words, go: ./shout, protocol: lines, config: {mark: '!'}}\nsinks:\n  out: {from: shout, use: stdout}\n"
	b.write("pipeline.yaml", pipeline)
	b.says(b.flowc(0, []string{"CI=true"}, "run"), "A!\nB!\n")
	if _, err := os.Stat(filepath.Join(b.dir, "flowc.lock")); err == nil {
		t.Error("a folder is pinned")
	}
	b.flowc(0, nil, "image", "-o", "image.tar", "--platform", "linux/amd64")
	r, err := driver.Compile(t.Context(), driver.Options{File: filepath.Join(b.dir, "pipeline.yaml"), CacheDir: compilerCache})
	if err != nil || r.Program == nil {
		t.Fatal(err, r.Diagnostics)
	}
	files, err := theApp(t).componentFiles(r, oci.Platform{OS: "linux", Arch: "arm64"}, false)
	if err != nil || len(files) != 1 || !strings.HasPrefix(files[0].Path, "/components/shout-") || unfit(files[0].Data, oci.Platform{OS: "linux", Arch: "arm64"}, false) != "" {
		t.Errorf("the image has %d files of components: %v", len(files), err)
	}
	b.write("wrong.yaml", strings.Replace(pipeline, "mark", "marc", 1))
	b.says(b.flowc(exitInvalid, nil, "check", "wrong.yaml"), "did you mean `mark`?")
	b.write("none.yaml", strings.Replace(pipeline, "./shout", "./shot", 1))
	b.says(b.flowc(exitEnv, nil, "run", "none.yaml"), "there is no folder "+filepath.Join(b.dir, "shot"))
	b.write("shout/main.go", "package main\n\nfunc main() { x }\n")
	b.says(b.flowc(exitBuild, nil, "run"), "undefined: x")
}

// TestRegistryPage has the pipeline of the page checked by the lock of the page, and its
// descriptor read.
func TestRegistryPage(t *testing.T) {
	t.Parallel()
	b := &bringing{t: t, dir: t.TempDir()}
	files := map[string]bool{}
	for _, block := range blocksOf(t, "docs/registry.md") {
		if name, ok := strings.CutPrefix(block.args, "file="); ok {
			b.write(name, block.text)
			files[name] = true
		}
	}
	if !files["pipeline.yaml"] || !files["flowc.lock"] || !files["metadata.json"] {
		t.Fatalf("the page has the files %v", files)
	}
	if out := b.flowc(0, nil, "check", "--frozen"); strings.Contains(out, "warning") || !strings.Contains(out, "transfers: ok, 4 nodes") {
		t.Errorf("it says\n%s", out)
	}
	b.says(b.flowc(0, nil, "components", "show", "metadata.json"), "network (NETWORK_PASSPHRASE, string, required)", "one of info debug")
	b.says(b.flowc(0, nil, "components", "list", "--pinned"), "go:example.com/parts/cmd/transfers@v1.2.3", "ghcr.io/acme/store@v2")
}
