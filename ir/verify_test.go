package ir

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// sample is the second program of README.md, the one behind all passes, read anew for every test.
func sample(t *testing.T) *Program {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(strings.Split(string(readme), "```flowc-ir\n")[2], "```")
	p, err := Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *Program) testNode(id string) *Node {
	return p.Nodes[slices.IndexFunc(p.Nodes, func(n *Node) bool { return n.ID == id })]
}

func (p *Program) testEdge(name string) *Edge {
	return p.Edges[slices.IndexFunc(p.Edges, func(e *Edge) bool { return e.String() == name })]
}

// withDead gives the sample a dead-letter sink that `large` uses.
func withDead(p *Program) {
	policy := *p.testNode("large").OnError
	p.Nodes = append(p.Nodes, &Node{ID: "dead", YAML: "dead", Op: &Sink{Connector: "file", DeadLetter: true}, OnError: &policy})
	failed := policy
	failed.Then, failed.Dead = ThenDead, "dead"
	p.testNode("large").OnError = &failed
	p.Edges = append(p.Edges, &Edge{From: "large", To: "dead", Kind: Error})
	p.unlabelled()
}

// unlabelled makes the program one before fuse.
func (p *Program) unlabelled() {
	p.Regions, p.Processes = nil, nil
	for _, n := range p.Nodes {
		n.Region, n.Process = "", ""
	}
	for _, e := range p.Edges {
		e.Via, e.Depth, e.Bytes = "", 0, 0
	}
}

