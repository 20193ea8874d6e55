package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/oci/dockertest"
)

// A shipment is what a pipeline of components is deployed from: a registry in this process,
// with a source in it, and a module proxy of files, with a processor in Go.
type shipment struct {
	t    *testing.T
	env  []string
	want []string // what the pipeline writes on this machine
}

// stampMain is the program of the processor: it answers each line with another one.
const stampMain = `package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

func main() {
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(strings.Replace(in.Text(), "n ", "stamped ", 1))
	}
}
`

// shipped is the pipeline: odd numbers of the source, stamped. more are further arguments of
// the source; without them it ends.
func shipped(more string) string {
	return `pipeline: shipped
types: {N: {n: int64, text: string}}
sources:
  numbers: {type: acme/numbers@v1, args: [source, --count, "300"` + more + `], gives: test.number.v1, out: N}
processors:
  odd: {from: numbers, filter: in.N % 2 == 1}
  stamped: {from: odd, go: example.com/parts/cmd/stamp@v1.0.0, protocol: ndjson, out: N}
sinks:
  out: {from: stamped, use: file, config: {path: out/odd.ndjson}}
`
}

// newShipment publishes the components, and runs the pipeline here, in a folder which then
// has the lock; cache is flowc's.
func newShipment(t *testing.T, dir, cache string) *shipment {
	t.Helper()
	s := &shipment{t: t}
	proxy := t.TempDir()
	s.release(proxy, "example.com/parts", "v1.0.0", map[string]string{
		"go.mod": "module example.com/parts\n\ngo 1.24\n", "cmd/stamp/main.go": stampMain, "cmd/stamp/metadata.json": `{"name": "stamp", "type": "processor"}`,
	})
	parent := os.Getenv("GOPROXY")
	if parent == "" {
		parent = "https://proxy.golang.org,direct"
	}
	s.env = []string{"FLOWC_REGISTRY=" + newRegistry(t), "CI=", "GOPROXY=file://" + proxy + "," + parent, "GONOSUMDB=example.com"}
	from := t.TempDir()
	standinBinary(t, from)
	writeFile(t, filepath.Join(from, "metadata.json"), `{"name": "numbers", "version": "v1.0.0", "type": "source", "produces": ["test.number.v1"]}`)
	s.flowc(from, cache, "components", "publish", "acme/numbers@v1", "--binary", "standin")

	writeFile(t, filepath.Join(dir, "pipeline.yaml"), shipped(""))
	s.flowc(dir, cache, "run")
	out := filepath.Join(dir, "out")
	if s.want = linesOf(t, filepath.Join(out, "odd.ndjson")); len(s.want) != 150 || s.want[1] != `{"n":3, "text":"stamped 3"}` {
		t.Fatalf("here it writes %d lines: %q", len(s.want), s.want)
	}
	for _, left := range []string{out, filepath.Join(dir, ".flowc")} {
		if err := os.RemoveAll(left); err != nil {
			t.Fatal(err)
		}
	}
	s.env = append(s.env, "FLOWC_FROZEN=1") // from now on the lock decides
	return s
}

