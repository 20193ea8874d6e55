package flow

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// rowLoop is a loop over the typed rows of a queue.
type rowLoop struct {
	*Lane
	node  int
	ends  bool
	keyed bool
	times func(row string) int
	per   func(row string) error
	// prefix is put before each row.
	prefix string
	count  int64
}

func (l *rowLoop) Run(b *Batch) {
	rows := *b.Rows.(*[]string)
	for l.Next < len(rows) {
		l.Record.Index = l.Next
		l.Next++
		if l.keyed && int(b.Lanes[l.Record.Index]) != l.Index {
			continue
		}
		row := rows[l.Record.Index]
		l.count++
		if l.per != nil {
			if err := l.per(row); err != nil {
				if l.FailInput(l.node, err, fmt.Appendf(nil, `{"row":%q}`, row)) {
					return
				}
				continue
			}
		}
		times := 1
		if l.times != nil {
			times = l.times(row)
		}
		for range times {
			for i, out := range l.Outs {
				out.Data = append(append(append(out.Data, l.prefix...), row...), '\n')
				if l.ends {
					out.Ends = append(out.Ends, uint32(len(out.Data)))
				}
				out.Count++
				l.Origin(i)
			}
		}
	}
}

func (l *rowLoop) Flush() {}
func (l *rowLoop) Settle() {
	c := &l.Counts[l.node]
	c.In += l.count
	c.Out += l.count - c.Lost()
	c.Emitted += c.Out
	l.count = 0
}

// toRows is a lineLoop whose first target takes typed rows.
type toRows struct {
	lineLoop
	key    func(line string) string
	hashed bool
}

func (l *toRows) Run(b *Batch) {
	out := l.Outs[0]
	rows := out.Rows.(*[]string)
	for l.Next < len(b.Data) {
		start := l.Next
		end := start + strings.IndexByte(string(b.Data[start:]), '\n')
		line := string(b.Data[start:end])
		l.Record.Start, l.Record.End, l.Next = start, end, end+1
		l.records++
		*rows = append(*rows, line)
		switch {
		case l.key == nil:
		case l.hashed:
			out.Hashes = append(out.Hashes, Hash(l.key(line)))
		default:
			out.Keys[0] = append(out.Keys[0], l.key(line))
		}
		out.Count++
		l.Origin(0)
		for i, out := range l.Outs[1:] {
			out.Data = append(append(out.Data, line...), '\n')
			if l.ends {
				out.Ends = append(out.Ends, uint32(len(out.Data)))
			}
			out.Count++
			l.Origin(i + 1)
		}
	}
}

// twoRegions is source → region → queue → region → sink.
type twoRegions struct {
	p       *Program
	sink    Sink
	letters *memorySink
}

type twoOptions struct {
	nodes    func([]Node)
	key      func(string) string
	hashed   bool // the key is given as a hash
	queue    QueueOptions
	sink     SinkOptions
	one, two RegionOptions
	loop     func(*rowLoop)
}

func newTwo(source Source, sink Sink, o twoOptions) *twoRegions {
	k := &twoRegions{sink: sink, letters: &memorySink{}}
	k.p = New(testInfo(o.nodes))
	in := k.p.Source(nodeIn, source, SourceOptions{Lines: true})
	o.queue.Rows = RowsOf[string]()
	if o.key != nil && !o.hashed {
		o.queue.Keys = 1
	}
	qIn, qOut := k.p.Queue("q", o.queue)
	out := k.p.Sink(nodeOut, sink, o.sink)
	k.p.Sink(nodeDead, k.letters, SinkOptions{DeadLetter: true})
	o.one.From, o.one.To, o.one.Nodes = []*Input{in}, []*Target{qIn}, []int{nodeIn, nodeWork}
	k.p.Region("one", o.one, func(l *Lane) (Loop, error) {
		return &toRows{lineLoop{Lane: l, node: nodeWork}, o.key, o.hashed}, nil
	})
	o.two.From, o.two.To, o.two.Nodes = []*Input{qOut}, []*Target{out}, []int{nodeMore}
	k.p.Region("two", o.two, func(l *Lane) (Loop, error) {
		loop := &rowLoop{Lane: l, node: nodeMore, ends: o.sink.Ends, keyed: o.two.Keyed}
		if o.loop != nil {
			o.loop(loop)
		}
		return loop, nil
	})
	return k
}

