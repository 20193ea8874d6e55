package ir

import (
	"strings"
)

func (f *form) node(n *Node) {
	name(f, "the node's name", &n.ID)
	if f.optional("of", n.YAML != n.ID) {
		name(f, "a node of the pipeline", &n.YAML)
	} else {
		n.YAML = n.ID
	}
	f.span(&n.Span)
	f.opHead(&n.Op)
	f.flag("pure", &n.Pure)
	f.flag("keeps", &n.Keeps)
	number(f, "parallel", &n.Parallel)
	f.flag("unordered", &n.Unordered)
	number(f, "replicas", &n.Replicas)
	if f.optional("elastic", n.Elastic != nil) {
		if n.Elastic == nil {
			n.Elastic = &Elastic{}
		}
		number(f, "min", &n.Elastic.Min)
		f.mark("by")
		choice(f, &n.Elastic.By, ByLag, ByCPU)
	}
	f.span(&n.ScaleSpan)
	named(f, "was", &n.Was)
	named(f, "region", &n.Region)
	named(f, "process", &n.Process)
	f.block(func() {
		f.opBody(n.Op)
		maybe(f, "key", &n.Key, func(e *Expr) { f.expr(e, true) })
		each(f, "out", &n.Out, f.port)
		maybe(f, "on_error", &n.OnError, f.errorPolicy)
	})
}

// port is a type, or a name and a type.
func (f *form) port(p *Port) {
	if f.writes() {
		if p.Name != "" {
			name(f, "", &p.Name)
			f.mark(":")
		}
	} else {
		// A port's name is told from a type's by the colon behind it, so both
		// are read as a type is.
		word := f.in.kind == tokenWord || f.in.kind == tokenString
		if word && strings.HasPrefix(strings.TrimLeft(f.in.text[f.in.pos:], " \t"), ":") {
			p.Name = f.in.name("a port")
			f.in.expect(":")
		}
	}
	f.typ(&p.Type)
	f.span(&p.Span)
}

func (f *form) errorPolicy(e *ErrorPolicy) {
	f.span(&e.Span)
	choice(f, &e.Then, ThenStop, ThenDrop, ThenReject, ThenDead)
	named(f, "to", &e.Dead)
	f.flag("written", &e.Written)
	number(f, "retry", &e.Retry)
	f.duration("backoff", &e.Backoff)
	f.duration("max_backoff", &e.MaxBackoff)
	f.float("max_dead", &e.MaxDead)
}

var verbs = []Verb{VerbFilter, VerbMap, VerbSet, VerbCheck, VerbFlatmap, VerbGo, VerbForeign}

// opHead is the word that says what a node does, and what stands beside it.
func (f *form) opHead(p *Op) {
	if !f.writes() {
		switch {
		case f.in.accept("source"):
			*p = &Source{}
		case f.in.accept("decode"):
			*p = &Decode{}
		case f.in.accept("route"):
			*p = &Route{}
		case f.in.accept("encode"):
			*p = &Encode{}
		case f.in.accept("sink"):
			*p = &Sink{}
		default:
			var verb Verb
			if choice(f, &verb, verbs...); verb == "" {
				f.in.unexpected("")
			}
			*p = &Apply{Verb: verb}
		}
	}
	switch op := (*p).(type) {
	case *Source:
		f.keyword("source")
		f.connector(&op.Connector)
		f.flag("bounded", &op.Bounded)
	case *Decode:
		f.keyword("decode")
		name(f, "a codec", &op.Codec)
		choice(f, &op.Validate, Structural, Full, Needed)
	case *Apply:
		f.keyword(string(op.Verb))
	case *Route:
		f.keyword("route")
	case *Encode:
		f.keyword("encode")
		name(f, "a codec", &op.Codec)
		f.flag("raw", &op.Raw)
	case *Sink:
		f.keyword("sink")
		f.connector(&op.Connector)
		f.flag("deadletter", &op.DeadLetter)
		f.flag("checkpoint", &op.Checkpoint)
		choice(f, &op.Guarantee, AtMostOnce, AtLeastOnce, EffectivelyOnce)
	case nil:
		f.keyword("nothing")
	}
}

// keyword is a word that the reader has taken already.
func (f *form) keyword(word string) {
	if f.writes() {
		f.out.word(word)
	}
}

// connector is a built-in's name, or the word go for the user's own.
func (f *form) connector(v *string) {
	if f.writes() {
		switch *v {
		case "":
			f.out.word("go")
		case "go":
			f.out.word(`"go"`)
		default:
			name(f, "", v)
		}
		return
	}
	if f.in.kind == tokenWord && f.in.token == "go" {
		f.in.next()
		return
	}
	name(f, "a connector, or `go`", v)
}

