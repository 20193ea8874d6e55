package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/cmd/flowc/internal/oracle"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/codec/zstd"
)

// scaledCases is how many random pipelines an ordinary test run cuts.
const scaledCases = 12

// A cutCase is a random pipeline, whole and cut at random edges.
type cutCase struct {
	*oracle.Case
	scale  map[string]driver.Scale
	pieces []*ir.Piece
	// kafka tells that Kafka carries the records, and not NATS.
	kafka bool
	// dead are the files of dead letters: what stands in them says where a record was.
	dead   []string
	steady bool
	// refused tells that a record had a value that JSON has no form for, and could not cross
	// an edge: docs/language.md has that as a limit, and in one process nobody meets it.
	refused bool
}

// Random pipelines, cut at random edges, write what they write in one process, also
// where their processes are killed. FLOWC_RANDOM and FLOWC_SEED are as for
// TestRandomPipelines, which holds the pipelines in one process against the oracle.
func TestRandomScaled(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs programs")
	}
	t.Parallel()
	count, seed := number(t, "FLOWC_RANDOM", scaledCases), number(t, "FLOWC_SEED", 1)
	f := newFarm(t)
	b := &edgeBrokers{t: t, nats: newNATSServer(t), kafka: newKafkaCluster(t)}
	var all []backends.File
	cases, edges, overKafka, elastic := map[string]*cutCase{}, 0, 0, 0
	for n := seed; n < seed+count; n++ {
		c := oracle.New(n)
		if c.Stops() {
			continue // how far it gets is chance
		}
		for _, file := range c.Code() {
			all = append(all, backends.File{Path: packageOf(int(n)) + "/" + file.Path, Data: file.Bytes()})
		}
		(&batch{f: f, dir: f.dir}).write(append(all, backends.File{Path: "go.mod", Data: []byte("module " + farmModule + "\n\ngo " + golang.GoVersion + "\n")}))
		cut, files := f.cutAtRandom(c, filepath.Join(f.dir, packageOf(int(n))))
		if cut == nil {
			continue
		}
		cases[packageOf(int(n))] = cut
		if cut.kafka {
			overKafka++
		}
		all = append(all, files...)
		for _, p := range cut.pieces {
			edges += len(p.Outputs)
			if p.Elastic != nil {
				elastic++
			}
		}
	}
	if uint64(len(cases)) < count/8 {
		t.Fatalf("%d of %d pipelines could be cut: the test says little", len(cases), count)
	}
	if count >= scaledCases && (overKafka == 0 || overKafka == len(cases)) {
		t.Errorf("%d of %d pipelines are over Kafka, and the others over NATS: one of them is not tried", overKafka, len(cases))
	}
	if count >= 4*scaledCases && elastic == 0 {
		t.Error("no process has hosts: they are not tried")
	}
	f.linkCut(all)
	kills, steady, refused := 0, 0, 0
	for name, c := range cases {
		kills += f.compareCut(name, c, b)
		if c.steady {
			steady++
		}
		if c.refused {
			refused++
		}
	}
	if count >= scaledCases && refused > len(cases)/4 {
		t.Errorf("%d of %d pipelines have records that can't cross: the test says little", refused, len(cases))
	}
	t.Logf("%d pipelines of seeds %d to %d, %d over Kafka, cut at %d edges, with %d processes of hosts, %d of them steady, %d with records that can't cross, killed %d times", len(cases), seed, seed+count-1, overKafka, edges, elastic, steady, refused, kills)
}

