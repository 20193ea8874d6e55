package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/flowc-dev/flowc"

// imports is the table of who may import what. A row covers a package and all
// below it, unless a longer row does. What it may import is a package of this
// module ("ir" is that package alone, "ir/..." also those below) or a module of
// others; the standard library is free, with the exceptions of [std]. A row may
// always import what lies in the same row.
var imports = []struct {
	pkg string
	may []string
	why string
}{
	{"cmd/flowc", []string{"compiler/driver", "compiler/analyze", "compiler/schema", "compiler/infer", "compiler/edit", "compiler/plan", "backends/...", "ir/...", "runtime/component/judge", "runtime/control/...", "runtime/fresh", "runtime/sandbox", "github.com/alecthomas/kong"}, "flags, one call, print: commands see the compiler's entry points, and kong nobody else"},
	{"cmd/flowc/internal/fromflowctl", []string{"github.com/goccy/go-yaml", "github.com/google/go-containerregistry", "github.com/hashicorp/nomad/api"}, "it starts flowc as users do, reads what it wrote, and links nothing of it"},
	{"cmd/flowc/internal/harm", nil, "it is copied into programs whose runtime is harmed, and stands on the standard library alone"},
	{"cmd/flowc/internal/mutants", nil, "it changes the runtime as text, and runs its tests"},
	{"cmd/flowc/internal/oracle", nil, "it judges what the compiler and the runtime do, so it shares nothing with them"},

	{"compiler/parse", []string{"ir/diag", "ir/source", "github.com/goccy/go-yaml", "cuelang.org/go"}, "the one file of goccy's positions lies here, and a .cue file is read with CUE's own parser"},
	{"compiler/schema", []string{"compiler/parse", "ir/diag", "ir/source", "cuelang.org/go"}, "the owner of CUE: backends hand it the schema of their options as text"},
	{"compiler/syntax", []string{"compiler/parse", "ir", "ir/source"}, "the tree that both spellings have in common; values with their origins are the IR's from here on"},
	{"compiler/flowctl", []string{"compiler/parse", "ir/diag", "ir/source"}, "trees of one spelling become trees of another: it reads no file, and gives nothing a meaning"},
	{"compiler/dialect", []string{"compiler/flowctl", "compiler/parse", "compiler/schema", "compiler/syntax", "ir/...", "runtime/catalog"}, "spelling, not meaning: no types, no graph, no Go"},
	{"compiler/lower", []string{"compiler/check/...", "compiler/parse", "compiler/schema", "compiler/syntax", "ir/...", "runtime/catalog"}, "names, edges and defaults become the program, with the checker's answers in it"},
	{"compiler/check", []string{"ir/...", "golang.org/x/tools"}, "the owner of go/types and x/tools; it sees text and types, and no YAML"},
	{"compiler/analyze", []string{"compiler/passes", "ir/...", "runtime/catalog"}, "it annotates a program that exists; how it came to be is hidden from it"},
	{"compiler/cut", []string{"compiler/analyze", "ir/...", "runtime/catalog"}, "it divides a program that was checked; what a writer does again after a crash is known to analyze"},
	{"compiler/passes", []string{"ir", "runtime/catalog"}, "a pass reports nothing to users, so it needs no diagnostics"},
	{"compiler/plan", []string{"ir", "runtime/catalog"}, "arithmetic over a program that the passes have run on: it measures nothing, and sees no text"},
	{"compiler/edit", []string{"compiler/parse", "ir/diag", "ir/source"}, "it changes bytes of a text, so it sees the text and where things stand in it"},
	{"compiler/infer", []string{"compiler/lower", "ir/...", "runtime/codec/...", "runtime/decimal"}, "samples are read by the codecs that will read the data, and fields named as they will be"},
	{"compiler/migrate", []string{"compiler/dialect", "compiler/flowctl", "compiler/parse", "ir/diag", "ir/source"}, "a text becomes another text: it sees spellings, and no meaning"},
	{"compiler/services", []string{"compiler/flowctl", "compiler/parse", "ir/diag", "ir/source", "runtime/sandbox"}, "a file of services is no pipeline: what stands in it is read, and nothing of it is lowered"},
	{"compiler/driver", []string{"compiler/...", "ir/...", "runtime/catalog", "runtime/sandbox"}, "the one entry puts the phases together"},

	{"ir", nil, "everything stands on it, so it stands on nothing"},

	{"backends", []string{"ir/..."}, "the seam: a program and its options go in, files come out"},
	{"backends/components", []string{"backends/golang/build", "backends/oci", "backends/oci/live", "ir/lock"}, "it brings what references name, from registries and modules: it sees a lock, and no program"},
	{"backends/compose", []string{"backends", "backends/manifest", "ir/...", "runtime/catalog"}, "words of Compose for what the manifest knows; its YAML is the manifest's"},
	{"backends/compose/live", []string{"backends/compose", "backends/deploy", "backends/oci/live"}, "it applies a project, and reads what became of it"},
	{"backends/deploy", nil, "how a release is brought to an engine, whatever engine that is: it sees no program, and no network"},
	{"backends/gocode", []string{"backends", "ir/...", "runtime/catalog", "github.com/dave/jennifer"}, "Go text for every backend that produces Go"},
	{"backends/golang", []string{"backends", "backends/gocode", "ir/...", "runtime", "runtime/catalog", "github.com/dave/jennifer"}, "the program around it, and the slice of the runtime, from its source"},
	{"backends/golang/build", []string{"backends"}, "the one place that runs go build sees files and no program"},
	{"backends/golang/profile", []string{"backends", "ir"}, "it reads profiles of programs that were emitted, and runs none"},
	{"backends/manifest", []string{"backends", "ir/...", "runtime/catalog", "github.com/goccy/go-yaml"}, "what a deployment must know of a program, the same for every target; its YAML is goccy's"},
	{"backends/local", []string{"backends", "backends/manifest", "ir/...", "runtime/catalog"}, "units of systemd are text"},
	{"backends/local/alive", nil, "it knows processes by number and birth, and starts none"},
	{"backends/local/attend", []string{"backends/deploy", "backends/local/runs", "runtime/control", "runtime/control/client", "runtime/proto"}, "what runs here, told to a control plane"},
	{"backends/local/logfile", []string{"backends/deploy"}, "lines in files, for whoever writes or reads them"},
	{"backends/local/programs", nil, "it keeps files, and knows nothing of what they do"},
	{"backends/local/runs", []string{"backends/deploy", "backends/local/alive", "backends/local/live", "backends/local/logfile"}, "what was started in a terminal, for those who look from another one"},
	{"backends/local/systemd", []string{"backends", "backends/deploy", "backends/local/programs"}, "it has systemd run units, and asks it how they do"},
	{"backends/local/supervisor", []string{"backends/deploy", "backends/local", "backends/local/alive", "backends/local/live", "backends/local/logfile", "backends/local/programs"}, "it leaves groups of processes behind, and reads how they do"},
	{"backends/local/machinetest", nil, "it boots a systemd for tests, and knows nothing of pipelines"},
	{"backends/local/live", nil, "it runs processes, and knows nothing of what they do"},
	{"backends/nomad", []string{"backends", "backends/manifest", "ir/...", "runtime/catalog", "github.com/hashicorp/nomad/api", "github.com/hashicorp/cronexpr"}, "a job of Nomad's own types"},
	{"backends/nomad/live", []string{"backends/deploy", "backends/nomad", "backends/oci", "backends/oci/live", "github.com/hashicorp/nomad/api"}, "it applies jobs with Nomad's own client, and reads what became of them"},
	{"backends/kubernetes", []string{"backends", "backends/manifest", "ir/...", "runtime/catalog", "github.com/goccy/go-yaml", "k8s.io/api", "k8s.io/apimachinery", "sigs.k8s.io/json"}, "objects as the typed structs of Kubernetes, and overlays merged by its own code"},
	{"backends/kubernetes/live", []string{"backends/kubernetes", "backends/deploy", "k8s.io/api", "k8s.io/apimachinery", "k8s.io/client-go/rest", "k8s.io/client-go/tools/clientcmd"}, "it applies objects, and reads what became of them; of client-go it has the login alone (docs/adr/0021)"},
	{"backends/sandbox", []string{"backends/gocode", "ir/...", "runtime/sandbox"}, "what a program needs of others, and which variable tells it where that is: it starts nothing"},
	{"backends/gotypes", []string{"backends", "backends/gocode", "backends/golang", "ir/..."}, "event types as a package are a part of what the Go backend emits"},

	{"backends/oci", []string{"github.com/google/go-containerregistry", "github.com/CycloneDX/cyclonedx-go", "golang.org/x/crypto/x509roots/fallback", "github.com/klauspost/compress"}, "images and bills of materials of bytes: it sees binaries, and no program (layers of others may be in zstd)"},
	{"backends/oci/live", []string{"backends/oci", "github.com/google/go-containerregistry"}, "what talks to registries and engines for it"},
	{"backends/oci/dockertest", nil, "it starts an engine for tests, and knows nothing of images"},
	{"backends/oci/ocitest", []string{"backends/oci"}, "programs for tests of images"},

	{"runtime", nil, "its source is embedded here; nothing is linked"},
	{"runtime/catalog", nil, "data alone: the compiler may know connectors without linking one"},
	{"runtime/catalog/gen", []string{"runtime/catalog"}, "it reads the connectors' source as text"},
	{"runtime/flow", nil, "the core of each generated program: the standard library alone"},
	{"runtime/fresh", nil, "values of files that change, for whoever needs them: the standard library alone"},
	{"runtime/decimal", nil, "exact numbers, of use without all the rest"},
	{"runtime/broker", []string{"github.com/nats-io/nats-server/v2"}, "a program of its own that trials build: neither flowc nor a pipeline links it"},
	{"runtime/sandbox", []string{"runtime/supervise"}, "it serves a plan, whose files the command reads: of the servers it knows that they start and stop"},
	{"runtime/sandbox/kafka", []string{"runtime/sandbox", "github.com/twmb/franz-go"}, "a program of its own has it, with the servers that a sandbox needs: neither flowc nor a pipeline links them"},
	{"runtime/sandbox/nats", []string{"runtime/sandbox", "github.com/nats-io/nats-server/v2", "github.com/nats-io/nats.go"}, "as Kafka's"},
	{"runtime/sandbox/postgres", []string{"runtime/connect", "runtime/connect/postgres", "runtime/connect/table", "runtime/sandbox", "runtime/supervise", "github.com/jackc/pgx/v5"}, "it runs the machine's PostgreSQL, and makes what is to be in it"},
	{"runtime/sandbox/redis", []string{"runtime/sandbox", "github.com/alicebob/miniredis/v2"}, "as Kafka's"},
	{"runtime/sandbox/s3", []string{"runtime/sandbox"}, "the API of S3 over a folder: the standard library has all that it takes"},
	{"runtime/codec", []string{"runtime/decimal"}, "formats know bytes and values, not batches or acks"},
	{"runtime/codec/parquet", []string{"runtime/connect", "runtime/codec/...", "runtime/decimal", "github.com/parquet-go/parquet-go"}, "Parquet is not of the standard library; programs without a Parquet file do not link it"},
	{"runtime/codec/zstd", []string{"github.com/klauspost/compress"}, "the one format that the standard library lacks; programs without a zstd file do not link it"},
	{"runtime/connect", []string{"runtime/fresh", "runtime/flow", "runtime/codec/...", "runtime/decimal"}, "a program links the connectors that it uses, and what those need"},
	{"runtime/connect/edge", []string{"runtime/codec/envelope", "runtime/connect", "runtime/connect/messages", "runtime/flow"}, "what carriers of edges between processes have in common"},
	{"runtime/connect/kafka", []string{"runtime/fresh", "runtime/connect", "runtime/connect/edge", "runtime/connect/messages", "runtime/connect/secure", "runtime/flow", "github.com/twmb/franz-go"}, "the client library of Kafka comes with the programs that use it"},
	{"runtime/connect/nats", []string{"runtime/fresh", "runtime/connect", "runtime/connect/edge", "runtime/connect/messages", "runtime/connect/secure", "runtime/flow", "github.com/nats-io/nats.go"}, "the client library of NATS comes with the programs that use it"},
	{"runtime/connect/postgres", []string{"runtime/fresh", "runtime/flow", "runtime/codec/...", "runtime/decimal", "runtime/connect", "runtime/connect/table", "github.com/jackc/pgx/v5"}, "the protocol of PostgreSQL; of pgx only the connection is used"},
	{"runtime/connect/sqlite", []string{"runtime/flow", "runtime/codec/...", "runtime/decimal", "runtime/connect", "runtime/connect/table", "modernc.org/sqlite"}, "SQLite in Go: a program without a database does not link it"},
	{"runtime/connect/component", []string{"runtime/connect", "runtime/connect/foreign", "runtime/connect/messages", "runtime/control", "runtime/flow", "runtime/proto", "runtime/supervise", "google.golang.org/grpc", "google.golang.org/protobuf"}, "components that speak flowctl.v1: a program without one links no gRPC"},
	{"runtime/component", []string{"runtime/proto", "google.golang.org/grpc", "google.golang.org/protobuf"}, "what a component in Go is made with: it sees the protocols, and nothing of pipelines"},
	{"runtime/component/judge", []string{"runtime/control", "runtime/proto", "runtime/supervise", "google.golang.org/grpc", "google.golang.org/protobuf"}, "it judges components by the protocols, and sees nothing of how ours are made or talked to"},
	{"runtime/connect/foreign", []string{"runtime/connect/messages", "runtime/flow", "runtime/supervise"}, "what components in processes have in common, whatever they speak"},
	{"runtime/control", []string{"runtime/proto", "google.golang.org/grpc", "google.golang.org/protobuf"}, "the control plane: who is there, and how they do"},
	{"runtime/control/boltstore", []string{"runtime/control", "runtime/proto", "go.etcd.io/bbolt", "google.golang.org/protobuf"}, "what a control plane knows, in a file: programs that embed one keep nothing, and link no bbolt"},
	{"runtime/control/client", []string{"runtime/proto", "google.golang.org/grpc"}, "who speaks to a control plane from outside"},
	{"runtime/control/server", []string{"runtime/control", "runtime/fresh", "runtime/proto", "google.golang.org/grpc"}, "a control plane that stands by itself, with all that listens around it"},
	{"runtime/connect/lines", []string{"runtime/connect", "runtime/connect/blocks", "runtime/connect/foreign", "runtime/flow", "runtime/supervise"}, "components that read and write lines: processes, and no protocol"},
	{"runtime/proto", []string{"google.golang.org/grpc", "google.golang.org/protobuf"}, "generated from flowctl.proto and flowc.proto"},
	{"runtime/shares", []string{"runtime/flow"}, "who of several hosts holds what: a protocol over one cell, which starts nothing"},
	{"runtime/jobs", []string{"runtime/connect/foreign", "runtime/flow", "runtime/supervise"}, "whole programs around the engine: it starts them, and knows nothing of records"},
	{"runtime/parts", nil, "what a program has beside itself, for those who start it and those who show it: the standard library alone"},
	{"runtime/supervise", []string{"runtime/parts"}, "it runs processes, and knows nothing of what they do"},
	{"runtime/flowtest", []string{"runtime/flow"}, "it judges the engine and the connectors by what they promise, so it sees their interfaces and nothing behind them"},
	{"runtime/program", []string{"runtime/flow", "runtime/fresh", "runtime/parts", "runtime/shares"}, "flags, signals and exit codes around the engine; which connectors there are is generated"},
}

