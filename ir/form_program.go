package ir

import (
	"slices"

	"github.com/flowc-dev/flowc/ir/source"
)

func (f *form) program(p *Program) {
	if !f.writes() && !f.in.is("program") {
		f.in.unexpected("")
	}
	f.line("program", func() {
		name(f, "the pipeline's name", &p.Name)
		named(f, "hash", &p.Hash)
	})
	eachNew(f, "file", &p.Files, func(file *source.File) {
		f.quoted(&file.Name)
		if !f.writes() {
			*file = *source.NewFile(file.Name, "", nil)
		}
	})
	if !f.writes() {
		f.files = p.Files
	}
	maybe(f, "module", &p.Module, func(m *Module) {
		name(f, "a module path", &m.Path)
		named(f, "folder", &m.Folder)
		named(f, "go", &m.GoVersion)
	})
	each(f, "require", &p.Requires, func(r *Require) {
		name(f, "a module path", &r.Path)
		name(f, "a version", &r.Version)
	})
	f.delivery(&p.Delivery)
	f.telemetry(&p.Telemetry)
	maybe(f, "edges", &p.Carrier, func(c *Carrier) {
		name(f, "a carrier", &c.Connector)
		f.span(&c.Span)
		f.block(func() { each(f, "config", &c.Config, f.setting) })
	})
	each(f, "label", &p.Labels, f.label)
	each(f, "annotation", &p.Annotations, f.label)
	f.targets(&p.Targets)
	each(f, "type", &p.Types, f.declaration)
	f.otherTypes()
	eachNew(f, "let", &p.Lets, f.let)
	eachNew(f, "node", &p.Nodes, f.node)
	eachNew(f, "edge", &p.Edges, f.edge)
	eachNew(f, "job", &p.Jobs, f.job)
	f.when("awaits", len(p.Awaits) > 0, func() { commas(f, &p.Awaits, f.dependency) })
	eachNew(f, "region", &p.Regions, f.region)
	eachNew(f, "process", &p.Processes, func(v *Process) {
		name(f, "a name", &v.Name)
		f.list("nodes", &v.Nodes)
	})
	f.when("memory", p.Memory.Total != 0 || len(p.Memory.Parts) > 0, func() {
		f.bytes(&p.Memory.Total)
		f.block(func() {
			each(f, "part", &p.Memory.Parts, func(part *BoundPart) {
				f.bytes(&part.Bytes)
				f.quoted(&part.What)
			})
		})
	})
}

func (f *form) delivery(d *Delivery) {
	some := d.Guarantee != "" || d.Drain != 0 || d.CheckpointEvery != 0 || d.Store != "" || len(d.StoreConfig) > 0 || f.spans && d.Span != source.Span{}
	f.when("delivery", some, func() {
		f.span(&d.Span)
		choice(f, &d.Guarantee, AtMostOnce, AtLeastOnce, EffectivelyOnce)
		f.duration("drain", &d.Drain)
		f.duration("checkpoint", &d.CheckpointEvery)
		named(f, "store", &d.Store)
		f.span(&d.StoreSpan)
		f.block(func() {
			each(f, "config", &d.StoreConfig, f.setting)
		})
	})
}

func (f *form) telemetry(t *Telemetry) {
	f.when("telemetry", *t != Telemetry{}, func() {
		named(f, "log", &t.Log)
		named(f, "level", &t.Level)
		named(f, "progress", &t.Progress)
		if f.optional("http", t.HTTP != nil) {
			f.newValue(&t.HTTP)
		}
	})
}

func (f *form) label(l *Label) {
	f.quoted(&l.Key)
	f.span(&l.Span)
	f.mark("=")
	f.quoted(&l.Value)
}

func (f *form) targets(m *map[string][]byte) {
	if f.writes() {
		for _, target := range sortedKeys(*m) {
			options := string((*m)[target])
			f.line("target", func() { f.target(&target, &options) })
		}
		return
	}
	for f.in.is("target") {
		var target, options string
		f.line("target", func() { f.target(&target, &options) })
		if *m == nil {
			*m = map[string][]byte{}
		}
		(*m)[target] = []byte(options)
	}
}

func (f *form) target(target, options *string) {
	name(f, "a target", target)
	f.quoted(options)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (f *form) edge(e *Edge) {
	if f.writes() {
		from := atom(e.From)
		if e.Port != "" {
			from += ":" + atom(e.Port)
		}
		f.out.word(from)
	} else if name(f, "a node", &e.From); f.in.accept(":") {
		name(f, "a port", &e.Port)
	}
	f.mark("->")
	name(f, "a node", &e.To)
	f.span(&e.Span)
	if f.writes() {
		if e.Kind != Data {
			name(f, "", &e.Kind)
		}
	} else if choice(f, &e.Kind, Data, Error, Late); e.Kind == "" {
		e.Kind = Data
	}
	f.mark("carries")
	f.typ(&e.Type)
	choice(f, &e.Origin, Intact, Made, Mixed)
	f.flag("raw", &e.Raw)
	f.paths("live", &e.Live)
	f.list("meta", &e.Meta)
	choice(f, &e.Own, Move, Share, Clone)
	f.flag("ordered", &e.Ordered)
	choice(f, &e.Via, Call, Queue, Cut)
	number(f, "batch", &e.Batch)
	number(f, "depth", &e.Depth)
	f.size("bytes", &e.Bytes)
	f.why(&e.Why)
}

// why is a sentence for people, at the end of a line.
func (f *form) why(v *string) {
	f.text("because", v)
}

func (f *form) region(r *Region) {
	name(f, "a name", &r.Name)
	f.mark("head")
	name(f, "a node", &r.Head)
	f.mark("lanes")
	f.count(func() int64 { return int64(r.Lanes) }, func(n int64) { r.Lanes = int(n) })
	f.list("nodes", &r.Nodes)
	f.why(&r.Why)
}
