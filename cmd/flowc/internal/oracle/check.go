package oracle

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Run is what a program said at its end.
type Run struct {
	// Failed tells that it ended with an error.
	Failed bool
	// Report is the report as JSON.
	Report []byte
	// Again tells that the program was killed and started anew: the report is then
	// of the last start alone, and dead letters may be there twice.
	Again bool
	// Set are settings of the run; they may move what a sink writes.
	Set Setting
}

// A Setting changes a built program: the path of a sink.
type Setting struct{ Node, Path string }

// String is the setting as the program reads it; "" for none.
func (s Setting) String() string {
	if s.Node == "" {
		return ""
	}
	return s.Node + ".config.path=" + s.Path
}

// Setting moves what one of the sinks writes to somewhere else, if there is one
// that writes to one file.
func (c *Case) Setting() Setting {
	for _, n := range c.p.sinks {
		if n.use == "file" && n.keyed == nil && !n.dead {
			return Setting{n.name, "moved/" + n.path}
		}
	}
	return Setting{}
}

// report is what is read of the report.
type report struct {
	OK     bool
	Ending string
	Error  string
	Nodes  map[string]struct {
		Counts
		Pending int64
	}
	Sources, Sinks map[string]struct{ Records, Bytes int64 }
}

// Check compares what a program left in dir, where it ran, with what the
// pipeline means. It returns the differences; an error is one of the case itself.
func (c *Case) Check(dir string, run Run) (differences []string, err error) {
	c.p.text() // sets the lines
	if run.Set.Node != "" {
		c = c.moved(run.Set)
	}
	out, err := interpret(c.p, c.files)
	if err != nil {
		return nil, err
	}
	k := &checker{c: c, dir: dir, out: out, run: run}
	if err := json.Unmarshal(run.Report, &k.report); err != nil {
		return nil, fmt.Errorf("the report: %w", err)
	}
	if len(out.stops) > 0 {
		k.stopped()
		return k.list, nil
	}
	if run.Failed {
		k.differs("the program failed: %s", k.report.Error)
		return k.list, nil
	}
	for path, items := range sorted(out.files) {
		k.file(path, out.sinks[path], items)
	}
	for _, n := range c.p.sinks {
		if n.dead {
			k.letters(n)
		}
	}
	k.others()
	if !run.Again {
		k.counters()
	}
	return k.list, nil
}

// moved is the case whose pipeline has a setting.
func (c *Case) moved(s Setting) *Case {
	out := *c
	out.p = c.p.clone()
	for _, n := range out.p.sinks {
		if n.name == s.Node {
			n.path = s.Path
		}
	}
	return &out
}

// Stops tells whether a record of the case ends the program.
func (c *Case) Stops() bool {
	out, err := interpret(c.p, c.files)
	return err == nil && len(out.stops) > 0
}

// A checker collects differences.
type checker struct {
	c      *Case
	dir    string
	out    *outcome
	run    Run
	report report
	list   []string
}

func (k *checker) differs(format string, args ...any) {
	k.list = append(k.list, fmt.Sprintf(format, args...))
}

// read is the content of an output, decompressed.
func (k *checker) read(path string) ([]byte, bool) {
	b, err := os.ReadFile(filepath.Join(k.dir, path))
	if err == nil && strings.HasSuffix(path, ".gz") {
		b, err = gunzip(b)
	}
	if err != nil {
		k.differs("%s: %v", path, err)
		return nil, false
	}
	return b, true
}

// file compares the records of a file.
func (k *checker) file(path string, n *node, want []item) {
	b, ok := k.read(path)
	if !ok {
		return
	}
	if n.format == "text" { // what a record holds are lines
		want = inLines(want)
	}
	got, err := apart(b, n)
	if err != nil {
		k.differs("%s: %v in\n%s", path, err, shortened(b))
		return
	}
	if k.c.isOrdered(n) {
		if d := interleaved(got, want); d != "" {
			k.differs("%s: %s", path, d)
		}
		return
	}
	if d := unordered(got, want); d != "" {
		k.differs("%s: %s", path, d)
	}
}

func inLines(items []item) []item {
	var out []item
	for _, i := range items {
		for line := range bytes.SplitSeq(i.bytes, []byte("\n")) {
			out = append(out, item{group: i.group, bytes: line})
		}
	}
	return out
}

