//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/cmd/flowc/internal/harm"
	"github.com/flowc-dev/flowc/cmd/flowc/internal/harm/inside"
	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/flowtest"
)

// Programs are harmed at each named point, and at each call that changes a disk: they
// are killed before and behind it, lose power, write half, or are told that the disk
// is full or broken. Then they are started again, and everything is where `flowc
// explain` said that it would be. FLOWC_POINTS=1 does all of it (`make points`), else
// each point of a few pipelines comes once; FLOWC_SEED chooses what happens there.
func TestPoints(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	t.Parallel()
	all := os.Getenv("FLOWC_POINTS") != ""
	seed := number(t, "FLOWC_SEED", 1)
	reached, ran := map[string]bool{}, 0
	for _, w := range pointWorlds {
		if w.deep && !all {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			ran++
			b := buildHarmed(t, w.chaosWorld)
			hits := b.trace(t)
			for point := range hits {
				reached[point] = true
			}
			rnd := rand.New(rand.NewPCG(seed, 11))
			cases, sums := casesOf(hits, all, rnd), newPointTally()
			for _, h := range cases {
				b.harmed(t, h, sums)
				if t.Failed() && !all {
					break
				}
			}
			for n := range uint64(3) {
				b.jumps(t, seed+n, sums)
			}
			t.Logf("%d points; %s", len(hits), sums)
		})
	}
	if ran < len(pointWorlds) {
		return
	}
	markers, err := harm.Markers("../../runtime")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range markers {
		if !reached[m] {
			t.Errorf("no program comes to the point %q: add one to pointWorlds that does", m)
		}
	}
}

// A pointWorld is a pipeline that is harmed at its points.
type pointWorld struct {
	chaosWorld
	deep bool // only where all of it is done
}

// buildHarmed builds a world's program with all its points in it.
func buildHarmed(t *testing.T, w chaosWorld) *builtWorld {
	t.Helper()
	b, file := explainWorld(t, w)
	dir := filepath.Join(t.TempDir(), "emitted")
	var out, errs bytes.Buffer
	if code := run([]string{"emit", file, "-t", "go", "-o", dir}, nil, &out, &errs); code != 0 {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	if err := harm.Instrument(dir); err != nil {
		t.Fatal(err)
	}
	b.binary = filepath.Join(dir, "harmed")
	cmd := exec.Command("go", "build", "-o", b.binary, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=mod -buildvcs=false")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the program with points does not build: %v\n%s", err, text)
	}
	return &b
}

// slow makes batches come so slowly that there are some checkpoints among them.
var slow = inside.Harm{Point: "before a position moves", Do: inside.Pause}

// trace runs the program once, and tells how often it comes to each point.
func (w *builtWorld) trace(t *testing.T) map[string]int {
	t.Helper()
	r := w.newRun(t, 1)
	path := r.path("trace")
	if code := r.harmed(t, []inside.Harm{slow}, inside.Trace+"="+path); code != 0 {
		t.Fatalf("without harm it ends with exit code %d", code)
	}
	hits := map[string]int{}
	for _, line := range linesOf(t, path) {
		hits[line]++
	}
	return hits
}

// casesOf are what is done: each deed at the first time, one in between and the last
// that the program comes to a point; one of these for each point where not all is
// wanted.
func casesOf(hits map[string]int, all bool, rnd *rand.Rand) (cases []inside.Harm) {
	for _, point := range slices.Sorted(maps.Keys(hits)) {
		var here []inside.Harm
		times := []int{1}
		if n := hits[point]; n > 2 {
			times = append(times, 2+rnd.IntN(n-2), n)
		} else if n == 2 {
			times = append(times, 2)
		}
		for _, hit := range times {
			for _, do := range deedsAt(point) {
				here = append(here, inside.Harm{Point: point, Hit: hit, Do: do})
			}
		}
		if !all {
			here = here[rnd.IntN(len(here)):][:1]
		}
		cases = append(cases, here...)
	}
	return cases
}

