package oracle

import (
	"bytes"
	"fmt"
	"maps"
	gopath "path"
	"slices"
	"strings"
)

// A record is one on its way through the pipeline.
type record struct {
	typ *typ
	// in is what expressions see: the fields read so far, or a text or raw value.
	in value
	// from is what fields are read from, nil for a record that was made; owner
	// is the node that read it, and answers for what can't be read.
	from  text
	owner *node
	read  map[string]bool
	// bytes are the record as it would be written, nil where it has to be made
	// from its type. same tells that nobody changed the record.
	bytes []byte
	same  bool
	// loose tells that white space in bytes is not known.
	loose bool

	origin *origin
	meta   meta
	// group names the records that this one stays in order with: those of its
	// source and of the keys of lanes on its way.
	group string
}

// An origin is where a record was read.
type origin struct {
	source *node
	file   string
	frame  frame
}

// An unreadable is panicked with where a field can't be read: the whole record
// is then an error of the node that read it.
type unreadable struct {
	owner *node
	err   error
}

// A Counts is what the report says of a node.
type Counts struct {
	In, Out, Filtered, Dead, Dropped, Failed, Emitted, Retried int64
}

// A letter is what a dead letter has to say.
type letter struct {
	node   *node
	code   string
	msg    string
	origin *origin
	input  []byte // nil where it is the record itself
	loose  bool
	// attempts is how often it was tried.
	attempts int
}

// An item is a record in a sink.
type item struct {
	group string
	bytes []byte
	loose bool
}

// An outcome is what a pipeline does with its input.
type outcome struct {
	counts map[*node]*Counts
	files  map[string][]item // by path
	sinks  map[string]*node  // that wrote them
	dead   map[*node][]letter
	// stops are the failures that end the program.
	stops []letter
	bytes map[*node]int64 // read by sources
}

// An event is one thing that happened to a record; all of them are forgotten
// where it turns out that the record could not be read.
type event struct {
	node   *node
	count  func(*Counts)
	path   string
	item   *item
	letter *letter
	stop   bool
}

// A run interprets a pipeline.
type run struct {
	p   *pipeline
	f   *facts
	log []event
	out outcome
	// calls are those of components so far.
	calls map[*node]int64
}

// interpret runs the pipeline over the files.
func interpret(p *pipeline, files []*File) (*outcome, error) {
	x := &run{p: p, f: newFacts(p), calls: map[*node]int64{}}
	x.out = outcome{counts: map[*node]*Counts{}, files: map[string][]item{}, sinks: map[string]*node{}, dead: map[*node][]letter{}, bytes: map[*node]int64{}}
	for _, n := range p.all() {
		x.out.counts[n] = &Counts{}
	}
	for _, n := range p.sinks {
		if n.use == "file" && n.keyed == nil && !n.dead {
			x.out.files[n.path], x.out.sinks[n.path] = nil, n
		}
	}
	for _, n := range p.sources {
		if err := x.source(n, files); err != nil {
			return nil, err
		}
	}
	return &x.out, nil
}

func (x *run) source(n *node, files []*File) error {
	files = slices.SortedFunc(slices.Values(files), func(a, b *File) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	for _, f := range files {
		if ok, err := gopath.Match(n.path, f.Path); err != nil || !ok {
			continue
		}
		text := f.Text()
		form := plainCSV
		if n.csv != nil {
			form = *n.csv
		}
		list, head, err := frames(text, n.format, form, !n.noHeader)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
		// A header is no record.
		x.out.bytes[n] += int64(len(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) - behind(text, head))
		var columns []string
		if n.format == "csv" {
			if columns, err = form.split(string(head)); err != nil {
				return fmt.Errorf("%s: %w", f.Path, err)
			}
		}
		for _, fr := range list {
			o := &origin{source: n, file: f.Path, frame: fr}
			x.log = x.log[:0]
			err := x.guard(n, func() {
				x.count(n, func(c *Counts) { c.In++ })
				r, port := x.decode(n, o, columns, form)
				x.send(n, port, r)
			})
			if err != nil {
				x.log = x.log[:0]
				x.count(n, func(c *Counts) { c.In++ })
				x.fail(n, &record{origin: o, same: true}, fault{code: badData, msg: err.Error()})
			}
			x.commit()
		}
	}
	return nil
}

// behind is the length of a header with its line end.
func behind(text, head []byte) int {
	if head == nil {
		return 0
	}
	at := bytes.Index(text, head) + len(head)
	end := bytes.IndexByte(text[at:], '\n')
	if end < 0 {
		return len(head)
	}
	return len(head) + end + 1
}

// guard calls f and gives the error of a record that owner could not read.
func (x *run) guard(owner *node, f func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			u, ok := v.(unreadable)
			if !ok || u.owner != owner {
				panic(v)
			}
			err = u.err
		}
	}()
	f()
	return nil
}