// cutAtRandom compiles a case whole and cut, and gives the files of both; nil where no
// cut that was tried is one that can be had.
func (f *farm) cutAtRandom(c *oracle.Case, dir string) (*cutCase, []backends.File) {
	t := f.t
	t.Helper()
	file, text := c.Pipeline()
	o := driver.Options{File: file, Text: []byte(text), Dir: dir, Targets: f.schemas, CacheDir: f.cache, Verify: true, MinGo: golang.GoVersion, Carrier: "NATS_URL"}
	overKafka := c.Seed%2 == 0
	if overKafka {
		overlay := filepath.Join(t.TempDir(), "kafka.yaml")
		if err := os.WriteFile(overlay, []byte("edges: {kafka: {brokers: [\"${env:KAFKA_BROKERS}\"]}}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		o.Overlays = []string{overlay}
	}
	compile := func(scale map[string]driver.Scale) *driver.Result {
		o.Scale = scale
		r, err := driver.Compile(context.Background(), o)
		if err != nil {
			t.Fatalf("seed %d, scale %v: %v\n%s", c.Seed, scale, err, text)
		}
		return r
	}
	whole := compile(nil)
	if whole.Program == nil {
		t.Fatalf("seed %d: %v\n%s", c.Seed, whole.Diagnostics, text)
	}
	var nodes []*ir.Node
	for _, n := range whole.Program.Nodes {
		switch op := n.Op.(type) {
		case *ir.Apply, *ir.Route:
			nodes = append(nodes, n)
		case *ir.Decode:
			if op.Input != nil {
				nodes = append(nodes, n)
			}
		}
	}
	r := rand.New(rand.NewPCG(c.Seed, 11))
	for range 8 {
		if len(nodes) == 0 {
			return nil, nil
		}
		cut := &cutCase{Case: c, scale: map[string]driver.Scale{}, steady: true, kafka: overKafka}
		for range 1 + r.IntN(3) {
			n := nodes[r.IntN(len(nodes))]
			cut.scale[n.ID] = driver.Scale{Max: 1}
			if n.Key != nil || n.Unordered {
				s := driver.Scale{Max: 1 + r.IntN(3)}
				if s.Max > 1 && !overKafka && r.IntN(2) == 0 { // hosts share the parts
					s.Min = 1 + r.IntN(s.Max)
				}
				cut.scale[n.ID] = s
			}
		}
		got := compile(cut.scale)
		if got.Program == nil {
			for _, d := range got.Diagnostics {
				if d.Code != "scale-cut" {
					t.Fatalf("seed %d, scale %v: %v\n%s", c.Seed, cut.scale, d, text)
				}
			}
			continue
		}
		cut.pieces = got.Program.Pieces
		for _, p := range cut.pieces {
			for _, e := range p.Outputs {
				cut.steady = cut.steady && e.Steady
			}
		}
		for _, n := range whole.Program.Nodes {
			if sink, ok := n.Op.(*ir.Sink); ok && sink.DeadLetter {
				for _, s := range sink.Config {
					if s.Key == "path" {
						cut.dead = append(cut.dead, s.Value.Text())
					}
				}
			}
		}
		path := farmModule + "/" + filepath.Base(dir)
		l := backends.Layout{Package: "main", Path: path + "/whole", Inside: true, Shared: farmModule + "/runtime", Hash: "h"}
		files, err := golang.Backend{}.Emit(whole.Program, nil, l)
		if err != nil {
			t.Fatal(err)
		}
		l.Path = path + "/cut"
		several, err := golang.EmitPieces(got.Program.Name, got.Program.Pieces, l)
		if err != nil {
			t.Fatal(err)
		}
		for i := range files {
			files[i].Path = filepath.Base(dir) + "/whole/" + files[i].Path
		}
		for _, file := range several {
			file.Path = filepath.Base(dir) + "/cut/" + file.Path
			files = append(files, file)
		}
		return cut, files
	}
	return nil, nil
}

// linkCut builds all programs, over one runtime.
func (f *farm) linkCut(files []backends.File) {
	t := f.t
	t.Helper()
	slice, err := golang.RuntimeSlice(files, backends.Layout{Shared: farmModule + "/runtime"})
	if err != nil {
		t.Fatal(err)
	}
	modules, err := golang.ModulesOf(slice)
	if err != nil {
		t.Fatal(err)
	}
	mod, sum := "module "+farmModule+"\n\ngo "+golang.GoVersion+"\n", ""
	for _, m := range modules {
		mod += "\nrequire " + m.Path + " " + m.Version + "\n"
		sum += strings.Join(m.Sums(), "")
	}
	files = append(files, slice...)
	files = append(files, backends.File{Path: "go.mod", Data: []byte(mod)}, backends.File{Path: "go.sum", Data: []byte(sum)})
	(&batch{f: f, dir: f.dir}).write(files)
	for _, kind := range []string{"whole", "cut"} {
		mains, err := filepath.Glob(filepath.Join(f.dir, "*", kind))
		if err != nil {
			t.Fatal(err)
		}
		for _, main := range mains {
			cmd := exec.Command("go", "build", "-o", main+".bin", "-mod=mod", "-buildvcs=false", "-ldflags=-w", ".")
			cmd.Dir = main
			cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", main, err, out)
			}
		}
	}
}

// compareCut runs a case whole, cut, and cut and killed.
func (f *farm) compareCut(name string, c *cutCase, b *edgeBrokers) (kills int) {
	t := f.t
	t.Helper()
	want := f.outputs(c, f.runCut(c, filepath.Join(f.dir, name, "whole.bin"), nil, b, 0, nil))
	for _, killed := range []bool{false, true} {
		if killed && c.Remembers() {
			continue
		}
		seed := uint64(0)
		if killed {
			seed = c.Seed
		}
		work := f.runCut(c, filepath.Join(f.dir, name, "cut.bin"), c.pieces, b, seed, &kills)
		b.clear()
		if c.refused {
			return kills
		}
		got := f.outputs(c, work)
		paths := slices.AppendSeq(slices.Collect(maps.Keys(want)), maps.Keys(got))
		slices.Sort(paths)
		for _, path := range slices.Compact(paths) {
			d := outputDifference(want[path], got[path], killed && (!c.steady || strings.HasPrefix(path, "posted")))
			if slices.Contains(c.dead, path) { // letters say where, and in which process
				d = ""
				if len(got[path]) < len(want[path]) || !killed && len(got[path]) > len(want[path]) {
					d = fmt.Sprintf("%d letters, and %d", len(want[path]), len(got[path]))
				}
			}
			if d != "" {
				_, text := c.Pipeline()
				t.Errorf("seed %d, scale %v, killed %v: %s: %s\n%s", c.Seed, c.scale, killed, path, d, text)
				return kills
			}
		}
	}
	return kills
}

// outputDifference says how sorted lines differ; repeats may be there more often.
func outputDifference(want, got []string, repeats bool) string {
	if repeats {
		got = slices.Compact(slices.Clone(got))
		want = slices.Compact(slices.Clone(want))
	}
	if slices.Equal(want, got) {
		return ""
	}
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			at := func(lines []string) string {
				if i < len(lines) {
					return strconv.Quote(lines[i])
				}
				return "nothing"
			}
			return fmt.Sprintf("%d lines and %d, the first that differ:\n%s\n%s", len(want), len(got), at(want), at(got))
		}
	}
	return ""
}