// release puts a version of a module into the proxy.
func (s *shipment) release(proxy, module, version string, files map[string]string) {
	s.t.Helper()
	at := filepath.Join(proxy, module, "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		s.t.Fatal(err)
	}
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for name, text := range files {
		w, err := z.Create(module + "@" + version + "/" + name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		s.t.Fatal(err)
	}
	writeFile(s.t, filepath.Join(at, "list"), version+"\n")
	writeFile(s.t, filepath.Join(at, version+".info"), `{"Version": "`+version+`", "Time": "2024-01-01T00:00:00Z"}`)
	writeFile(s.t, filepath.Join(at, version+".mod"), files["go.mod"])
	writeFile(s.t, filepath.Join(at, version+".zip"), archive.String())
}

func (s *shipment) flowc(dir, cache string, args ...string) {
	s.t.Helper()
	if _, _, code := commanded(s.t, dir, append([]string{"FLOWC_CACHE=" + cache}, s.env...), args...); code != exitOK {
		s.t.Fatalf("flowc %s: exit code %d", strings.Join(args, " "), code)
	}
}

// arrives waits until a deployed pipeline has written what it writes here.
func (s *shipment) arrives(file string) {
	s.t.Helper()
	eventually(s.t, "all records", func() bool { return len(linesOf(s.t, file)) >= len(s.want) })
	if got := linesOf(s.t, file); !slices.Equal(got, s.want) {
		s.t.Errorf("it wrote %d lines, and %d here: %q", len(got), len(s.want), got)
	}
}

// pulled fails the test where no container is of the component's own image.
func (s *shipment) pulled(e *dockertest.Engine) {
	s.t.Helper()
	images := strings.Fields(e.Docker(append([]string{"inspect", "--format", "{{.Image}}"}, strings.Fields(e.Docker("ps", "-q"))...)...))
	if names := e.Docker(append([]string{"image", "inspect", "--format", "{{.RepoDigests}}"}, images...)...); !strings.Contains(names, "/acme/numbers@sha256:") {
		s.t.Errorf("the containers are of the images %q", names)
	}
}

// Applied to Compose, the component of a registry is a service of its own image, which the
// engine pulls by its digest, and the one in Go is in the image of the program.
func TestComposeBrought(t *testing.T) {
	p := newApplied(t)
	s := newShipment(t, p.dir, compilerCache)
	p.env = append(p.env, s.env...)
	writeFile(t, filepath.Join(p.dir, "pipeline.yaml"), shipped(", --endless"))
	said, _ := p.flowc(exitOK, "apply", "--target", "compose", "--yes")
	p.says(said, "shipped-numbers", "applied")
	s.arrives(filepath.Join(p.engine.Volume("shipped_shipped-data"), "out/odd.ndjson"))
	s.pulled(p.engine)
	said, _ = p.flowc(exitOK, "apply", "--target", "compose", "--yes")
	p.says(said, "unchanged")
	p.flowc(exitOK, "delete", "shipped", "--target", "compose", "--state", "--yes")
	for _, what := range [][]string{{"ps", "-aq"}, {"volume", "ls", "-q"}, {"network", "ls", "-q", "--filter", "type=custom"}} {
		if left := p.engine.Docker(what...); left != "" {
			t.Errorf("%v is left: %s", what, left)
		}
	}
}

// Applied to Kubernetes, it is a sidecar of its own image, under restricted Pod Security.
func kubernetesBrought(t *testing.T, c *kubeCluster) {
	a := c.app(t, shipped(""), "")
	s := newShipment(t, a.folder, compilerCache)
	for _, e := range s.env {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	out := filepath.Join(a.volume("shipped-data", "storageClassName: folders"), "out/odd.ndjson")
	a.write(shipped(", --endless"), fmt.Sprintf("namespace: shipped, image: %s/shipped", c.registry(t)))
	says(t, a.applies(exitOK, "--yes", "--platform", "linux/amd64"), "shipped/shipped: applied, ready")
	s.arrives(out)
	if image := a.get("pod/shipped-0", ".spec.initContainers[0].image"); !strings.Contains(image, "/acme/numbers@sha256:") {
		t.Errorf("the sidecar is of the image %q", image)
	}
	says(t, a.applies(exitOK, "--yes", "--platform", "linux/amd64"), ": unchanged, ready")
	a.deleted()
}

// Applied to Nomad, it is a task of its own image.
func TestNomadBrought(t *testing.T) {
	a := newNomadAt(t, "docker0", true, "shipped").applied("shipped")
	s := newShipment(t, a.dir, compilerCache)
	a.env = append(a.env, s.env...)
	a.write(shipped(", --endless"), "storage: {volume: shipped}")
	said, _ := a.flowc(exitOK, "apply", "--yes")
	a.says(said, "shipped: applied, ready")
	s.arrives(filepath.Join(a.volume("shipped"), "out/odd.ndjson"))
	s.pulled(a.engine)
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "shipped: unchanged, ready")
	a.flowc(exitOK, "delete", "--yes")
	a.until("no container is left", func() bool { return a.engine.Docker("ps", "-q") == "" })
}

// Without containers a client of Nomad has the components beside the program: where somebody
// has put them, or in the archive that it downloads.
func TestNomadBroughtBinary(t *testing.T) {
	c := newNomad(t, false)
	for way, options := range map[string]func(bin string) string{
		"path": func(bin string) string { return fmt.Sprintf("{path: %q}", filepath.Join(bin, "shipped")) },
		"archive": func(bin string) string {
			archive := filepath.Join(t.TempDir(), "shipped.tar.gz")
			if text, err := exec.Command("tar", "-C", bin, "-czf", archive, ".").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			data, err := os.ReadFile(archive)
			if err != nil {
				t.Fatal(err)
			}
			files := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(archive))))
			t.Cleanup(files.Close)
			return fmt.Sprintf(`{url: "%s/shipped.tar.gz", checksum: "sha256:%x"}`, files.URL, sha256.Sum256(data))
		},
	} {
		t.Log(way)
		a := c.applied("shipped")
		s := newShipment(t, a.dir, compilerCache)
		a.env = append(a.env, s.env...)
		bin, work := t.TempDir(), t.TempDir()
		a.flowc(exitOK, "build", "-o", bin)
		a.write(shipped(""), fmt.Sprintf("driver: raw_exec, as: batch, work_dir: %q, binary: %s", work, options(bin)))
		said, _ := a.flowc(exitOK, "apply", "--yes")
		a.says(said, "shipped: applied")
		s.arrives(filepath.Join(work, "out/odd.ndjson"))
		a.flowc(exitOK, "delete", "--yes")
		a.left()
	}
}