func (x *run) count(n *node, f func(*Counts)) { x.log = append(x.log, event{node: n, count: f}) }

// commit makes what happened to a record true.
func (x *run) commit() {
	for _, e := range x.log {
		switch {
		case e.count != nil:
			e.count(x.out.counts[e.node])
		case e.item != nil:
			x.out.files[e.path] = append(x.out.files[e.path], *e.item)
			x.out.sinks[e.path] = e.node
		case e.stop:
			x.out.stops = append(x.out.stops, *e.letter)
		default:
			x.out.dead[e.node] = append(x.out.dead[e.node], *e.letter)
			c := x.out.counts[e.node]
			c.In++
			c.Out++
		}
	}
}

// decode makes a record of what a source read, and says at which port it leaves.
func (x *run) decode(n *node, o *origin, columns []string, form csvForm) (*record, string) {
	bad := func(err error) { panic(unreadable{n, err}) }
	data := o.frame.data
	r := &record{
		typ: n.out, origin: o, owner: n, group: n.name, read: map[string]bool{}, same: true,
		meta: meta{path: o.file, line: o.frame.line, offset: o.frame.offset},
	}
	switch {
	case n.out == tText:
		r.in, r.bytes, r.owner = string(data), data, nil
		return r, ""
	case n.format == "csv":
		list, err := form.split(string(data))
		if err != nil {
			bad(err)
		}
		if len(list) != len(columns) {
			bad(fmt.Errorf("%d cells", len(list)))
		}
		row := cells{}
		for i, name := range columns {
			row[name] = list[i]
		}
		r.from, r.in = row, object{}
		return r, ""
	}
	r.bytes = bytes.Trim(data, " \t\r\n")
	if x.p.validation(n) == "full" && !isStrict(data) {
		bad(fmt.Errorf("not strict"))
	}
	if n.out == tRaw {
		return x.rawRecord(r, ref{n, ""}), ""
	}
	doc, err := newJSONText(data)
	if err != nil {
		bad(err)
	}
	if n.by == "" {
		x.unrepeated(n, doc, ref{n, ""})
		r.from, r.in = doc, object{}
		return r, ""
	}
	// All event types are looked for in one scan.
	for _, out := range n.outputs() {
		if out.port != "json" {
			x.unrepeated(n, doc, out)
		}
	}
	tag, err := doc.value([]*field{{wire: n.by, typ: tString}})
	if err != nil {
		bad(err)
	}
	for _, v := range n.variants {
		if v.value == tag {
			r.typ, r.from, r.in = v.typ, doc, object{}
			return r, v.typ.name
		}
	}
	if !n.other {
		bad(fmt.Errorf("no type %s", tag))
	}
	r.typ = tRaw
	return x.rawRecord(r, ref{n, "json"}), "json"
}

// rawRecord is a record that is a raw value: checked in full where some stage that
// it can reach names it, else only delimited.
func (x *run) rawRecord(r *record, out ref) *record {
	looked := false
	for _, c := range x.p.consumers(out) {
		looked = looked || len(x.f.live(out, c)) > 0
	}
	end, err := valueEnd(r.bytes, 0)
	switch {
	case looked && !isStrict(r.bytes):
		panic(unreadable{r.owner, fmt.Errorf("not strict")})
	case err != nil || end != len(r.bytes):
		panic(unreadable{r.owner, fmt.Errorf("no value")})
	}
	r.in = raw(r.bytes)
	return r
}

// unrepeated refuses a record that has a member twice which is read or changed.
func (x *run) unrepeated(owner *node, doc *jsonText, out ref) {
	paths, names := x.f.wanted(out)
	for _, p := range paths {
		cur := doc
		for i, f := range out.typ().along(p) {
			b, n := cur.find(f.wire)
			if n > 1 {
				panic(unreadable{owner, fmt.Errorf("%s twice", f.wire)})
			}
			if n == 0 || i == len(p)-1 {
				break
			}
			inner, err := newJSONText(b)
			if err != nil {
				break
			}
			cur = inner
		}
	}
	for _, name := range names {
		if _, n := doc.find(name); n > 1 {
			panic(unreadable{owner, fmt.Errorf("%s twice", name)})
		}
	}
}

// ensure reads values of a record.
func (x *run) ensure(r *record, paths []path) {
	if r.from == nil {
		return
	}
	for _, p := range paths {
		if r.read[p.key()] {
			continue
		}
		v, err := r.from.value(r.typ.along(p))
		if err != nil {
			panic(unreadable{r.owner, err})
		}
		r.read[p.key()] = true
		holder := r.in.(object)
		for _, name := range p[:len(p)-1] {
			if holder[name] == nil {
				holder[name] = object{}
			}
			holder = holder[name].(object)
		}
		holder[p[len(p)-1]] = v
	}
}