func TestVerifyAccepts(t *testing.T) {
	for name, change := range map[string]func(p *Program){
		"the sample":         func(*Program) {},
		"before fuse":        (*Program).unlabelled,
		"a dead-letter sink": withDead,
		"a dead-letter sink with an encoder": func(p *Program) {
			withDead(p)
			encode := *p.testNode("store.encode")
			encode.ID, encode.YAML = "dead.encode", "dead"
			p.Nodes = append(p.Nodes, &encode)
			p.testEdge("large -> dead error").To = "dead.encode"
			p.Edges = append(p.Edges, &Edge{From: "dead.encode", To: "dead", Kind: Data, Type: encode.Out[0].Type})
		},
	} {
		p := sample(t)
		change(p)
		if err := Verify(p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVerifyNamesTheCulprit(t *testing.T) {
	apply := func(p *Program, id string) *Apply { return p.testNode(id).Op.(*Apply) }
	for _, c := range []struct {
		want   string
		change func(p *Program)
	}{
		{"the program's name \"Big One\" is no DNS label", func(p *Program) { p.Name = "Big One" }},
		{"an event type has no name", func(p *Program) { p.Types = append(p.Types, &Type{Kind: String}) }},
		{"two event types have the name `Payment`", func(p *Program) { p.Types = append(p.Types, p.Types[0]) }},
		{"type Payment: field id: there is no type", func(p *Program) { p.Types[0].Fields[0].Type = nil }},
		{"type Payment: two fields have the name \"id\" or \"Account\"", func(p *Program) { p.Types[0].Fields[1].Name = "id" }},
		{"type Payment: a field lacks a name: wire \"id\", Go \"\"", func(p *Program) { p.Types[0].Fields[0].Go = "" }},
		{"type Payment: field id: a list and its element do not go together", func(p *Program) { p.Types[0].Fields[0].Type = &Type{Kind: List} }},
		{"type Payment: field id: element: a type without a name holds itself", func(p *Program) {
			list := &Type{Kind: List}
			list.Elem = list
			p.Types[0].Fields[0].Type = list
		}},
		{"type Payment: field id: an enum has no values", func(p *Program) { p.Types[0].Fields[0].Type = &Type{Kind: Enum} }},
		{"type Payment: field id: an enum has the value \"a\" twice", func(p *Program) {
			p.Types[0].Fields[0].Type = &Type{Kind: Enum, Values: []string{"a", "b", "a"}}
		}},
		{"type Payment: field id: `text` is no kind of type", func(p *Program) { p.Types[0].Fields[0].Type = &Type{Kind: "text"} }},
		{"type Payment: field id: a Go type does not say which", func(p *Program) { p.Types[0].Fields[0].Type = &Type{Kind: GoNamed} }},
		{"type Payment: field id: a string has fields", func(p *Program) {
			p.Types[0].Fields[0].Type = &Type{Kind: String, Fields: p.Types[1].Fields}
		}},
		{"type Payment: field id: a string has values", func(p *Program) {
			p.Types[0].Fields[0].Type = &Type{Kind: String, Values: []string{"a"}}
		}},
		{"two let values have the Go name `largeLimit`", func(p *Program) { p.Lets = append(p.Lets, p.Lets[0]) }},
		{"let large.limit has no Go name or no value", func(p *Program) { p.Lets[0].Value = nil }},
		{"a node has no id", func(p *Program) { p.testNode("large").ID = "" }},
		{"two nodes have the id `large`", func(p *Program) { p.testNode("receipt").ID = "large" }},
		{"node large: it belongs to no node of the pipeline", func(p *Program) { p.testNode("large").YAML = "" }},
		{"node large: it does nothing: its op is <nil>", func(p *Program) { p.testNode("large").Op = nil }},
		{"node large: it has no on_error", func(p *Program) { p.testNode("large").OnError = nil }},
		{"node large: on_error is `explode`", func(p *Program) { p.testNode("large").OnError.Then = "explode" }},
		{"node large: on_error goes to ``, and says then `dead`", func(p *Program) { p.testNode("large").OnError.Then = ThenDead }},
		{"node large: on_error retries 5 times and stops at a share of 7", func(p *Program) { p.testNode("large").OnError.MaxDead = 7 }},
		{"node large: its dead-letter sink `dead` does not exist", func(p *Program) { withDead(p); p.testNode("dead").ID = "gone" }},
		{"node large: its dead letters go to `store`, which is no dead-letter sink", func(p *Program) { withDead(p); p.testNode("large").OnError.Dead = "store" }},
		{"node large: no error edge leads to its dead-letter sink `dead`", func(p *Program) { withDead(p); p.Edges = p.Edges[:len(p.Edges)-1] }},
		{"node dead: it is its own dead-letter sink", func(p *Program) { withDead(p); p.testNode("dead").OnError = p.testNode("large").OnError }},
		{"node dead: a dead-letter sink is fed by `receipt`", func(p *Program) {
			withDead(p)
			p.Edges = append(p.Edges, &Edge{From: "receipt", To: "dead", Kind: Data, Type: p.Types[1]})
		}},
		{"node store: a sink that is no dead-letter sink is fed the failed records of `large`", func(p *Program) {
			withDead(p)
			p.testEdge("large -> dead error").To = "store"
		}},
		{"edge large -> store error: an error edge leads to `store`, which is no dead-letter sink", func(p *Program) {
			withDead(p)
			p.testEdge("large -> dead error").To = "store"
		}},
		{"edge receipt -> dead error: an error edge leaves a node whose failed records go elsewhere", func(p *Program) {
			withDead(p)
			p.Edges = append(p.Edges, &Edge{From: "receipt", To: "dead", Kind: Error})
		}},
		{"edge large:x -> dead error: an error edge leaves from a port", func(p *Program) { withDead(p); p.testEdge("large -> dead error").Port = "x" }},
		{"node large: filter: the expression \"in.Amount > limit\" is a string, not a bool", func(p *Program) { apply(p, "large").Expr.Type = &Type{Kind: String} }},
		{"node large: filter: the expression \"in.Amount > limit\" has no type", func(p *Program) { apply(p, "large").Expr.Type = nil }},
		{"node large: filter: the expression \"in.Amount > limit\" has no lowered text", func(p *Program) { apply(p, "large").Expr.Go = "" }},
		{"node large: filter: the expression \"in.Amount > limit\" reads an empty path", func(p *Program) { apply(p, "large").Expr.Reads = []Path{{}} }},
		{"node large: filter: the effect is `magic`", func(p *Program) { apply(p, "large").Expr.Effect = "magic" }},
		{"node large: filter: the expression \"in.Amount > limit\" uses the let value `largeLimit`, which the program does not have", func(p *Program) { p.Lets = nil }},
		{"node large: filter: there is no expression", func(p *Program) { apply(p, "large").Expr = nil }},
		{"node large: the verb is `sieve`", func(p *Program) { apply(p, "large").Verb = "sieve" }},
		{"node large: the verb `go` and a component do not go together", func(p *Program) { apply(p, "large").Verb = VerbGo }},
		{"node large: it checks nothing", func(p *Program) { apply(p, "large").Verb = VerbCheck }},
		{"node large: it sets and unsets nothing", func(p *Program) { apply(p, "large").Verb = VerbSet }},
		{"node receipt: a map is either an expression or fields", func(p *Program) { apply(p, "receipt").Assign = nil }},
		{"node receipt: the field `id` has no Go name", func(p *Program) { apply(p, "receipt").Assign[0].Go = "" }},
		{"node large: two ports have the name ``", func(p *Program) { n := p.testNode("large"); n.Out = append(n.Out, n.Out[0]) }},
		{"node large: one of several ports has no name", func(p *Program) { n := p.testNode("large"); n.Out = append(n.Out, Port{Name: "x", Type: p.Types[0]}) }},
		{"node large: a node without a port", func(p *Program) { p.testNode("large").Out = nil }},
		{"node large: it asks for -1 lanes", func(p *Program) { p.testNode("large").Parallel = -1 }},
		{"node ledger: it must be either a built-in or a component of the user's", func(p *Program) { p.testNode("ledger").Op.(*Source).Connector = "" }},
		{"node ledger: the key `path` is set twice", func(p *Program) {
			s := p.testNode("ledger").Op.(*Source)
			s.Config = append(s.Config, s.Config[0])
		}},
		{"node ledger: the key `path` has no value", func(p *Program) { p.testNode("ledger").Op.(*Source).Config[0].Value = nil }},
		{"node store: a sink has a port", func(p *Program) { p.testNode("store").Out = p.testNode("large").Out }},
		{"node store: the guarantee is `sometimes`", func(p *Program) { p.testNode("store").Op.(*Sink).Guarantee = "sometimes" }},
		{"node store.encode: an encoder has one port, of bytes", func(p *Program) { p.testNode("store.encode").Out[0].Type = p.Types[1] }},
		{"node store.encode: an encoder without a codec", func(p *Program) { p.testNode("store.encode").Op.(*Encode).Codec = "" }},
		{"node store.encode: an encoder feeds `large`, which is no sink", func(p *Program) { p.testEdge("store.encode -> store").To = "large" }},
		{"node ledger.decode: validate is `maybe`", func(p *Program) { p.testNode("ledger.decode").Op.(*Decode).Validate = "maybe" }},
		{"node ledger.decode: the pushed node `receipt` is no filter", func(p *Program) { p.testNode("ledger.decode").Op.(*Decode).Pushed = []string{"receipt"} }},
		{"node ledger.decode: it reads fields for the port `x`, which it does not have", func(p *Program) {
			p.testNode("ledger.decode").Op.(*Decode).Reads["x"] = nil
		}},
		{"node ledger.decode: the field that tells event types apart and its values do not go together", func(p *Program) {
			p.testNode("ledger.decode").Op.(*Decode).By = "type"
		}},
		{"node ledger.decode: the event type \"a\" is Receipt, and its port `` is Payment", func(p *Program) {
			d := p.testNode("ledger.decode").Op.(*Decode)
			d.By, d.Variants = "type", []Variant{{Value: "a", Type: p.Types[1]}}
		}},
		{"node ledger.decode: a decoder without an input is fed by one source, not by nothing", func(p *Program) { p.Edges = p.Edges[1:] }},
		{"edge ledger -> ledger.decode: it joins nodes that do not exist", func(p *Program) { p.testNode("ledger").ID = "ledge" }},
		{"edge large -> receipt: it is there twice", func(p *Program) { p.Edges = append(p.Edges, p.testEdge("large -> receipt")) }},
		{"edge large:big -> receipt: the node has no port `big`", func(p *Program) { p.testEdge("large -> receipt").Port = "big" }},
		{"edge large -> receipt: it carries Receipt, and the port gives Payment", func(p *Program) { p.testEdge("large -> receipt").Type = p.Types[1] }},
		{"edge large -> ledger: a source is fed", func(p *Program) { p.testEdge("large -> receipt").To = "ledger" }},
		{"edge large -> receipt: its way is `pigeon`", func(p *Program) { p.testEdge("large -> receipt").Via = "pigeon" }},
		{"the graph has a cycle: large -> receipt -> large", func(p *Program) {
			p.Edges = append(p.Edges, &Edge{From: "receipt", To: "large", Kind: Data, Type: p.Types[1], Via: Call})
		}},
		{"node large: it is in no region", func(p *Program) { p.Regions[0].Nodes = slices.Delete(p.Regions[0].Nodes, 2, 3) }},
		{"node store: it is in the regions `ledger` and `store`", func(p *Program) { p.Regions[0].Nodes = append(p.Regions[0].Nodes, "store") }},
		{"node large: it is in the region `ledger` and says `store`", func(p *Program) { p.testNode("large").Region = "store" }},
		{"region ledger: the node `nobody` does not exist", func(p *Program) { p.Regions[0].Nodes = append(p.Regions[0].Nodes, "nobody") }},
		{"region ledger: its head `store` is not in it", func(p *Program) { p.Regions[0].Head = "store" }},
		{"two regions have the name `ledger`", func(p *Program) { p.Regions[1].Name = "ledger" }},
		{"region store: it has -1 lanes", func(p *Program) { p.Regions[1].Lanes = -1 }},
		{"node ledger: its region `ledger` does not exist", func(p *Program) { p.Regions = nil }},
		{"edge large -> receipt: both ends are in the region `ledger`, and it is `queue`, not a call", func(p *Program) { p.testEdge("large -> receipt").Via = Queue }},
		{"edge store.encode -> store: it joins the regions `ledger` and `store`, and is `call`, not a queue", func(p *Program) { p.testEdge("store.encode -> store").Via = Call }},
		{"edge large -> receipt: a call has a queue's bounds", func(p *Program) { p.testEdge("large -> receipt").Depth = 4 }},
		{"region store: `store` is fed from `store.encode`, outside, and is not its head `large`", func(p *Program) {
			p.Regions[1].Head = "large"
			p.Regions[1].Nodes = append(p.Regions[1].Nodes, "large")
		}},
		{"node store: it is in no process", func(p *Program) { p.Processes[0].Nodes = p.Processes[0].Nodes[:5] }},
		{"edge store.encode -> store: it joins the processes `payments` and `payments`, and is `cut`", func(p *Program) { p.testEdge("store.encode -> store").Via = Cut }},
		{"memory: the parts add up to 5, not 6", func(p *Program) { p.Memory = Bound{Total: 6, Parts: []BoundPart{{"x", 5}}} }},
		{"the checkpoint's store is `sink`, and 0 sinks keep it", func(p *Program) { p.Delivery.Store = "sink" }},
		{"node store: it keeps the checkpoint, and can't", func(p *Program) {
			p.Delivery.Store, p.testNode("store").Op.(*Sink).Checkpoint = "sink", true
		}},
		{"memory: the part \"x\" is 0 bytes", func(p *Program) { p.Memory = Bound{Parts: []BoundPart{{"x", 0}}} }},
	} {
		p := sample(t)
		// The sample's policies are read as one each, so a change hits one.
		c.change(p)
		err := Verify(p)
		if err == nil {
			t.Errorf("no error, want %s", c.want)
			continue
		}
		if !slices.Contains(strings.Split(err.Error(), "\n"), c.want) {
			t.Errorf("want %s\n got %v", c.want, err)
		}
	}
}

func TestSame(t *testing.T) {
	tree := func() *Type {
		t := &Type{Kind: Struct, Name: "Tree"}
		t.Fields = []*Field{{Name: "kids", Go: "Kids", Type: &Type{Kind: List, Elem: t}}}
		return t
	}
	a, b := tree(), tree()
	if !a.Same(b) || !a.Same(a) {
		t.Error("two types that hold themselves and are made alike differ")
	}
	b.Fields[0].Optional = true
	if a.Same(b) {
		t.Error("an optional field makes no difference")
	}
	if (&Type{Kind: String}).Same(&Type{Kind: Int}) || a.Same(nil) || (&Type{Kind: String}).Same(&Type{Kind: String, Go: &GoType{Name: "ID"}}) {
		t.Error("different types are the same")
	}
}