// apart takes the content of a sink's file apart into its records.
func apart(b []byte, n *node) ([][]byte, error) {
	switch n.format {
	case "json":
		if string(b) == "[]\n" {
			return nil, nil
		}
		body, ok := bytes.CutPrefix(b, []byte("[\n"))
		body, end := bytes.CutSuffix(body, []byte("\n]\n"))
		if !ok || !end {
			return nil, fmt.Errorf("no array")
		}
		var out [][]byte
		for i := 0; i < len(body); {
			e, err := valueEnd(body, i)
			if err != nil {
				return nil, err
			}
			out = append(out, body[i:e])
			if i = e; i < len(body) {
				if !bytes.HasPrefix(body[i:], []byte(",\n")) {
					return nil, fmt.Errorf("no comma")
				}
				i += 2
			}
		}
		return out, nil
	case "csv":
		form := plainCSV
		if n.csv != nil {
			form = *n.csv
		}
		head := []byte(form.header(n.in))
		rest, ok := bytes.CutPrefix(b, head)
		if !ok {
			return nil, fmt.Errorf("no header %q", head)
		}
		var out [][]byte
		for i := 0; i < len(rest); {
			e := lineEnd(rest, i, true, form)
			if e == len(rest) {
				return nil, fmt.Errorf("the last row does not end")
			}
			out = append(out, rest[i:e+1])
			i = e + 1
		}
		return out, nil
	}
	if len(b) == 0 {
		return nil, nil
	}
	body, ok := bytes.CutSuffix(b, []byte("\n"))
	if !ok {
		return nil, fmt.Errorf("the last line does not end")
	}
	return bytes.Split(body, []byte("\n")), nil
}

func (i item) is(got []byte) bool {
	if i.loose {
		return bytes.Equal(squeezed(i.bytes), squeezed(got))
	}
	return bytes.Equal(i.bytes, got)
}

// maxStates bounds the ways that interleaved follows at once.
const maxStates = 5000

// interleaved compares records with those of several groups, each of which has
// its order, while there is none between them.
func interleaved(got [][]byte, want []item) string {
	var groups [][]item
	index := map[string]int{}
	for _, i := range want {
		at, ok := index[i.group]
		if !ok {
			at, index[i.group] = len(groups), len(groups)
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], i)
	}
	// A state says how many records of each group were seen. Several are possible
	// where groups have the same records.
	states := map[string][]int{"": make([]int, len(groups))}
	for at, g := range got {
		next := map[string][]int{}
		for _, s := range states {
			for k, list := range groups {
				if s[k] >= len(list) || !list[s[k]].is(g) {
					continue
				}
				t := slices.Clone(s)
				t[k]++
				next[fmt.Sprint(t)] = t
			}
		}
		if len(next) > maxStates {
			return unordered(got, want) // too many are alike
		}
		if len(next) == 0 {
			expected := "nothing"
			for _, s := range states {
				for k, list := range groups {
					if s[k] < len(list) {
						expected = string(shortened(list[s[k]].bytes))
					}
				}
				break
			}
			return fmt.Sprintf("record %d of %d is\n  %s\nand not\n  %s\n  (%d are expected)", at+1, len(got), shortened(g), expected, len(want))
		}
		states = next
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d records, and not %d; the next were %s", len(got), len(want), shortened(want[len(got)].bytes))
	}
	return ""
}

// unordered compares records without their order: first those whose bytes are
// known, so that none of them is taken for one of which only some are.
func unordered(got [][]byte, want []item) string {
	left := slices.Clone(want)
	take := func(g []byte, loose bool) bool {
		i := slices.IndexFunc(left, func(i item) bool { return i.loose == loose && i.is(g) })
		if i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
		return i >= 0
	}
	var rest []int
	for at, g := range got {
		if !take(g, false) {
			rest = append(rest, at)
		}
	}
	for _, at := range rest {
		if !take(got[at], true) {
			return fmt.Sprintf("record %d is not expected: %s", at+1, shortened(got[at]))
		}
	}
	if len(left) > 0 {
		return fmt.Sprintf("%d records are missing, the first is %s", len(left), shortened(left[0].bytes))
	}
	return ""
}

func shortened(b []byte) []byte {
	const longest = 2000
	if len(b) > longest {
		return append(slices.Clone(b[:longest]), "…"...)
	}
	return b
}

// isOrdered tells whether the records of each source come to a node in its
// order: not where some of them wait in queues that others pass by.
func (c *Case) isOrdered(n *node) bool {
	f := newFacts(c.p)
	var sources func(*node) map[*node]bool
	sources = func(n *node) map[*node]bool {
		if n.role == source {
			return map[*node]bool{n: true}
		}
		out := map[*node]bool{}
		for _, r := range n.from {
			for s := range sources(r.node) {
				out[s] = true
			}
		}
		return out
	}
	if n.unordered {
		return false
	}
	through := map[*node]*node{}
	for _, r := range n.from {
		if !c.isOrdered(r.node) {
			return false
		}
		region := f.region(r.node)
		for s := range sources(r.node) {
			if other := through[s]; other != nil && other != region {
				return false
			}
			through[s] = region
		}
	}
	return true
}