// Applied to a machine, the programs of components are installed with the program: by the
// supervisor of flowc's.
func TestLocalBrought(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	s := newShipment(t, m.dir, compilerCache)
	m.env = s.env
	writeFile(t, filepath.Join(m.dir, "pipeline.yaml"), shipped(", --endless"))
	apply := []string{"apply", "--target", "local", "--yes"}
	m.flowc(0, apply, "applied, ready")
	s.arrives(filepath.Join(m.base, "shipped", "data", "out", "odd.ndjson"))
	m.flowc(0, apply, "unchanged")
	m.flowc(0, []string{"delete", "shipped", "--target", "local", "--yes", "--state"})
	if left, err := os.ReadDir(m.base); err != nil || slices.ContainsFunc(left, func(e os.DirEntry) bool { return strings.Contains(e.Name(), "shipped") }) {
		t.Errorf("left are %v %v", left, err)
	}
}

// And by systemd, on a machine without a network: what ran once is in flowc's cache.
func TestMachineBrought(t *testing.T) {
	a := newBooted(t, nil).applied("shipped")
	here, cache := t.TempDir(), t.TempDir()
	s := newShipment(t, here, cache)
	for from, to := range map[string]string{here: a.dir(), cache: filepath.Join(a.dir(), "cache")} {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	a.Run("cp", "-r", a.there()+"/cache", "/tmp/cache") // which is then its own
	a.env = []string{"FLOWC_CACHE=/tmp/cache", "FLOWC_FROZEN=1"}
	a.write(shipped(", --endless"), "")
	said, _ := a.flowc(exitOK, "apply", "--yes")
	a.says(said, "shipped: applied, ready")
	s.arrives(a.file("out/odd.ndjson"))
	said, _ = a.flowc(exitOK, "apply", "--yes")
	a.says(said, "shipped: unchanged, ready")
	a.flowc(exitOK, "delete", "--state", "--yes")
	a.nothing()
}
