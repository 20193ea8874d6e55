package flow

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var errCrash = errors.New("crash")

// crash ends a program as kill -9 would, as far as that is possible inside the
// process: nothing is written, synced or saved any more.
func (p *Program) crash() {
	p.stop(errCrash) // before taint: a run that ends between the two has crashed
	p.taint()
	p.stopHard()
	for _, t := range p.queues {
		t.queue.close()
	}
	for _, s := range p.sinks {
		s.target.queue.close()
	}
}

// topology is a pipeline that is run over and over on the same sinks.
type topology struct {
	// build wires it; sources are made anew, sinks stay.
	build func(p *Program, sources []Source, sinks []*statefulSink)
	// want is what each sink must hold at the end, branch by branch: lines of
	// one branch keep their order.
	want func(lines [][]string) [][][]string
	// unordered gives up the order.
	unordered bool
}

func crashTopologies() map[string]topology {
	same := func(lines [][]string) [][][]string { return [][][]string{{lines[0]}} }
	all := map[string]topology{}
	linear := func(lanes int, unordered bool, o SinkOptions) func(*Program, []Source, []*statefulSink) {
		return func(p *Program, sources []Source, sinks []*statefulSink) {
			in := p.Source(nodeIn, sources[0], SourceOptions{Lines: true})
			out := p.Sink(nodeOut, sinks[0], o)
			p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: lanes, Unordered: unordered},
				plain(func(l *lineLoop) { l.ends = o.Ends }))
		}
	}
	all["linear"] = topology{build: linear(1, false, SinkOptions{}), want: same}
	all["lanes"] = topology{build: linear(4, false, SinkOptions{}), want: same}
	all["unordered"] = topology{build: linear(4, true, SinkOptions{}), want: same, unordered: true}
	all["gather"] = topology{build: linear(2, false, SinkOptions{Ends: true, Origins: true, Batch: Gather{Count: 13, Linger: time.Hour}}), want: same}
	all["gather what waits"] = topology{build: linear(2, false, SinkOptions{Ends: true, Origins: true, Gathers: 60}), want: same}
	all["fan-out"] = topology{build: func(p *Program, sources []Source, sinks []*statefulSink) {
		in := p.Source(nodeIn, sources[0], SourceOptions{Lines: true})
		to := []*Target{p.Sink(nodeOut, sinks[0], SinkOptions{}), p.Sink(nodeOut2, sinks[1], SinkOptions{Depth: 1})}
		p.Region("r", RegionOptions{From: []*Input{in}, To: to, Lanes: 2}, plain(func(l *lineLoop) { l.wide = true }))
	}, want: func(lines [][]string) [][][]string { return [][][]string{{lines[0]}, {lines[0]}} }}
	all["fan-in"] = topology{build: func(p *Program, sources []Source, sinks []*statefulSink) {
		from := []*Input{p.Source(nodeIn, sources[0], SourceOptions{Lines: true}), p.Source(nodeIn2, sources[1], SourceOptions{Lines: true})}
		p.Region("r", RegionOptions{From: from, To: []*Target{p.Sink(nodeOut, sinks[0], SinkOptions{})}, Lanes: 2}, plain(nil))
	}, want: func(lines [][]string) [][][]string { return [][][]string{{lines[0], lines[1]}} }}
	all["two regions into one sink"] = topology{build: func(p *Program, sources []Source, sinks []*statefulSink) {
		a, b := p.Source(nodeIn, sources[0], SourceOptions{Lines: true}), p.Source(nodeIn2, sources[1], SourceOptions{Lines: true})
		out := p.Sink(nodeOut, sinks[0], SinkOptions{Depth: 2})
		p.Region("a", RegionOptions{From: []*Input{a}, To: []*Target{out}, Lanes: 2}, plain(nil))
		p.Region("b", RegionOptions{From: []*Input{b}, To: []*Target{out}, Lanes: 1}, plain(nil))
	}, want: all["fan-in"].want}
	diamond := func(keyed bool) topology {
		return topology{build: func(p *Program, sources []Source, sinks []*statefulSink) {
			in := p.Source(nodeIn, sources[0], SourceOptions{Lines: true})
			queue := QueueOptions{Rows: RowsOf[string](), Depth: 2}
			var key func(string) string
			if keyed {
				queue.Keys, key = 1, func(line string) string { return line[len(line)-3:] }
			}
			to, from := p.Queue("q", queue)
			out := p.Sink(nodeOut, sinks[0], SinkOptions{Ends: true})
			p.Region("one", RegionOptions{From: []*Input{in}, To: []*Target{to, out}, Nodes: []int{nodeIn, nodeWork}, Lanes: 2}, func(l *Lane) (Loop, error) {
				return &toRows{lineLoop: lineLoop{Lane: l, node: nodeWork, ends: true}, key: key}, nil
			})
			p.Region("two", RegionOptions{From: []*Input{from}, To: []*Target{out}, Nodes: []int{nodeMore}, Lanes: 3, Keyed: keyed}, func(l *Lane) (Loop, error) {
				return &rowLoop{Lane: l, node: nodeMore, ends: true, keyed: keyed, prefix: "two "}, nil
			})
		}, want: func(lines [][]string) [][][]string {
			var two []string
			for _, line := range lines[0] {
				two = append(two, "two "+line)
			}
			return [][][]string{{lines[0], two}}
		}}
	}
	all["diamond"] = diamond(false)
	all["keyed diamond"] = diamond(true)
	all["dead letters"] = topology{build: func(p *Program, sources []Source, sinks []*statefulSink) {
		then(nodeWork, Dead)(p.info.Nodes)
		p.policies[nodeWork] = p.info.Nodes[nodeWork].Policy.withDefaults()
		in := p.Source(nodeIn, sources[0], SourceOptions{Lines: true})
		out := p.Sink(nodeOut, sinks[0], SinkOptions{})
		p.Sink(nodeDead, sinks[1], SinkOptions{DeadLetter: true})
		p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{out}, Lanes: 2, Nodes: []int{nodeIn, nodeWork}}, plain(func(l *lineLoop) {
			l.per = func(line []byte) error {
				if bytes.HasSuffix(line, []byte("5}")) {
					return errBad
				}
				return nil
			}
		}))
	}, want: func(lines [][]string) [][][]string {
		var good, bad []string
		for _, line := range lines[0] {
			if strings.HasSuffix(line, "5}") {
				bad = append(bad, line)
			} else {
				good = append(good, line)
			}
		}
		return [][][]string{{good}, {bad}}
	}}
	all["holding"] = topology{build: func(p *Program, sources []Source, sinks []*statefulSink) {
		in := p.Source(nodeIn, sources[0], SourceOptions{Lines: true})
		p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{p.Sink(nodeOut, sinks[0], SinkOptions{})}, Lanes: 1, Nodes: []int{nodeIn, nodeWork}},
			func(l *Lane) (Loop, error) { return &holdLoop{Lane: l, size: 7}, nil })
	}, want: same}
	return all
}