// others looks for files that nobody should have written.
func (k *checker) others() {
	known := map[string]bool{}
	for path := range k.out.files {
		known[path] = true
	}
	for _, f := range k.c.files {
		known[f.Path] = true
	}
	for _, n := range k.c.p.sinks {
		if n.dead {
			known[n.path] = true
		}
	}
	err := filepath.WalkDir(k.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(k.dir, path)
		if !known[filepath.ToSlash(rel)] {
			k.differs("there is a file %s", rel)
		}
		return err
	})
	if err != nil {
		k.differs("%v", err)
	}
}

// A deadLetter is one as it is written.
type deadLetter struct {
	Pipeline, Node, Line, Code, Error string
	Attempts                          int
	Time, Source                      string
	Position, Record                  json.RawMessage
	Data                              string
	Input                             json.RawMessage
}

// badData is the code here of whatever can't be read or written: of several
// mistakes in one record any may be found first, and each has a code.
const badData = "bad data"

var readingCodes = map[string]bool{"syntax": true, "missing": true, "value": true, "event-type": true, "no-match": true}

// letters compares dead letters: which record, which node, which code.
func (k *checker) letters(n *node) {
	b, ok := k.read(n.path)
	if !ok {
		return
	}
	var got []string
	for line := range bytes.Lines(b) {
		var l deadLetter
		if err := json.Unmarshal(line, &l); err != nil {
			k.differs("%s: %v in %s", n.path, err, line)
			return
		}
		if l.Pipeline != k.c.p.name || l.Error == "" || l.Time == "" {
			k.differs("%s: a letter without its pipeline, error or time: %s", n.path, line)
		}
		if readingCodes[l.Code] {
			l.Code = badData
		}
		if l.Code == "panic" || l.Code == "arithmetic" {
			// It has the line of its expression.
			l.Line = k.inside(l.Node, l.Line)
		}
		if k.showsNoInput(l.Node, l.Code) {
			l.Input = nil
		}
		got = append(got, l.text())
	}
	var want []string
	for _, l := range k.out.dead[n] {
		want = append(want, k.letter(l).text())
	}
	slices.Sort(got)
	slices.Sort(want)
	if k.run.Again {
		got, want = slices.Compact(got), slices.Compact(want)
	}
	for i := 0; i < len(got) || i < len(want); i++ {
		switch {
		case i >= len(want) || i < len(got) && got[i] < want[i]:
			k.differs("%s has\n  %s\nwhich is not expected, of %d letters (%d are expected)", n.path, got[i], len(got), len(want))
			return
		case i >= len(got) || got[i] > want[i]:
			next := "nothing"
			if i < len(got) {
				next = got[i]
			}
			k.differs("%s lacks\n  %s\nand goes on with\n  %s\nit has %d letters (%d are expected)", n.path, want[i], next, len(got), len(want))
			return
		}
	}
}

func (l deadLetter) text() string {
	return fmt.Sprintf("%s %s %s attempts %d, %s %s: record %s data %s input %s", l.Node, l.Line, l.Code, l.Attempts, l.Source, l.Position, l.Record, l.Data, canonical(l.Input))
}

// canonical is JSON in one spelling: how strings are escaped in an input is not
// said anywhere.
func canonical(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return b
	}
	out, err := json.Marshal(v)
	if err != nil {
		return b
	}
	return out
}

// inside is "its lines" where a place lies in the lines of a node.
func (k *checker) inside(name, place string) string {
	for _, n := range k.c.p.all() {
		for line := n.line; n.name == name && line <= n.last; line++ {
			if place == fmt.Sprintf("%s:%d", k.c.p.file(), line) {
				return "its lines"
			}
		}
	}
	return place
}

// showsNoInput tells whether letters of a node are not compared by what it got:
// nobody knows that after a panic, and where records that were changed meet such
// that were not, it may be shown for all of them.
func (k *checker) showsNoInput(name, code string) bool {
	if code == "panic" || code == "arithmetic" {
		return true
	}
	f := newFacts(k.c.p)
	for _, n := range k.c.p.processors {
		if n.name != name {
			continue
		}
		all := form{}
		for _, r := range n.from {
			in := f.form(r)
			all.intact = append(all.intact, in.intact...)
			all.made = all.made || in.made
		}
		return all.made && len(all.intact) > 0 || k.joins(n)
	}
	return false
}

