//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect/postgres/pgtest"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// A chaosWorld is what a built pipeline meets: where its input comes from, and what
// is in its sinks at the end.
type chaosWorld struct {
	name string
	// pipeline is its text; ADDRESS in it is replaced by a free one.
	pipeline string
	// most is how many faults a run has, between the time between two.
	most    int
	between time.Duration
	// set makes the input of a run and completes c; branches tells what came out.
	set func(t *testing.T, r *chaosRun)
}

// A chaosRun is one run of a program through faults.
type chaosRun struct {
	flowtest.Chaos
	ledger   *flowtest.Ledger
	dir      string
	address  string
	branches func(t *testing.T) []flowtest.Branch
	said     bytes.Buffer // by programs that are harmed at a point
	servers
}

// path is a path in the program's folder.
func (r *chaosRun) path(name string) string { return filepath.Join(r.dir, name) }

// A built chaosWorld can be run any number of times.
type builtWorld struct {
	chaosWorld
	binary, address string
	// guarantee is what `flowc explain` says of each sink.
	guarantee map[string]flowtest.Guarantee
}

// explainWorld writes the pipeline of a world into a file, and notes what is said of
// its sinks.
func explainWorld(t *testing.T, w chaosWorld) (b builtWorld, file string) {
	t.Helper()
	b = builtWorld{chaosWorld: w, address: freeAddress(t), guarantee: map[string]flowtest.Guarantee{}}
	text := string(bytes.ReplaceAll([]byte(w.pipeline), []byte("ADDRESS"), []byte(b.address)))
	file = filepath.Join(t.TempDir(), w.name+".yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := run([]string{"explain", file, "--format", "json"}, nil, &out, &errs); code != 0 {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	var explained struct {
		Result struct {
			Paths []struct {
				Sink      string
				Guarantee flowtest.Guarantee
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &explained); err != nil {
		t.Fatal(err)
	}
	for _, p := range explained.Result.Paths {
		b.guarantee[p.Sink] = p.Guarantee
	}
	return b, file
}

// A tally is what all runs of a world have seen.
type tally struct {
	runs, starts, records, losses int
	faults                        map[flowtest.Fault]int
	repeats                       map[flowtest.Guarantee]int
	violations                    map[flowtest.Class]int
}

func newTally() *tally {
	return &tally{faults: map[flowtest.Fault]int{}, repeats: map[flowtest.Guarantee]int{}, violations: map[flowtest.Class]int{}}
}

// add adds what another one has seen.
func (n *tally) add(m *tally) {
	n.runs += m.runs
	n.starts += m.starts
	n.records += m.records
	n.losses += m.losses
	for f, c := range m.faults {
		n.faults[f] += c
	}
	for g, c := range m.repeats {
		n.repeats[g] += c
	}
	for v, c := range m.violations {
		n.violations[v] += c
	}
}

func (n *tally) String() string {
	total := 0
	for _, f := range n.faults {
		total += f
	}
	text := fmt.Sprintf("%d runs, %d starts, %d faults (", n.runs, n.starts, total)
	for i, f := range slices.Sorted(maps.Keys(n.faults)) {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%d %s", n.faults[f], f)
	}
	text += fmt.Sprintf("), %d records judged, %d lost", n.records, n.losses)
	for _, g := range slices.Sorted(maps.Keys(n.repeats)) {
		text += fmt.Sprintf(", %d repeats %s", n.repeats[g], g)
	}
	for _, c := range slices.Sorted(maps.Keys(n.violations)) {
		text += fmt.Sprintf(", %d %s", n.violations[c], c)
	}
	return text
}

// once runs a built world once and judges it.
func (w *builtWorld) once(t *testing.T, seed uint64, sum *tally) {
	t.Helper()
	r := w.newRun(t, seed)
	result, err := r.Run(t.Context())
	sum.runs++
	sum.starts += result.Starts
	for f, n := range result.Faults {
		sum.faults[f] += n
	}
	if err != nil {
		t.Errorf("%s, seed %d: %v", w.name, seed, err)
		sum.violations["failed"]++
		return
	}
	for _, b := range r.branches(t) {
		var known bool
		if b.Guarantee, known = w.guarantee[b.Name]; !known {
			t.Fatalf("explain says nothing of %s: %v", b.Name, w.guarantee)
		}
		v := flowtest.Judge(r.ledger, b)
		t.Logf("%d starts, %v: %s", result.Starts, result.Faults, v)
		if !v.OK() {
			t.Errorf("%s, seed %d: %s", w.name, seed, v)
		}
		sum.records += v.Accepted + v.Unanswered
		sum.losses += v.Count(flowtest.Lost)
		sum.repeats[b.Guarantee] += v.Repeats
		for _, x := range v.Violations {
			sum.violations[x.Class] += x.Count
		}
	}
}

// newRun makes the input of a run in a folder of its own.
func (w *builtWorld) newRun(t *testing.T, seed uint64) *chaosRun {
	t.Helper()
	r := &chaosRun{ledger: flowtest.NewLedger(), dir: t.TempDir(), address: w.address}
	t.Cleanup(func() {
		if to := os.Getenv("FLOWC_KEEP"); to != "" && t.Failed() {
			if err := os.CopyFS(filepath.Join(to, fmt.Sprintf("%s-%d", w.name, seed)), os.DirFS(r.dir)); err != nil {
				t.Log(err)
			}
		}
	})
	r.Chaos = flowtest.Chaos{
		Program: flowtest.Program{Binary: w.binary, Dir: r.dir, Args: []string{"--log-format", "text"}, Env: []string{"FLOWC_STATE=" + r.path("state")}},
		Seed:    seed, Most: w.most, Between: w.between,
	}
	w.set(t, r)
	return r
}

// Built programs are killed, stopped, frozen and started twice at random moments
// until their input is done, and everything is where `flowc explain` said that it
// would be. Beside the pipelines of chaosWorlds a round has some cells of the matrix. FLOWC_CHAOS is how long it goes on (`make chaos`), FLOWC_SEED the first
// seed; FLOWC_KEEP=DIR keeps what failed.
func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	t.Parallel()
	var long time.Duration
	if text := os.Getenv("FLOWC_CHAOS"); text != "" {
		var err error
		if long, err = time.ParseDuration(text); err != nil {
			t.Fatalf("FLOWC_CHAOS: %v", err)
		}
	}
	seed, binaries := number(t, "FLOWC_SEED", 1), t.TempDir()
	sums := map[string]*tally{}
	built := map[string]*builtWorld{}
	once := func(w chaosWorld) {
		if strings.Contains(w.pipeline, "postgres") && !pgtest.Here() {
			t.Logf("without %s: %s", w.name, pgtest.NotHere)
			return
		}
		t.Run(w.name, func(t *testing.T) {
			if built[w.name] == nil {
				b, file := explainWorld(t, w)
				b.binary = buildProgramIn(t, file, binaries)
				built[w.name], sums[w.name] = &b, newTally()
			}
			built[w.name].once(t, seed, sums[w.name])
		})
	}
	rnd := rand.New(rand.NewPCG(seed, 17))
	for begin, round := time.Now(), 0; round == 0 || time.Since(begin) < long; round++ {
		for _, w := range chaosWorlds {
			once(w)
		}
		for _, w := range cells(rnd) {
			once(w)
		}
		seed++
	}
	total := newTally()
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		t.Logf("%s: %s", name, sums[name])
		total.add(sums[name])
	}
	t.Logf("%d pipelines in all: %s", len(sums), total)
}

// matrixCells are how many cells of the matrix, chosen by the seed, a round has. With
// FLOWC_MATRIX it has all of them (and -run chooses).
const matrixCells = 3

func cells(rnd *rand.Rand) (worlds []chaosWorld) {
	var all []chaosWorld
	for _, source := range slices.Sorted(maps.Keys(matrixSources)) {
		for _, sink := range slices.Sorted(maps.Keys(matrixSinks)) {
			for _, topology := range slices.Sorted(maps.Keys(matrixTopologies)) {
				all = append(all, matrixWorld(source, sink, topology))
			}
		}
	}
	if os.Getenv("FLOWC_MATRIX") != "" {
		return all
	}
	for range matrixCells {
		worlds = append(worlds, all[rnd.IntN(len(all))])
	}
	return worlds
}