// testServers are modules that run a server in the process of a test. Nothing
// that is built links them.
var testServers = []string{"github.com/nats-io/nats-server/v2", "github.com/twmb/franz-go/pkg/kfake"}

// std are packages, most of the standard library, that only some may use.
var std = []struct {
	pkg string
	who []string
	why string
}{
	{"os/exec", []string{"backends/compose/live", "backends/golang/build", "backends/local/alive", "backends/local/live", "backends/local/machinetest", "backends/local/supervisor", "backends/local/systemd", "backends/oci/dockertest", "backends/oci/ocitest", "compiler/check", "cmd/flowc", "runtime/catalog/gen", "runtime/connect/postgres/pgtest", "runtime/flowtest", "runtime/program", "runtime/sandbox", "runtime/supervise"}, "only these start a process: the go command and the built program, the user's Docker Compose, a database, an engine or a machine for tests, the processes of a group, those of components, and a host those of its parts"},
	{"net/http", []string{"backends/compose/live", "backends/kubernetes/live", "backends/nomad/live", "backends/oci/live", "runtime/component", "runtime/connect/component", "runtime/connect/http", "runtime/control/server", "runtime/program", "runtime/sandbox/s3"}, "the compiler needs no network, and no program that does not ask for it"},
	{"github.com/google/go-containerregistry/pkg/v1/remote", []string{"backends/oci/live"}, "making an image needs no network"},
	{"text/template", nil, "Go is generated by jennifer from quoted text; templates decide things"},
	{"reflect", []string{"backends/kubernetes", "backends/nomad", "compiler", "runtime/catalog/gen", "runtime/proto"}, "types are known when a program is compiled; nothing discovers them at run time (Nomad's own say which of their fields nobody set, and what protoc makes sees its own)"},
}