// joins tells whether records that were changed and such that were not come to a
// node.
func (k *checker) joins(n *node) bool {
	f := newFacts(k.c.p)
	changed, plain := false, false
	for _, r := range n.from {
		if f.form(r).changed {
			changed = true
		} else {
			plain = true
		}
	}
	return changed && plain
}

func (k *checker) letter(l letter) deadLetter {
	o := l.origin
	out := deadLetter{Node: l.node.name, Line: fmt.Sprintf("%s:%d", k.c.p.file(), l.node.line), Code: l.code, Attempts: l.attempts, Source: o.source.name}
	if l.code == "panic" || l.code == "arithmetic" {
		out.Line = "its lines"
	}
	file, _ := json.Marshal(o.file)
	switch o.source.format {
	case "ndjson", "text":
		out.Position = fmt.Appendf(nil, `{"split":%s,"line":%d,"offset":%d}`, file, o.frame.line, o.frame.offset)
	default:
		out.Position = fmt.Appendf(nil, `{"split":%s,"record":%d,"offset":%d}`, file, o.frame.number, o.frame.offset)
	}
	switch data := o.frame.data; {
	case len(data) == 0:
	case isStrict(data):
		out.Record = compact(data)
	default:
		out.Data = base64.StdEncoding.EncodeToString(data)
	}
	if len(l.input) > 0 && !k.showsNoInput(l.node.name, l.code) {
		switch {
		case !isStrict(l.input) && bytes.Equal(l.input, o.frame.data):
		case !isStrict(l.input): // as a text then
			out.Input, _ = appendString(nil, strings.ToValidUTF8(string(l.input), "\uFFFD"))
		case !bytes.Equal(compact(l.input), out.Record):
			out.Input = compact(l.input)
		}
	}
	return out
}

// counters compares the report.
func (k *checker) counters() {
	r := &k.report
	if !r.OK || r.Ending != "complete" {
		k.differs("the report says ok %v, ending %s: %s", r.OK, r.Ending, r.Error)
	}
	for _, n := range k.c.p.all() {
		got, want := r.Nodes[n.name], k.out.counts[n]
		if n.role == sink {
			want.Emitted = 0
		}
		if got.Counts != *want || got.Pending != 0 {
			k.differs("node %s counts %+v, and not %+v", n.name, got, *want)
		}
		if got.In != got.Out+got.Filtered+got.Dead+got.Dropped+got.Failed {
			k.differs("node %s does not add up: %+v", n.name, got)
		}
		if n.role == source {
			if s := r.Sources[n.name]; s.Records != want.In || s.Bytes != k.out.bytes[n] {
				k.differs("source %s read %+v, and not %d records of %d bytes", n.name, s, want.In, k.out.bytes[n])
			}
		}
		if n.role == sink {
			if s := r.Sinks[n.name]; s.Records != want.Out {
				k.differs("sink %s wrote %+v, and not %d records", n.name, s, want.Out)
			}
		}
	}
	if len(r.Nodes) != len(k.c.p.all()) {
		k.differs("the report has %d nodes, and not %d", len(r.Nodes), len(k.c.p.all()))
	}
}

// stopped looks at a program that a record ended.
func (k *checker) stopped() {
	r := &k.report
	if !k.run.Failed || r.OK || r.Ending != "failed" {
		k.differs("the program should have stopped (%d records do that, the first at %s), and says ok %v, ending %s", len(k.out.stops), k.out.stops[0].node.name, r.OK, r.Ending)
		return
	}
	named := false
	for _, l := range k.out.stops {
		place := fmt.Sprintf("`%s` failed", l.node.name)
		named = named || strings.Contains(r.Error, place)
	}
	if !named {
		k.differs("the program stopped for %s, and not at %s or another of %d", r.Error, k.out.stops[0].node.name, len(k.out.stops))
	}
	failed := int64(0)
	for name, got := range r.Nodes {
		failed += got.Failed
		if got.In != got.Out+got.Filtered+got.Dead+got.Dropped+got.Failed+got.Pending {
			k.differs("node %s does not add up: %+v", name, got)
		}
	}
	if failed == 0 {
		k.differs("no node counts a failure, and the program stopped for %s", r.Error)
	}
	for path, n := range k.out.sinks {
		if _, err := os.Stat(filepath.Join(k.dir, path)); err == nil && n.keyed == nil && n.posting == nil {
			k.differs("%s is there, though the program did not end well", path)
		}
	}
}