// After any number of crashes, sinks that are brought back to the state of the
// checkpoint hold every record once.
func TestCrashAndResume(t *testing.T) {
	noLeaks(t)
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for name, topo := range crashTopologies() {
		t.Run(name, func(t *testing.T) {
			for range rounds {
				crashAndResume(t, topo)
			}
		})
	}
}

func crashAndResume(t *testing.T, topo topology) {
	dir := t.TempDir()
	lines := [][]string{numbers(0, 3000), numbers(10000, 12000)}
	sinks := []*statefulSink{{}, {}}
	resumed := 0
	for n := range 300 {
		p := New(testInfo(nil))
		p.info.CheckpointEvery = time.Millisecond
		var sources []Source
		for i := range lines {
			s := newLines(5+2*i, lines[i]...)
			s.wait = func(_ context.Context, n int) error {
				if n%16 == 15 {
					time.Sleep(20 * time.Microsecond)
				}
				return nil
			}
			sources = append(sources, &seekLines{linesSource: s})
		}
		topo.build(p, sources, sinks)
		crash := time.AfterFunc(time.Duration(rand.IntN(12_000))*time.Microsecond, func() {
			if p.state.Load() == stateRunning {
				p.crash()
			}
		})
		_, err := p.Run(t.Context(), RunOptions{StateDir: dir})
		crash.Stop()
		for _, s := range sources {
			if s.(*seekLines).seeked != nil {
				resumed++
			}
		}
		if err != nil && !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		// Where the crash came behind the end, the checkpoint is gone as well.
		c, bad := ReadCheckpoint(StateDir(dir, "test"))
		if bad != nil {
			t.Fatal(bad)
		}
		if c == nil {
			checkBranches(t, topo, lines, sinks)
			t.Logf("%d crashes, resumed %d sources", n, resumed)
			return
		}
		if err == nil {
			t.Fatal("after a good end there is a checkpoint")
		}
	}
	t.Fatal("it never came to its end")
}