// modules are all that cmd/flowc links. Each costs the first minute of whoever
// clones the repository, so a new one is a decision that shows in a review. Ten
// of them are for images (2.5 MB, docs/adr/0018): the registry client, its way to
// what `docker login` has stored, the certificates, and CycloneDX. Six are for the login
// to a cluster (1.6 MB, docs/adr/0021), and three for the control plane (2.6 MB, docs/adr/0026).
var modules = []string{
	"cuelang.org/go",
	"github.com/CycloneDX/cyclonedx-go",
	"github.com/alecthomas/kong",
	"github.com/cockroachdb/apd/v3",
	"github.com/dave/jennifer",
	"github.com/davecgh/go-spew",
	"github.com/docker/cli",
	"github.com/docker/docker-credential-helpers",
	"github.com/emicklei/proto",
	"github.com/fxamacker/cbor/v2",
	"github.com/go-logr/logr",
	"github.com/go-openapi/jsonpointer",
	"github.com/go-openapi/jsonreference",
	"github.com/go-openapi/swag",
	"github.com/go-openapi/swag/cmdutils",
	"github.com/go-openapi/swag/conv",
	"github.com/go-openapi/swag/fileutils",
	"github.com/go-openapi/swag/jsonutils",
	"github.com/go-openapi/swag/loading",
	"github.com/go-openapi/swag/mangling",
	"github.com/go-openapi/swag/netutils",
	"github.com/go-openapi/swag/pools",
	"github.com/go-openapi/swag/stringutils",
	"github.com/go-openapi/swag/typeutils",
	"github.com/go-openapi/swag/yamlutils",
	"github.com/go-viper/mapstructure/v2",
	"github.com/goccy/go-yaml",
	"github.com/google/gnostic-models",
	"github.com/google/go-containerregistry",
	"github.com/google/uuid",
	"github.com/gorilla/websocket",
	"github.com/hashicorp/cronexpr",
	"github.com/hashicorp/go-cleanhttp",
	"github.com/hashicorp/go-rootcerts",
	"github.com/hashicorp/nomad/api",
	"github.com/json-iterator/go",
	"github.com/klauspost/compress",
	"github.com/mitchellh/go-wordwrap",
	"github.com/modern-go/concurrent",
	"github.com/modern-go/reflect2",
	"github.com/munnerz/goautoneg",
	"github.com/opencontainers/go-digest",
	"github.com/opencontainers/image-spec",
	"github.com/pelletier/go-toml/v2",
	"github.com/protocolbuffers/txtpbfmt",
	"github.com/sirupsen/logrus",
	"github.com/spf13/pflag",
	"github.com/x448/float16",
	"go.etcd.io/bbolt",
	"go.yaml.in/yaml/v2",
	"go.yaml.in/yaml/v3",
	"golang.org/x/crypto/x509roots/fallback",
	"golang.org/x/mod",
	"golang.org/x/net",
	"golang.org/x/oauth2",
	"golang.org/x/sync",
	"golang.org/x/sys",
	"golang.org/x/term",
	"golang.org/x/text",
	"golang.org/x/time",
	"golang.org/x/tools",
	"google.golang.org/genproto/googleapis/rpc",
	"google.golang.org/grpc",
	"google.golang.org/protobuf",
	"gopkg.in/inf.v0",
	"k8s.io/api",
	"k8s.io/apimachinery",
	"k8s.io/client-go",
	"k8s.io/klog/v2",
	"k8s.io/kube-openapi",
	"k8s.io/utils",
	"sigs.k8s.io/json",
	"sigs.k8s.io/randfill",
	"sigs.k8s.io/structured-merge-diff/v6",
	"sigs.k8s.io/yaml",
}