// send gives a record to all who take an output.
func (x *run) send(n *node, port string, r *record) {
	out := ref{n, port}
	takers := x.p.consumers(out)
	if len(takers) == 0 { // dropped on purpose
		x.count(n, func(c *Counts) { c.Filtered++ })
		return
	}
	x.count(n, func(c *Counts) { c.Out++; c.Emitted++ })
	x.ways(out, takers, r)
}

func (x *run) ways(out ref, takers []*node, r *record) {
	if len(takers) > 1 {
		for _, c := range takers {
			x.ensure(r, x.f.live(out, c))
		}
	}
	for _, c := range takers {
		way := *r
		if x.f.crosses(out, c) || x.f.meets(c) {
			x.ensure(&way, x.f.live(out, c))
		}
		x.to(out, c, &way)
	}
}

// to is what a node does with a record.
func (x *run) to(from ref, n *node, r *record) {
	if n.role == sink {
		x.write(from, n, r)
		return
	}
	x.ensure(r, append(x.f.shown(from, n), x.f.reads(n)...))
	x.count(n, func(c *Counts) { c.In++ })
	if n.key != nil {
		r.group += fmt.Sprintf(" %s=%v", n.name, n.key.eval(&env{in: r.in, meta: r.meta}))
	}
	var next func()
	if f := attempt(func() { next = x.step(n, r) }); f != nil {
		x.fail(n, r, *f)
		return
	}
	next()
}

// attempt gives the fault that f ends with, nil for none.
func attempt(f func()) (failed *fault) {
	defer func() {
		if v := recover(); v != nil {
			f, ok := v.(fault)
			if !ok {
				panic(v)
			}
			failed = &f
		}
	}()
	f()
	return nil
}

// step is the node's own work. What comes behind it is in next, whose faults are
// not the node's.
func (x *run) step(n *node, r *record) (next func()) {
	v := &env{in: r.in, meta: r.meta}
	filtered := func() { x.count(n, func(c *Counts) { c.Filtered++ }) }
	switch n.verb {
	case vFilter:
		if !n.cond.eval(v).(bool) {
			return filtered
		}
		return func() { x.send(n, "", r) }
	case vCheck:
		for _, a := range n.assigns {
			if !a.expr.eval(v).(bool) {
				panic(fault{code: a.name, msg: "check failed"})
			}
		}
		return func() { x.send(n, "", r) }
	case vRoute:
		for _, p := range n.ports {
			if p.cond != nil && !p.cond.eval(v).(bool) {
				continue
			}
			return func() { x.send(n, p.name, r) }
		}
		panic("oracle: a route without else")
	case vMap:
		made := &record{typ: n.out, origin: r.origin, meta: r.meta, group: r.group}
		if n.body != nil {
			made.in = n.body.expr.eval(v)
		} else {
			o := object{}
			for _, a := range n.assigns {
				o[a.goName] = a.expr.eval(v)
			}
			made.in = o
		}
		return func() { x.send(n, "", made) }
	case vSet:
		return x.set(n, r, v)
	case vFlatmap:
		list, _ := n.body.expr.eval(v).([]value)
		if len(list) == 0 {
			return filtered
		}
		return func() {
			out := ref{n, ""}
			takers := x.p.consumers(out)
			x.count(n, func(c *Counts) { c.Out++; c.Emitted += int64(len(list)) })
			for _, e := range list {
				x.ways(out, takers, &record{typ: n.out, in: e, origin: r.origin, meta: r.meta, group: r.group})
			}
		}
	case vParse:
		return x.parsed(n, r, v)
	case vGo:
		return x.component(n, r)
	}
	panic("oracle: verb " + string(n.verb))
}

func (x *run) set(n *node, r *record, v *env) func() {
	o := maps.Clone(r.in.(object))
	for _, a := range n.assigns {
		o[a.goName] = a.expr.eval(v)
	}
	changed := &record{typ: n.out, in: o, origin: r.origin, meta: r.meta, group: r.group, loose: r.loose}
	if r.bytes != nil && x.f.bytesBehind(n) {
		list, err := members(r.bytes)
		if err != nil {
			panic(fault{code: badData, msg: err.Error()})
		}
		names := map[string]int{}
		for _, m := range list {
			names[m.name]++
		}
		var edits []edit
		for _, a := range n.assigns {
			e := edit{name: a.name}
			if val := o[a.goName]; val != nil || !n.out.field(a.goName).optional {
				if e.value, err = encodeJSON(nil, val, n.out.field(a.goName).typ); err != nil {
					panic(fault{code: badData, msg: err.Error()})
				}
			}
			edits = append(edits, e)
		}
		for _, name := range n.unset {
			edits = append(edits, edit{name: name})
		}
		for _, e := range edits {
			if names[e.name] > 1 {
				panic(fault{code: badData, msg: e.name + " twice"})
			}
		}
		var loose bool
		changed.bytes, loose = splice(r.bytes, edits)
		changed.loose = changed.loose || loose
	}
	return func() { x.send(n, "", changed) }
}