// deedsAt is what can be done at a point.
func deedsAt(point string) []inside.Deed {
	switch op := point[strings.LastIndexByte(point, ' ')+1:]; {
	case !strings.Contains(strings.TrimSuffix(point, " "+op), "."):
		return []inside.Deed{inside.Kill, inside.Power, inside.Term}
	case op == "write":
		return []inside.Deed{inside.Kill, inside.KillAfter, inside.Power, inside.Torn, inside.Short, inside.Full, inside.Broken}
	case op == "read":
		return []inside.Deed{inside.Kill, inside.Broken}
	}
	return []inside.Deed{inside.Kill, inside.KillAfter, inside.Power, inside.Full, inside.Broken}
}

// A pointTally is what was done at the points of a program.
type pointTally struct {
	done    map[inside.Deed]int
	records int
	missed  int // the program did not come to the point, this time
}

func newPointTally() *pointTally { return &pointTally{done: map[inside.Deed]int{}} }

func (n *pointTally) String() string {
	var parts []string
	total := 0
	for _, d := range slices.Sorted(maps.Keys(n.done)) {
		parts = append(parts, fmt.Sprintf("%d %s", n.done[d], d))
		total += n.done[d]
	}
	return fmt.Sprintf("%d times harmed (%s), %d times not come to the point, %d records judged", total, strings.Join(parts, ", "), n.missed, n.records)
}

// harmed runs the program with harm, then without until it is done, and judges it.
func (w *builtWorld) harmed(t *testing.T, h inside.Harm, sum *pointTally) {
	t.Helper()
	r := w.newRun(t, 1)
	defer func() {
		if !t.Failed() { // there are hundreds of them
			_ = os.RemoveAll(r.dir)
		}
	}()
	plan := []inside.Harm{slow, h}
	if h.Do == inside.Broken && strings.HasSuffix(h.Point, " sync") {
		// What a sync has lost is seen when the power is lost.
		plan = append(plan, inside.Harm{Point: "all is closed", Hit: 1, Do: inside.Power})
	}
	r.Most = 0
	code := r.harmed(t, plan)
	name := fmt.Sprintf("%s at %q, time %d", h.Do, h.Point, h.Hit)
	died := h.Do == inside.Kill || h.Do == inside.KillAfter || h.Do == inside.Power || h.Do == inside.Torn
	if died && code != -1 {
		sum.missed++
	} else {
		sum.done[h.Do]++
	}
	switch code {
	case -1, 0, 6, 7, 143: // killed, all went well, what stood in its way, told to stop
	default:
		t.Errorf("%s: exit code %d:\n%s", name, code, r.said.String())
		return
	}
	if _, err := r.Run(t.Context()); err != nil {
		t.Errorf("%s, then started again: %v", name, err)
		return
	}
	w.judge(t, r, fmt.Sprintf("%s (exit code %d)", name, code), sum)
}

// A checkpoint that a source was told of lasts, whatever happens next: a broker may
// have thrown away what lies before it. So a loss of power between the checkpoint and
// the ack leaves the same checkpoint as kill -9 does: the file and its name are synced.
// No judge of records sees this in a file that is read again from an older place.
func TestCheckpointsLast(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	t.Parallel()
	w := buildHarmed(t, chaosWorld{name: "lasting", pipeline: pointType + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out.ndjson}}}
`, set: func(t *testing.T, r *chaosRun) { r.input(t, "in.ndjson", 0, 60_000, false) }})
	left := func(hit int, do inside.Deed) uint64 {
		t.Helper()
		r := w.newRun(t, 1)
		if code := r.harmed(t, []inside.Harm{slow, {Point: "between checkpoint and ack", Hit: hit, Do: do}}); code != -1 {
			t.Fatalf("it ends with exit code %d before checkpoint %d:\n%s", code, hit, r.said.String())
		}
		found, err := filepath.Glob(r.path("state/*"))
		if err != nil || len(found) != 1 {
			t.Fatalf("the state folder: %v, %v", found, err)
		}
		saved, err := flow.ReadCheckpoint(found[0])
		if err != nil {
			t.Fatalf("%s behind checkpoint %d: %v", do, hit, err)
		}
		if saved == nil {
			return 0
		}
		return saved.Generation
	}
	for hit := 1; hit <= 2; hit++ {
		killed, lost := left(hit, inside.Kill), left(hit, inside.Power)
		if killed < uint64(hit) || lost != killed {
			t.Errorf("behind checkpoint %d a kill leaves generation %d, and a loss of power %d", hit, killed, lost)
		}
	}
}

// A program that has come to its end has its files under their names for good: once
// the checkpoint is removed, nothing goes back to what was in them. So a loss of power
// behind that leaves them, and all that was read is in them. The judge of records does
// not see this either, for the next run reads everything once more.
func TestPublishedFilesLast(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	const records = 6_000
	w := buildHarmed(t, chaosWorld{name: "published", pipeline: pointType + `