func checkBranches(t *testing.T, topo topology, lines [][]string, sinks []*statefulSink) {
	t.Helper()
	for i, branches := range topo.want(lines) {
		got := parts(sinks[i].lines())
		if i == 1 && strings.HasPrefix(got[0], `{"pipeline"`) {
			got = originals(t, got)
		}
		if topo.unordered {
			slices.SortFunc(got, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
		}
		total := 0
		for _, want := range branches {
			total += len(want)
			known := map[string]bool{}
			for _, line := range want {
				known[line] = true
			}
			equalLines(t, slices.DeleteFunc(slices.Clone(got), func(line string) bool { return !known[line] }), want)
		}
		if len(got) != total {
			t.Errorf("sink %d has %d lines, want %d", i, len(got), total)
		}
	}
}

func originals(t *testing.T, letters []string) (lines []string) {
	t.Helper()
	for _, text := range letters {
		var letter struct{ Record json.RawMessage }
		if err := json.Unmarshal([]byte(text), &letter); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(letter.Record))
	}
	return lines
}

// Acks never run ahead of a checkpoint that is durable.
func TestAckAfterCheckpoint(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	source := &ackedLines{seekLines: seekLines{linesSource: newLines(3, numbers(0, 900)...)}, t: t, dir: StateDir(dir, "test")}
	source.wait = func(context.Context, int) error { time.Sleep(100 * time.Microsecond); return nil }
	sink := &statefulSink{}
	k := newOne(source, sink, oneOptions{region: RegionOptions{Lanes: 2}})
	k.p.info.CheckpointEvery = time.Millisecond
	if _, err := run(t, k.p, RunOptions{StateDir: dir}); err != nil {
		t.Fatal(err)
	}
	if n := len(source.acked); n < 3 || !slices.IsSorted(source.acked) || source.acked[n-1] != 900 {
		t.Errorf("acks %v", source.acked)
	}
}

type ackedLines struct {
	seekLines
	t   *testing.T
	dir string
}

func (s *ackedLines) Ack(ctx context.Context, positions map[string]any) error {
	c, err := ReadCheckpoint(s.dir)
	if err != nil || c == nil {
		s.t.Errorf("an ack without a checkpoint: %v", err)
		return nil
	}
	for split, p := range positions {
		var saved linePosition
		if err := json.Unmarshal(c.Sources["in"].Splits[split].Position, &saved); err != nil || saved.Line < p.(linePosition).Line {
			s.t.Errorf("acked %v, the checkpoint has %v", p, saved)
		}
	}
	return s.seekLines.Ack(ctx, positions)
}

// An endless source goes on where it was, and nothing is written when nothing
// moves.
func TestEndlessGoesOn(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	sink := &statefulSink{}
	lines := numbers(0, 90)
	for round := 1; round <= 3; round++ {
		source := &seekLines{linesSource: newLines(3, lines[:30*round]...)}
		source.endless = true
		k := newOne(source, sink, oneOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for len(sink.lines()) < 30*round {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		if r, err := runCtx(ctx, t, k.p, RunOptions{StateDir: dir}); err != nil || r.Ending != Drained {
			t.Fatal(r, err)
		}
		equalLines(t, sink.lines(), lines[:30*round])
		if c, err := ReadCheckpoint(StateDir(dir, "test")); c == nil || err != nil || c.Complete {
			t.Fatal(c, err)
		}
	}
}

// What kill -9 leaves behind, with a real process and real files.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	lines := numbers(0, 20000)
	if err := os.WriteFile(filepath.Join(dir, "in.txt"), []byte(joined(lines)), 0o644); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	kills, begun := 0, false
	for range 200 {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), "FLOW_TEST_CHILD="+dir)
		var out bytes.Buffer
		cmd.Stderr = &out
		reads, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// The clock runs from when it begins to read.
		_, _ = bufio.NewReader(reads).ReadString('\n')
		timer := time.AfterFunc(time.Duration(rand.IntN(60))*time.Millisecond, func() {
			_ = cmd.Process.Kill()
		})
		err = cmd.Wait()
		timer.Stop()
		if err != nil && cmd.ProcessState.ExitCode() >= 0 {
			t.Fatalf("%v: %s", err, out.String())
		}
		c, bad := ReadCheckpoint(StateDir(filepath.Join(dir, "state"), "test"))
		if bad != nil {
			t.Fatal(bad)
		}
		begun = begun || c != nil
		// Where the kill came behind the end, the checkpoint is gone as well.
		if err == nil || c == nil && begun {
			got, err := os.ReadFile(filepath.Join(dir, "out.txt"))
			if err != nil {
				t.Fatal(err)
			}
			equalLines(t, strings.Split(strings.TrimSuffix(string(got), "\n"), "\n"), lines)
			t.Logf("%d kills", kills)
			return
		}
		kills++
	}
	t.Fatal("it never came to an end")
}