// maxBinary is the size that the stripped command may have; CUE is 16 MB of it, and
// the types of Kubernetes with their merge 11 MB, and the control plane's server 2.6 MB.
const maxBinary = 52 << 20

// A listed package is what `go list` says of one.
type listed struct {
	ImportPath string
	Standard   bool
	Imports    []string
	TestImports,
	XTestImports []string
	Module *struct{ Path string }
}

func goList(t *testing.T, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Standard,Imports,TestImports,XTestImports,Module"}, args...)...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// root is the repository, seen from this package.
var root = filepath.Join("..", "..")

// short is a package's path inside this module.
func short(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

func TestImports(t *testing.T) {
	used := make([]bool, len(imports))
	for _, p := range goList(t, "./...") {
		if strings.HasPrefix(p.ImportPath, module+"/examples/") {
			continue // they show how others use flowc
		}
		row := rowOf(short(p.ImportPath))
		if row < 0 {
			t.Errorf("%s is in no row of the table", p.ImportPath)
			continue
		}
		used[row] = true
		for _, to := range p.Imports {
			if err := allowed(row, to); err != nil {
				t.Errorf("%s: %v", p.ImportPath, err)
			}
			for _, s := range std {
				if to == s.pkg && !slices.ContainsFunc(s.who, func(who string) bool { return within(short(p.ImportPath), who) }) {
					t.Errorf("%s may not import %s: %s", p.ImportPath, to, s.why)
				}
			}
		}
		if strings.HasPrefix(short(p.ImportPath), "runtime/") {
			for _, to := range slices.Concat(p.TestImports, p.XTestImports) {
				if !within(to, module+"/runtime") && isModule(to) && allowed(row, to) != nil && !slices.ContainsFunc(testServers, func(m string) bool { return within(to, m) }) {
					t.Errorf("a test of %s imports %s: the runtime is copied, so it is tested, without the modules of others", p.ImportPath, to)
				}
			}
		}
	}
	for i, row := range imports {
		if !used[i] {
			t.Errorf("the table has a row for %s, and there is no such package", row.pkg)
		}
	}
}

// rowOf finds the longest row that covers a package, -1 for none.
func rowOf(pkg string) int {
	best := -1
	for i, row := range imports {
		if within(pkg, row.pkg) && (best < 0 || len(row.pkg) > len(imports[best].pkg)) {
			best = i
		}
	}
	return best
}

func within(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

// isModule tells import paths of modules from those of the standard library.
func isModule(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

func allowed(row int, to string) error {
	if !isModule(to) {
		return nil
	}
	r := imports[row]
	own := within(to, module)
	if own && rowOf(short(to)) == row {
		return nil
	}
	for _, may := range r.may {
		dir, below := strings.CutSuffix(may, "/...")
		switch {
		case !own && within(to, may):
			return nil
		case own && (short(to) == dir || below && within(short(to), dir)):
			return nil
		}
	}
	return fmt.Errorf("may not import %s: %s", to, r.why)
}

// TestImportTable keeps the table itself from meaning less than it says.
func TestImportTable(t *testing.T) {
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"compiler/lower", "backends/gocode", false},
		{"compiler/driver", "backends", false},
		{"backends/gocode", "compiler/driver", false},
		{"backends/gotypes", "backends/golang/build", false},
		{"runtime/flow", "runtime/codec", false},
		{"runtime/connect/log", "ir", false},
		{"runtime/flow", "github.com/klauspost/compress/zstd", false},
		{"ir/diag", "compiler/parse", false},
		{"ir", "ir/source", true},
		{"compiler/lower", "ir/diag", true},
		{"compiler/passes", "ir/diag", false},
		{"backends/oci", "backends/golang", false},
		{"backends/deploy", "backends/compose", false},
		{"backends/compose", "backends/compose/live", false},
		{"backends/oci", "ir", false},
		{"backends/golang", "backends/oci", false},
		{"cmd/flowc/internal/oracle", "runtime/decimal", false},
		{"cmd/flowc", "cmd/flowc/internal/oracle", false},
		{"runtime/flow", "os", true},
	} {
		to := c.to
		if !isModule(to) && to != "os" {
			to = module + "/" + to
		}
		if err := allowed(rowOf(c.from), to); (err == nil) != c.ok {
			t.Errorf("%s -> %s: %v", c.from, c.to, err)
		}
	}
}

// TestLinked holds what the command links: no connector, nothing of what runs
// in a built program, and no module that is not in the list.
func TestLinked(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range goList(t, "-deps", "./cmd/flowc") {
		if p.Standard || p.Module == nil {
			continue
		}
		if p.Module.Path != module {
			seen[p.Module.Path] = true
			continue
		}
		switch s := short(p.ImportPath); {
		case s == "runtime", s == "runtime/catalog":
		case within(s, "runtime/codec"), s == "runtime/decimal": // infer reads samples
		case within(s, "runtime/control"), s == "runtime/proto", s == "runtime/fresh": // flowc server
		case s == "runtime/component/judge": // flowc component test
		case s == "runtime/sandbox", s == "runtime/supervise", s == "runtime/parts": // flowc sandbox: plans, and what is left of them
		case within(s, "runtime"):
			t.Errorf("flowc links %s: it belongs in built programs alone", p.ImportPath)
		}
	}
	for m := range seen {
		if !slices.Contains(modules, m) {
			t.Errorf("flowc links the module %s, which is not in the list of %d", m, len(modules))
		}
	}
	for _, m := range modules {
		if !seen[m] {
			t.Errorf("the list has %s, and flowc does not link it", m)
		}
	}
}

func TestBinarySize(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("links the command")
	}
	out := filepath.Join(t.TempDir(), "flowc")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxBinary {
		t.Errorf("flowc has %.1f MB, more than its budget of %d MB", float64(info.Size())/(1<<20), maxBinary>>20)
	}
}

// TestGoMod keeps `go install module@version` working, which refuses a module
// that has a replace.
func TestGoMod(t *testing.T) {
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Module           struct{ Path string }
		Replace, Exclude []any
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	if mod.Module.Path != module {
		t.Errorf("the module is called %s", mod.Module.Path)
	}
	if len(mod.Replace) > 0 || len(mod.Exclude) > 0 {
		t.Errorf("go.mod has a replace or an exclude: %v %v", mod.Replace, mod.Exclude)
	}
}
