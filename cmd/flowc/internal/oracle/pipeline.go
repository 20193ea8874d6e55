package oracle

import "slices"

// A pipeline is what the generator makes and the interpreter runs; [pipeline.text]
// writes it for the compiler.
type pipeline struct {
	// language is what it is spelled in; indent is that of one level of JSON, ""
	// where it has none, and no lines.
	language   language
	indent     string
	name       string
	types      []*typ
	sources    []*node
	processors []*node // in the order of the file
	sinks      []*node
	// common is the policy of `defaults`, nil for none; validate its validation.
	common   *policy
	validate string
	// every is the time between checkpoints, "" where it is not said.
	every string
}

// A role is the block that a node stands in.
type role int

const (
	source role = iota
	processor
	sink
)

// A node is one of the pipeline.
type node struct {
	name    string
	role    role
	onError *policy

	// line is where its name stands in the YAML, last where it ends.
	line, last int

	// Processors and sinks: what they read, and the type of that.
	from []ref
	in   *typ

	// Processors.
	verb      verb
	cond      *expr    // filter; a body where it says so
	assigns   []assign // map, set, check
	unset     []string // wire names
	ports     []port   // route, in their order
	parse     *parsing
	body      *body      // map, flatmap
	component *component // Go of a package
	lets      []*let
	parallel  int
	// key says which records stay in their order, unordered that none do.
	key       *expr
	unordered bool
	// out is the type of what leaves the node, where it has one output;
	// declared tells that the pipeline says it.
	out      *typ
	declared bool

	// drop are outputs that nobody takes; all tells that the pipeline does not
	// list them.
	drop    []string
	dropAll bool

	// Sources and sinks.
	use         string // file, http, drop
	path        string
	format      string
	named       bool // the config says the format
	compression string
	csv         *csvForm
	noHeader    bool
	validate    string
	by          string
	variants    []variant
	other       bool     // else: json
	keyed       []*expr  // the values in a sink's path
	keyedAs     []string // what stands before each, and behind the last
	posting     *posting // of a sink of use http
	dead        bool
}

type verb string

const (
	vFilter  verb = "filter"
	vMap     verb = "map"
	vSet     verb = "set"
	vCheck   verb = "check"
	vFlatmap verb = "flatmap"
	vRoute   verb = "route"
	vParse   verb = "parse"
	vGo      verb = "use" // a component
)

// A ref is an output of a node: port is "" where it has one.
type ref struct {
	node *node
	port string
}

// An assign is a field and its value, or a condition and its name.
type assign struct {
	name, goName string
	expr         *expr
}

// A port is an output of a route; cond is nil for `else`.
type port struct {
	name string
	cond *expr
}

// A variant is an event type of a source.
type variant struct {
	value string
	typ   *typ
}

// A policy is what becomes of records that fail.
type policy struct {
	then    string // drop, stop, or dead
	dead    *node
	retry   int // -1 where it is not written
	maxDead string
}

// file is the name of the pipeline's file.
func (p *pipeline) file() string { return "pipeline." + string(p.language) }

// text is that of the pipeline. It sets the lines of the nodes.
func (p *pipeline) text() string {
	if p.language == inYAML {
		return p.yaml()
	}
	return p.braced()
}

// all are the nodes of a pipeline in the order of the file.
func (p *pipeline) all() []*node { return slices.Concat(p.sources, p.processors, p.sinks) }

// outputs are the ports of a node with the types of their records.
func (n *node) outputs() []ref {
	switch {
	case n.role == sink:
		return nil
	case n.role == source && n.by != "":
		var out []ref
		for _, v := range n.variants {
			out = append(out, ref{n, v.typ.name})
		}
		if n.other {
			out = append(out, ref{n, "json"})
		}
		return out
	case n.verb == vRoute:
		var out []ref
		for _, p := range n.ports {
			out = append(out, ref{n, p.name})
		}
		return out
	case n.verb == vGo && n.component.shape == shPorts:
		var out []ref
		for _, p := range n.component.ports {
			out = append(out, ref{n, p.name})
		}
		return out
	}
	return []ref{{n, ""}}
}

// typ is the type of the records of an output.
func (r ref) typ() *typ {
	n := r.node
	switch {
	case n.role == source && n.by != "":
		for _, v := range n.variants {
			if v.typ.name == r.port {
				return v.typ
			}
		}
		return tRaw
	case n.verb == vGo && n.component.shape == shPorts:
		for _, p := range n.component.ports {
			if p.name == r.port {
				return p.typ
			}
		}
	case n.out != nil:
		return n.out
	}
	return n.in
}

func (r ref) spelled() string {
	if r.port == "" {
		return r.node.name
	}
	return r.node.name + "." + r.port
}

// Records that are no structs: raw values, lines of text, and strings that a map
// made.
var (
	tRaw  = &typ{kind: kJSON}
	tText = &typ{kind: kString, name: "text"}
	tLine = &typ{kind: kString, name: "line"}
)

// consumers are the nodes that take an output, in the order of the file.
func (p *pipeline) consumers(r ref) []*node {
	var out []*node
	for _, n := range slices.Concat(p.processors, p.sinks) {
		if slices.Contains(n.from, r) {
			out = append(out, n)
		}
	}
	return out
}

// policyOf is the policy of a node: its own, else that of `defaults`, else stop.
func (p *pipeline) policyOf(n *node) policy {
	if n.onError != nil {
		return *n.onError
	}
	if p.common != nil {
		return *p.common
	}
	return policy{then: "stop", retry: -1}
}

// dropUnusedDefault takes the policy out of `defaults` that no node has: the sink
// that it names would be fed by nobody.
func (p *pipeline) dropUnusedDefault() {
	if !slices.ContainsFunc(p.all(), func(n *node) bool { return !n.dead && n.use != "drop" && n.onError == nil }) {
		p.common = nil
	}
}

func (p *pipeline) validation(n *node) string {
	switch {
	case n.validate != "":
		return n.validate
	case p.validate != "":
		return p.validate
	}
	return "structural"
}

// beside are the expressions of a sink: they are of each record, beside it.
func (n *node) beside() []*expr {
	if n.posting != nil {
		return n.posting.exprs()
	}
	return n.keyed
}

// writes tells whether a node is a sink that writes bytes.
func (n *node) writes() bool { return n.use == "file" || n.use == "http" }

// exprs are the expressions that a node evaluates on what it gets.
func (n *node) exprs() []*expr {
	var out []*expr
	add := func(e *expr) {
		if e != nil {
			out = append(out, e)
		}
	}
	add(n.cond)
	for _, a := range n.assigns {
		add(a.expr)
	}
	for _, p := range n.ports {
		add(p.cond)
	}
	if n.parse != nil {
		add(n.parse.text)
	}
	if n.body != nil {
		add(n.body.expr)
	}
	for _, e := range n.beside() {
		add(e)
	}
	add(n.key)
	return out
}

// counts tells whether a component counts its calls: what it gives then hangs on
// where the program began.
func (p *pipeline) counts() bool {
	return slices.ContainsFunc(p.processors, func(n *node) bool { return n.verb == vGo && n.component.stateful })
}