sources: {in: {use: file, config: {path: in.ndjson}, out: T}}
sinks: {out: {from: in, use: file, config: {path: out/out.ndjson}}}
`, set: func(t *testing.T, r *chaosRun) { r.input(t, "in.ndjson", 0, records, false) }})
	for _, do := range []inside.Deed{inside.Kill, inside.Power} {
		r := w.newRun(t, 1)
		if code := r.harmed(t, []inside.Harm{{Point: "the checkpoint is removed", Hit: 1, Do: do}}); code != -1 {
			t.Fatalf("it ends with exit code %d before its checkpoint is removed:\n%s", code, r.said.String())
		}
		if found := len(r.lines(t, "out/out.ndjson").Records); found != records {
			t.Errorf("%s at the end leaves %d of %d records", do, found, records)
		}
	}
}

// judge looks where all records are.
func (w *builtWorld) judge(t *testing.T, r *chaosRun, name string, sum *pointTally) {
	t.Helper()
	for _, b := range r.branches(t) {
		b.Guarantee = w.guarantee[b.Name]
		v := flowtest.Judge(r.ledger, b)
		if !v.OK() {
			t.Errorf("%s: %s", name, v)
		}
		sum.records += v.Accepted
	}
}

// jumps runs the program with a clock that somebody sets, forwards and backwards: it
// is told to stop once, goes on, and sees none of it, for it measures durations by the
// clock that nobody can set.
func (w *builtWorld) jumps(t *testing.T, seed uint64, sum *pointTally) {
	t.Helper()
	r := w.newRun(t, seed)
	r.Most = 0
	stop := inside.Harm{Point: "before a position moves", Hit: 3, Do: inside.Term}
	plans := [][]inside.Harm{{slow, stop}, {slow}}
	if r.Done != nil { // it is told to stop in any case
		plans = plans[1:]
	}
	for _, plan := range plans {
		if code := r.harmed(t, plan, fmt.Sprintf("%s=%d", inside.Jumps, seed)); code != 0 && code != 143 {
			t.Errorf("a clock that jumps, seed %d: exit code %d:\n%s", seed, code, r.said.String())
			return
		} else if code == 0 && r.Done == nil {
			break // it had done all by then
		}
	}
	w.judge(t, r, fmt.Sprintf("a clock that jumps, seed %d", seed), sum)
}

// harmed runs the program once, to its end or to what ends it, and gives the exit
// code; -1 for a signal that it could not see.
func (r *chaosRun) harmed(t *testing.T, plan []inside.Harm, env ...string) int {
	t.Helper()
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.Program.Binary, r.Program.Args...)
	cmd.Dir = r.dir
	cmd.Env = slices.Concat(os.Environ(), r.Program.Env, []string{inside.Plan + "=" + string(text)}, env)
	cmd.Stdout, cmd.Stderr = &r.said, &r.said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	if r.Done != nil {
		r.whenDone(t, cmd.Process, ended)
	}
	<-ended
	if ctx.Err() != nil {
		t.Fatalf("it does not come to its end:\n%s", r.said.String())
	}
	return cmd.ProcessState.ExitCode()
}

// whenDone produces the input of a program that does not end by itself, and asks it
// to stop when all has arrived.
func (r *chaosRun) whenDone(t *testing.T, p *os.Process, ended <-chan struct{}) {
	t.Helper()
	if produce := r.Produce; produce != nil {
		produced := make(chan error, 1)
		go func() { produced <- produce(t.Context()) }()
		r.Produce = func(context.Context) error { return <-produced }
		select {
		case err := <-produced:
			produced <- err
		case <-ended: // the rest comes when it has been started again
			return
		}
	}
	for {
		done, err := r.Done()
		if err != nil {
			t.Fatal(err)
		}
		if done {
			_ = p.Signal(syscall.SIGTERM) // it may have ended
			return
		}
		select {
		case <-ended:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}