func (x *run) parsed(n *node, r *record, v *env) func() {
	doc, err := n.parse.read(n.parse.text.eval(v).(string))
	if err != nil {
		panic(fault{code: badData, msg: err.Error()})
	}
	made := &record{typ: n.out, from: doc, in: object{}, owner: n, read: map[string]bool{}, origin: r.origin, meta: r.meta, group: r.group}
	return func() {
		begin := len(x.log)
		err := x.guard(n, func() {
			if doc, ok := doc.(*jsonText); ok {
				x.unrepeated(n, doc, ref{n, ""})
			}
			x.send(n, "", made)
		})
		if err != nil {
			x.log = x.log[:begin]
			x.fail(n, r, fault{code: badData, msg: err.Error()})
		}
	}
}

// write puts a record into a sink.
func (x *run) write(from ref, n *node, r *record) {
	asIs := x.f.asIs(from, n)
	if n.writes() && !asIs && r.typ.kind == kStruct {
		x.ensure(r, r.typ.whole())
	}
	x.ensure(r, r.typ.reading(n.beside()...))
	x.count(n, func(c *Counts) { c.In++ })
	if !n.writes() {
		x.count(n, func(c *Counts) { c.Out++ })
		return
	}
	b, err := encodeFor(n, r, asIs)
	if err != nil {
		x.fail(n, r, fault{code: badData, msg: err.Error()})
		return
	}
	to := n.path
	if n.posting != nil {
		to = PostedFile("/" + n.posting.name)
		if f := attempt(func() { b = n.posting.line(&env{in: r.in, meta: r.meta}, b) }); f != nil {
			f.input = b
			x.fail(n, r, *f)
			return
		}
	}
	if n.keyed != nil {
		if to = n.pathOf(&env{in: r.in, meta: r.meta}); to == "" {
			x.fail(n, r, fault{code: "path", msg: "no file below its folder", input: b})
			return
		}
	}
	x.count(n, func(c *Counts) { c.Out++ })
	x.log = append(x.log, event{node: n, path: to, item: &item{group: r.group, bytes: b, loose: r.loose}})
}

// encodeFor is a record as a sink writes it, without what stands between
// records.
func encodeFor(n *node, r *record, asIs bool) ([]byte, error) {
	switch {
	case asIs && n.format == "ndjson" && bytes.ContainsAny(r.bytes, "\r\n"):
		return squeezed(r.bytes), nil
	case asIs:
		return r.bytes, nil
	case n.format == "csv":
		form := plainCSV
		if n.csv != nil {
			form = *n.csv
		}
		return form.encodeRow(nil, r.in.(object), r.typ)
	case n.format == "text":
		return []byte(r.in.(string)), nil
	}
	return encodeJSON(nil, r.in, r.typ)
}

// fail is what becomes of a record that failed at n.
func (x *run) fail(n *node, r *record, f fault) {
	l := &letter{node: n, code: f.code, msg: f.msg, origin: r.origin, loose: r.loose, attempts: max(f.attempts, 1)}
	switch p := x.p.policyOf(n); p.then {
	case "drop":
		x.count(n, func(c *Counts) { c.Dropped++ })
	case "dead":
		if !r.same && r.in != nil && n.role == processor {
			if l.input = r.bytes; l.input == nil {
				l.input = shownInput(r)
			}
		}
		if n.role == sink {
			l.input = bytes.TrimRight(f.input, "\r\n")
		}
		x.count(n, func(c *Counts) { c.Dead++ })
		x.log = append(x.log, event{node: p.dead, letter: l})
	default:
		x.count(n, func(c *Counts) { c.Failed++ })
		x.log = append(x.log, event{node: n, letter: l, stop: true})
	}
}

// shownInput is a record as a dead letter shows what a node got: nothing where
// JSON has no form for it, but a text in any case.
func shownInput(r *record) []byte {
	in := r.in
	if text, ok := in.(string); ok {
		in = strings.ToValidUTF8(text, "\uFFFD")
	}
	b, _ := encodeJSON(nil, in, r.typ)
	return b
}