// child is the program that TestKill kills.
func child(dir string) error {
	in, out := &fileLines{path: filepath.Join(dir, "in.txt")}, &fileSink{path: filepath.Join(dir, "out.txt")}
	p := New(testInfo(nil))
	p.info.CheckpointEvery = 3 * time.Millisecond
	p.Region("r", RegionOptions{
		From:  []*Input{p.Source(nodeIn, in, SourceOptions{Lines: true})},
		To:    []*Target{p.Sink(nodeOut, out, SinkOptions{})},
		Lanes: 2,
	}, plain(nil))
	_, err := p.Run(context.Background(), RunOptions{StateDir: filepath.Join(dir, "state")})
	return err
}

// fileLines reads a file, slowly.
type fileLines struct {
	path   string
	offset int64
	f      *os.File
	r      *bufio.Reader
}

func (s *fileLines) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	if raw, ok := positions[s.path]; ok {
		return json.Unmarshal(raw, &s.offset)
	}
	return nil
}

func (s *fileLines) Open(context.Context) (err error) {
	if s.f, err = os.Open(s.path); err != nil {
		return err
	}
	_, err = s.f.Seek(s.offset, io.SeekStart)
	s.r = bufio.NewReader(s.f)
	fmt.Println("reading")
	return err
}

func (s *fileLines) Read(_ context.Context, b *Batch) error {
	b.Split, b.Offset = s.path, s.offset
	for range 20 {
		line, err := s.r.ReadSlice('\n')
		if err == io.EOF && len(b.Data) > 0 {
			break
		}
		if err != nil {
			return err
		}
		b.Data = append(b.Data, line...)
	}
	s.offset += int64(len(b.Data))
	b.Position = s.offset
	time.Sleep(50 * time.Microsecond)
	return nil
}

func (s *fileLines) Close(context.Context) error {
	if s.f == nil {
		return nil
	}
	return s.f.Close()
}

// fileSink appends to a file and cuts it to its committed length.
type fileSink struct {
	path   string
	length int64
	f      *os.File
}

func (s *fileSink) Restore(_ context.Context, state json.RawMessage) error {
	return json.Unmarshal(state, &s.length)
}
func (s *fileSink) State() (any, error) { return s.length, nil }
func (s *fileSink) Open(context.Context) (err error) {
	if s.f, err = os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return err
	}
	if info, err := s.f.Stat(); err != nil || info.Size() < s.length {
		return fmt.Errorf("%d bytes are committed and %d are there (%v)", s.length, info.Size(), err)
	}
	if err := s.f.Truncate(s.length); err != nil {
		return err
	}
	_, err = s.f.Seek(s.length, io.SeekStart)
	return err
}

func (s *fileSink) Write(_ context.Context, o *Out) error {
	n, err := s.f.Write(o.Data)
	s.length += int64(n)
	return err
}
func (s *fileSink) Sync(context.Context) error { return s.f.Sync() }
func (s *fileSink) Close(context.Context, bool) error {
	if s.f == nil {
		return nil
	}
	return s.f.Close()
}

func TestMain(m *testing.M) {
	beatEvery, silentLooks = 10*time.Millisecond, 8
	if dir := os.Getenv("FLOW_TEST_CHILD"); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(7)
		}
		os.Exit(0)
	}
	if dir := os.Getenv("FLOW_TEST_LOCK"); dir != "" {
		os.Exit(lockChild(dir))
	}
	os.Exit(m.Run())
}