// runCut runs the program of a case, or its processes, to the end, and returns where.
// A seed has them killed meanwhile.
func (f *farm) runCut(c *cutCase, binary string, pieces []*ir.Piece, b *edgeBrokers, seed uint64, kills *int) string {
	t := f.t
	t.Helper()
	dir := t.TempDir()
	work := filepath.Join(dir, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeFiles(c.Files(), work); err != nil {
		t.Fatal(err)
	}
	f.server.runsIn(work)
	var processes [][]string
	if pieces == nil {
		processes = [][]string{nil}
	}
	for _, p := range pieces {
		if p.Elastic != nil {
			for range p.Elastic.Min {
				processes = append(processes, []string{"--process", p.Name})
			}
			continue
		}
		for i := range p.Replicas {
			processes = append(processes, []string{"--process", p.Name, "--replica", strconv.Itoa(i)})
		}
	}
	begin := func(args []string) *started {
		return startWith(t, binary, work, args, "NATS_URL="+b.nats.url(), "KAFKA_BROKERS="+b.kafka.address(), "FLOWC_STATE="+filepath.Join(dir, "state"), oracle.ServerVariable+"="+f.server.URL)
	}
	var running []*started
	for _, args := range processes {
		running = append(running, begin(args))
	}
	if seed > 0 {
		r := rand.New(rand.NewPCG(seed, 13))
		for range 12 {
			time.Sleep(time.Duration(5+r.IntN(50)) * time.Millisecond)
			var alive []int
			for i := range running {
				select {
				case <-running[i].done:
				default:
					alive = append(alive, i)
				}
			}
			if len(alive) == 0 {
				break
			}
			i := alive[r.IntN(len(alive))]
			running[i].kill()
			if running[i].cmd.ProcessState.ExitCode() == -1 {
				*kills++
				running[i] = begin(processes[i])
			}
		}
	}
	for i, p := range running {
		for waited, ended := time.Now(), false; !ended && !c.refused && time.Since(waited) < 2*time.Minute; {
			select {
			case <-p.done:
				ended = true
			case <-time.After(50 * time.Millisecond):
			}
			c.refused = pieces != nil && slices.ContainsFunc(running, (*started).refusedRecord)
		}
		if c.refused {
			for _, p := range running {
				p.kill()
			}
			return work
		}
		select {
		case <-p.done:
		default:
			_, text := c.Pipeline()
			t.Fatalf("seed %d, scale %v: %v does not end:\n%s\n%s", c.Seed, c.scale, processes[i], p.said(), text)
		}
		if code := p.cmd.ProcessState.ExitCode(); code != 0 {
			_, text := c.Pipeline()
			t.Fatalf("seed %d, scale %v: %v ended with code %d:\n%s\n%s", c.Seed, c.scale, processes[i], code, p.said(), text)
		}
	}
	return work
}

// refusedRecord tells whether a process has ended because a record has no form in which it
// crosses to the next one.
func (s *started) refusedRecord() bool {
	select {
	case <-s.done:
		return s.cmd.ProcessState.ExitCode() == 7 && strings.Contains(s.said(), "has no form in JSON")
	default:
		return false
	}
}

// outputs are the lines of the files that a run has written, sorted.
func (f *farm) outputs(c *cutCase, dir string) map[string][]string {
	t := f.t
	t.Helper()
	out := map[string][]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if !slices.ContainsFunc(c.Files(), func(in *oracle.File) bool { return in.Path == rel }) {
			out[rel] = f.recordsOf(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// recordsOf are the records of a file, sorted: its lines, without what stands between the
// elements of an array.
func (f *farm) recordsOf(path string) []string {
	f.t.Helper()
	file, err := os.Open(path)
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || info.Size() == 0 {
		return nil // nothing was begun
	}
	var r io.Reader = file
	switch filepath.Ext(path) {
	case ".gz":
		r, err = gzip.NewReader(file)
	case ".zst":
		r, err = zstd.NewReader(file)
	}
	if err != nil {
		f.t.Fatalf("%s: %v", path, err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		f.t.Fatalf("%s: %v", path, err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(path, ".json") {
			line = strings.TrimSuffix(strings.TrimSpace(line), ",")
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	slices.Sort(lines)
	return lines
}