func TestQueueBetweenRegions(t *testing.T) {
	noLeaks(t)
	for _, lanes := range []int{1, 4} {
		sink := &memorySink{}
		k := newTwo(newLines(7, numbers(0, 2000)...), sink, twoOptions{one: RegionOptions{Lanes: lanes}, two: RegionOptions{Lanes: lanes}})
		r, err := run(t, k.p, RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		equalLines(t, sink.lines(), numbers(0, 2000))
		for _, node := range []string{"in", "work", "more"} {
			if c := r.Nodes[node]; c.In != 2000 || c.Out != 2000 || c.Emitted != 2000 {
				t.Errorf("%s is %+v", node, c)
			}
		}
	}
}

// Behind a queue a dead letter still has the source's original and place.
func TestDeadBehindQueue(t *testing.T) {
	noLeaks(t)
	for _, keyed := range []bool{false, true} {
		sink := &memorySink{}
		o := twoOptions{
			nodes: then(nodeMore, Dead), queue: QueueOptions{Origins: true},
			one: RegionOptions{Lanes: 2}, two: RegionOptions{Lanes: 3, Keyed: keyed},
			sink: SinkOptions{Ends: true},
			loop: func(l *rowLoop) {
				l.per = func(row string) error {
					if strings.HasSuffix(row, `7}`) {
						return errBad
					}
					return nil
				}
			},
		}
		if keyed {
			o.key = func(line string) string { return line[len(line)-2:] }
		}
		k := newTwo(newLines(5, numbers(0, 100)...), sink, o)
		if _, err := run(t, k.p, RunOptions{}); err != nil {
			t.Fatal(err)
		}
		letters := parseLetters(t, k.letters)
		if len(letters) != 10 {
			t.Fatalf("%d letters", len(letters))
		}
		for i, m := range letters {
			position, _ := m["position"].(map[string]any)
			if m["node"] != "more" || m["source"] != "in" || position["line"] != float64(10*i+8) ||
				fmt.Sprint(m["record"]) != fmt.Sprintf("map[n:%d]", 10*i+7) || fmt.Sprint(m["input"]) != fmt.Sprintf(`map[row:{"n":%d}]`, 10*i+7) {
				t.Errorf("letter %d: %v", i, m)
			}
		}
	}
}

func TestKeyedKeepsOrder(t *testing.T) {
	noLeaks(t)
	var want []string
	lines := numbers(0, 3000)
	for i, line := range lines {
		for range i % 3 {
			want = append(want, line)
		}
	}
	for _, unordered := range []bool{false, true} {
		for _, hashed := range []bool{false, true} {
			sink := &memorySink{}
			k := newTwo(newLines(11, lines...), sink, twoOptions{
				hashed: hashed,
				key:    func(line string) string { return line[len(line)-3:] },
				sink:   SinkOptions{Ends: true},
				two:    RegionOptions{Lanes: 4, Keyed: true, Unordered: unordered},
				loop: func(l *rowLoop) {
					l.times = func(row string) int {
						var n int
						fmt.Sscanf(row, `{"n":%d}`, &n)
						spin(n % 7 * 200)
						return n % 3
					}
				},
			})
			r, err := run(t, k.p, RunOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if unordered {
				equalLines(t, byKey(sink.lines()), byKey(want))
			} else {
				equalLines(t, sink.lines(), want)
			}
			if c := r.Nodes["more"]; c.In != 3000 || c.Out != 3000 {
				t.Errorf("more is %+v", c)
			}
		}
	}
}

// byKey puts lines in the order of their keys and keeps the order in each.
func byKey(lines []string) []string {
	groups := map[string][]string{}
	for _, line := range lines {
		key := line[len(line)-3:]
		groups[key] = append(groups[key], line)
	}
	var out []string
	for a := range 10 {
		for b := range 10 {
			out = append(out, groups[fmt.Sprintf("%d%d}", a, b)]...)
		}
		out = append(out, groups[fmt.Sprintf(":%d}", a)]...)
	}
	return out
}

// The first record that fails in the order of the source is the one that is
// reported, whichever lane it was in.
func TestKeyedStop(t *testing.T) {
	noLeaks(t)
	sink := &memorySink{}
	k := newTwo(newLines(50, numbers(0, 1000)...), sink, twoOptions{
		key: func(line string) string { return line }, queue: QueueOptions{Origins: true},
		sink: SinkOptions{Ends: true},
		two:  RegionOptions{Lanes: 4, Keyed: true},
		loop: func(l *rowLoop) {
			l.per = func(row string) error {
				var n int
				fmt.Sscanf(row, `{"n":%d}`, &n)
				if n >= 510 {
					return errBad
				}
				return nil
			}
		},
	})
	_, err := run(t, k.p, RunOptions{})
	if want := "p.yaml:6: `more` failed on a.txt:511: bad line"; err == nil || err.Error() != want {
		t.Fatalf("%v, want %s", err, want)
	}
	if got := len(sink.lines()); got < 500 || got > 510 {
		t.Errorf("%d lines were written", got)
	}
}

func TestFanIn(t *testing.T) {
	noLeaks(t)
	a, b := newLines(3, numbers(0, 1000)...), newLines(5, numbers(5000, 6000)...)
	b.splits = []string{"b.txt"}
	b.lines["b.txt"] = b.lines["a.txt"]
	sink := &memorySink{}
	p := New(testInfo(nil))
	from := []*Input{p.Source(nodeIn, a, SourceOptions{Lines: true}), p.Source(nodeIn2, b, SourceOptions{Lines: true})}
	out := p.Sink(nodeOut, sink, SinkOptions{})
	var mixed bool
	p.Region("r", RegionOptions{From: from, To: []*Target{out}, Lanes: 2}, plain(func(l *lineLoop) {
		l.before = func(b *Batch) {
			if (b.From == 1) != (b.Split == "b.txt") {
				mixed = true
			}
		}
	}))
	if _, err := run(t, p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	var low, high []string
	for _, line := range sink.lines() {
		if len(line) == len(`{"n":5000}`) {
			high = append(high, line)
		} else {
			low = append(low, line)
		}
	}
	equalLines(t, low, numbers(0, 1000))
	equalLines(t, high, numbers(5000, 6000))
	if mixed {
		t.Error("a batch did not say where it came from")
	}
}

// holdLoop keeps every record until it has three of them.
type holdLoop struct {
	*Lane
	size  int
	held  []string
	count int64
	gave  int64
}

func (l *holdLoop) Run(b *Batch) {
	for l.Next < len(b.Data) {
		start := l.Next
		end := start + strings.IndexByte(string(b.Data[start:]), '\n')
		l.Record.Start, l.Record.End, l.Next = start, end, end+1
		l.count++
		if string(b.Data[start:end]) == "bad" {
			if l.Fail(nodeWork, errBad) {
				return
			}
			continue
		}
		l.held = append(l.held, string(b.Data[start:end]))
		if len(l.held) == l.size {
			l.Release()
		}
	}
}
func (l *holdLoop) Holding() bool { return len(l.held) > 0 }
func (l *holdLoop) Release() {
	if len(l.held) == 0 {
		return
	}
	out := l.Outs[0]
	out.Data = append(append(out.Data, strings.Join(l.held, "+")...), '\n')
	out.Count++
	l.gave += int64(len(l.held))
	l.held = l.held[:0]
}
func (l *holdLoop) Flush() { l.Release() }
func (l *holdLoop) Settle() {
	l.Counts[nodeIn].In += l.count
	l.Counts[nodeIn].Out += l.count
	l.Counts[nodeIn].Emitted += l.count
	l.Counts[nodeWork].In += l.count
	l.Counts[nodeWork].Out += l.gave
	l.Counts[nodeWork].Emitted += l.gave
	l.count, l.gave = 0, 0
}

// parts splits what a holdLoop made.
func parts(lines []string) []string {
	var out []string
	for _, line := range lines {
		out = append(out, strings.Split(line, "+")...)
	}
	return out
}

func TestHoldingLoop(t *testing.T) {
	noLeaks(t)
	sink := &memorySink{}
	p := New(testInfo(nil))
	in := p.Source(nodeIn, newLines(2, numbers(0, 100)...), SourceOptions{Lines: true})
	p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{p.Sink(nodeOut, sink, SinkOptions{})}, Lanes: 1, Nodes: []int{nodeIn, nodeWork}},
		func(l *Lane) (Loop, error) { return &holdLoop{Lane: l, size: 7}, nil })
	if _, err := run(t, p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, parts(sink.lines()), numbers(0, 100))
	if n := len(sink.lines()); n != 15 {
		t.Errorf("%d groups", n)
	}
}

// A batch whose records are held is not done; and whoever waits gets his answer
// without more input.
func TestHoldingLoopAnswers(t *testing.T) {
	noLeaks(t)
	a := newAnswers(t)
	sink := &memorySink{}
	source := newLines(2, numbers(0, 40)...)
	source.done = a.done
	source.wait = func(ctx context.Context, n int) error {
		for a.count() < n {
			if !sleep(ctx, 100_000) {
				return ctx.Err()
			}
		}
		return nil
	}
	a.safe = func(n int) bool {
		sink.mu.Lock()
		defer sink.mu.Unlock()
		return len(parts(strings.Split(string(sink.data[:sink.synced]), "\n"))) >= 2*n+2
	}
	p := New(testInfo(nil))
	in := p.Source(nodeIn, source, SourceOptions{Lines: true, Answers: true})
	p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{p.Sink(nodeOut, sink, SinkOptions{})}, Lanes: 2, Nodes: []int{nodeIn, nodeWork}},
		func(l *Lane) (Loop, error) { return &holdLoop{Lane: l, size: 7}, nil })
	if _, err := run(t, p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, parts(sink.lines()), numbers(0, 40))
	if a.count() != 20 {
		t.Error(a.order)
	}
}