func (f *form) opBody(op Op) {
	switch op := op.(type) {
	case *Source:
		maybe(f, "go", &op.Go, f.goRef)
		maybe(f, "foreign", &op.Foreign, f.foreign)
		f.facts(&op.Facts)
		each(f, "config", &op.Config, f.setting)
		each(f, "field", &op.Fields, f.assign)
		f.when("meta", op.Meta != nil, func() { f.typ(&op.Meta) })
		maybe(f, "range", &op.Range, f.rangeOf)
	case *Decode:
		each(f, "option", &op.Options, f.setting)
		maybe(f, "input", &op.Input, func(e *Expr) { f.expr(e, true) })
		f.when("by", op.By != "", func() { name(f, "a field", &op.By) })
		each(f, "variant", &op.Variants, func(v *Variant) {
			name(f, "a value", &v.Value)
			f.mark("to")
			name(f, "a port", &v.Port)
			f.typ(&v.Type)
		})
		f.when("else", op.Else != "", func() { name(f, "a port", &op.Else) })
		f.portReads(&op.Reads)
		f.when("pushed", len(op.Pushed) > 0, func() {
			commas(f, &op.Pushed, func(s *string) { name(f, "a node", s) })
		})
	case *Apply:
		maybe(f, "expr", &op.Expr, func(e *Expr) { f.expr(e, true) })
		each(f, "assign", &op.Assign, f.assign)
		f.when("unset", len(op.Unset) > 0, func() {
			commas(f, &op.Unset, func(s *string) { name(f, "a field", s) })
		})
		maybe(f, "go", &op.Go, f.goRef)
		maybe(f, "foreign", &op.Foreign, f.foreign)
		f.when("meta", op.Meta != nil, func() { f.typ(&op.Meta) })
		maybe(f, "envelope", &op.Envelope, func(e *Expr) { f.expr(e, true) })
		each(f, "config", &op.Config, f.setting)
		maybe(f, "batch", &op.Batch, f.batch)
	case *Route:
		f.when("switch", op.On != nil, func() { f.path(&op.On) })
		each(f, "case", &op.Cases, func(c *Case) {
			name(f, "a port", &c.Port)
			if f.optional("is", len(c.Values) > 0) {
				f.mark("(")
				closed(f, ")", &c.Values, func(s *string) { name(f, "a value", s) })
			}
			f.mark(":")
			f.newExpr(&c.Cond)
		})
		f.when("else", op.Else != "", func() { name(f, "a port", &op.Else) })
	case *Encode:
		each(f, "option", &op.Options, f.setting)
		f.when("checks", op.Checks != nil, func() { f.pathList(&op.Checks) })
	case *Sink:
		maybe(f, "go", &op.Go, f.goRef)
		maybe(f, "foreign", &op.Foreign, f.foreign)
		f.facts(&op.Facts)
		each(f, "config", &op.Config, f.setting)
		each(f, "meta", &op.Meta, f.assign)
		maybe(f, "batch", &op.Batch, f.batch)
	}
}

func (f *form) facts(v *Facts) {
	f.when("facts", *v != Facts{}, func() {
		f.flag("acks", &v.Acks)
		f.flag("replayable", &v.Replayable)
		f.flag("ordered", &v.Ordered)
		f.flag("idempotent", &v.Idempotent)
		f.flag("transactional", &v.Transactional)
		f.flag("keeper", &v.Keeper)
		f.flag("when_asked", &v.WhenAsked)
		f.flag("prunes_on_ack", &v.PrunesOnAck)
		f.flag("answers", &v.Answers)
		f.flag("shared", &v.Shared)
		f.size("memory", &v.Memory)
		f.size("gathers", &v.Gathers)
	})
}

func (f *form) rangeOf(r *Range) {
	f.span(&r.Span)
	number(f, "parallel", &r.Parallel)
	for _, end := range []struct {
		word string
		at   **Value
	}{{"from", &r.From}, {"to", &r.To}} {
		if f.optional(end.word, *end.at != nil) {
			f.newValue(end.at)
		}
	}
}

func (f *form) batch(b *Batch) {
	number(f, "count", &b.Count)
	f.size("bytes", &b.Bytes)
	f.duration("linger", &b.Linger)
}

func (f *form) assign(a *Assign) {
	name(f, "a name", &a.Name)
	if f.optional("go", a.Go != "") {
		name(f, "a Go name", &a.Go)
	}
	f.span(&a.Span)
	f.mark("=")
	f.newExpr(&a.Expr)
}

// portReads is a line for each port; the port "" has none before the paths.
func (f *form) portReads(m *map[string][]Path) {
	if f.writes() {
		if *m != nil && len(*m) == 0 {
			f.line("reads", func() { f.out.word("nothing") })
		}
		for _, port := range sortedKeys(*m) {
			paths := (*m)[port]
			f.line("reads", func() {
				if port != "" {
					f.mark("from")
					name(f, "", &port)
				}
				f.pathList(&paths)
			})
		}
		return
	}
	for f.in.is("reads") {
		if *m == nil {
			*m = map[string][]Path{}
		}
		f.line("reads", func() {
			if f.in.accept("nothing") {
				return
			}
			var port string
			if f.in.accept("from") {
				name(f, "a port", &port)
			}
			var paths []Path
			f.pathList(&paths)
			(*m)[port] = paths
		})
	}
}