func TestWiringMistakes(t *testing.T) {
	rows := QueueOptions{Rows: RowsOf[string]()}
	for want, wire := range map[string]func(p *Program){
		"feeds no region": func(p *Program) { p.Source(nodeIn, newLines(1), SourceOptions{}) },
		"no dead-letter sink": func(p *Program) {
			p.info.Nodes[nodeWork].Policy.Then = Dead
			p.policies[nodeWork] = Policy{Then: Dead, Dead: nodeOut}
			in := p.Source(nodeIn, newLines(1), SourceOptions{})
			p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{p.Sink(nodeOut, &memorySink{}, SinkOptions{})}}, plain(nil))
		},
		"there is no node 99": func(p *Program) { p.Sink(99, &memorySink{}, SinkOptions{}) },
		"must be one queue": func(p *Program) {
			in := p.Source(nodeIn, newLines(1), SourceOptions{})
			p.Region("r", RegionOptions{From: []*Input{in}, Keyed: true}, plain(nil))
		},
		"needs Ends or Rows": func(p *Program) {
			in := p.Source(nodeIn, newLines(1), SourceOptions{})
			to, from := p.Queue("q", rows)
			p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{to}}, plain(nil))
			p.Region("s", RegionOptions{From: []*Input{from}, Keyed: true, Nodes: []int{nodeMore}, To: []*Target{p.Sink(nodeOut, &memorySink{}, SinkOptions{})}}, plain(nil))
		},
		"belongs to region r": func(p *Program) {
			in := p.Source(nodeIn, newLines(1), SourceOptions{})
			p.Region("r", RegionOptions{From: []*Input{in}}, plain(nil))
			p.Region("s", RegionOptions{From: []*Input{in}}, plain(nil))
		},
		"is fed by no region": func(p *Program) {
			_, from := p.Queue("q", rows)
			p.Region("s", RegionOptions{From: []*Input{from}, Nodes: []int{nodeMore}}, plain(nil))
		},
		"must say which nodes": func(p *Program) {
			in := p.Source(nodeIn, newLines(1), SourceOptions{})
			to, from := p.Queue("q", rows)
			p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{to}}, plain(nil))
			p.Region("s", RegionOptions{From: []*Input{from}}, plain(nil))
		},
	} {
		p := New(testInfo(nil))
		wire(p)
		_, err := p.Run(context.Background(), RunOptions{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A refused request leaves nothing behind in a loop that holds records back.
func TestHoldingLoopRejects(t *testing.T) {
	noLeaks(t)
	a := newAnswers(t)
	sink := &memorySink{}
	lines := numbers(0, 40)
	lines[13] = "bad"
	source := newLines(4, lines...)
	source.done = a.done
	p := New(testInfo(then(nodeWork, Reject)))
	in := p.Source(nodeIn, source, SourceOptions{Lines: true, Answers: true})
	p.Region("r", RegionOptions{From: []*Input{in}, To: []*Target{p.Sink(nodeOut, sink, SinkOptions{})}, Lanes: 1, Nodes: []int{nodeIn, nodeWork}},
		func(l *Lane) (Loop, error) { return &holdLoop{Lane: l, size: 3}, nil })
	if _, err := run(t, p, RunOptions{}); err != nil {
		t.Fatal(err)
	}
	equalLines(t, parts(sink.lines()), append(numbers(0, 12), numbers(16, 40)...))
	for n, err := range a.errs {
		if (err != nil) != (n == 3) {
			t.Errorf("batch %d: %v", n, err)
		}
	}
}

// keyedHold holds back the rows of its lane.
type keyedHold struct {
	*rowLoop
	size int
	held []string
}

func (l *keyedHold) Run(b *Batch) {
	rows := *b.Rows.(*[]string)
	for ; l.Next < len(rows); l.Next++ {
		l.Record.Index = l.Next
		if int(b.Lanes[l.Next]) != l.Index {
			continue
		}
		l.count++
		if l.held = append(l.held, rows[l.Next]); len(l.held) == l.size {
			l.Release()
		}
	}
}
func (l *keyedHold) Holding() bool { return len(l.held) > 0 }
func (l *keyedHold) Flush()        { l.Release() }
func (l *keyedHold) Release() {
	for _, row := range l.held {
		out := l.Outs[0]
		out.Data = append(append(out.Data, row...), '\n')
		out.Ends = append(out.Ends, uint32(len(out.Data)))
		out.Count++
		l.Origin(0)
	}
	l.held = l.held[:0]
}

// Every lane of a keyed region may hold records of the same batch.
func TestKeyedHolding(t *testing.T) {
	noLeaks(t)
	for _, waits := range []bool{false, true} {
		a := newAnswers(t)
		sink := &memorySink{}
		source := newLines(10, numbers(0, 1000)...)
		if waits {
			source.done = a.done
		}
		k := newTwo(source, sink, twoOptions{
			key: func(line string) string { return line[len(line)-3:] }, queue: QueueOptions{Origins: true},
			sink: SinkOptions{Ends: true}, one: RegionOptions{Lanes: 1},
		})
		two := k.p.regions[1]
		two.o.Keyed, two.o.Lanes, two.o.Unordered = true, 3, true
		two.newLoop = func(l *Lane) (Loop, error) {
			return &keyedHold{rowLoop: &rowLoop{Lane: l, node: nodeMore}, size: 7}, nil
		}
		if _, err := run(t, k.p, RunOptions{}); err != nil {
			t.Fatal(err)
		}
		equalLines(t, byKey(sink.lines()), byKey(numbers(0, 1000)))
		if waits && a.count() != 100 {
			t.Errorf("%d answers", a.count())
		}
	}
}
