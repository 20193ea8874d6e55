package ir

func (f *form) goRef(g *GoRef) {
	name(f, "what the pipeline says", &g.Use)
	f.span(&g.Span)
	f.block(func() {
		f.when("symbol", g.Package != "" || g.PkgName != "" || g.Symbol != "", func() {
			name(f, "an import path", &g.Package)
			name(f, "a package name", &g.PkgName)
			name(f, "a symbol", &g.Symbol)
		})
		f.when("make", g.Make != "" || g.TypeName != "" || g.Pointer, func() {
			choice(f, &g.Make, MakeNone, MakeNew, MakeNewErr, MakeLiteral, MakeFunc, MakeFuncErr)
			named(f, "type", &g.TypeName)
			f.flag("pointer", &g.Pointer)
		})
		f.when("call", g.Method != "" || g.Shape != "" || g.Context || g.Errs || g.InPtr || g.OutPtr, func() {
			choice(f, &g.Shape, ShapeFilter, ShapeMap, ShapeSlice, ShapeSeq, ShapeEmit, ShapePorts, ShapeBatch, ShapeSourceSeq,
				ShapeSourceRead, ShapeSink, ShapeSinkBatch, ShapeFlowSource, ShapeFlowProcess, ShapeFlowSink)
			named(f, "method", &g.Method)
			f.flag("context", &g.Context)
			f.flag("errs", &g.Errs)
			f.flag("in_pointer", &g.InPtr)
			f.flag("out_pointer", &g.OutPtr)
		})
		f.when("takes", g.In != nil, func() { f.typ(&g.In) })
		f.when("gives", g.Out != nil, func() { f.typ(&g.Out) })
		f.plan(&g.Plan)
		each(f, "emit", &g.Ports, f.port)
		f.when("configured", g.Config != nil || g.ConfigPtr, func() {
			f.typ(&g.Config)
			f.flag("pointer", &g.ConfigPtr)
		})
		f.method("open", &g.Open)
		f.method("flush", &g.Flush)
		f.method("healthy", &g.Healthy)
		f.method("close", &g.Close)
		f.when("has", g.Seek || g.Ack || g.Range || g.Cut || g.Committed || g.Keep || g.Idempotent, func() {
			f.flag("seek", &g.Seek)
			f.flag("ack", &g.Ack)
			f.flag("range", &g.Range)
			f.flag("cut", &g.Cut)
			f.flag("committed", &g.Committed)
			f.flag("keep", &g.Keep)
			f.flag("idempotent", &g.Idempotent)
		})
		f.when("position", g.Position != nil, func() { f.typ(&g.Position) })
		f.when("declared", f.spans && !g.Declared.IsZero(), func() { f.span(&g.Declared) })
	})
}

// plan is how an event becomes what a component takes, a line a part. A part
// that is made like one around it, n levels up, says `again n`.
func (f *form) plan(v *[]Conv) {
	f.convs("plan", v)
	if !f.writes() {
		tie(*v, [][]Conv{*v})
	}
}

func (f *form) convs(keyword string, v *[]Conv) {
	f.around = append(f.around, *v)
	each(f, keyword, v, f.conv)
	f.around = f.around[:len(f.around)-1]
}

func (f *form) conv(c *Conv) {
	choice(f, &c.How, HowAssign, HowConvert, HowFields, HowElements, HowFromString, HowToString, HowCompose, HowDecompose, HowUnmarshalText, HowMarshalText)
	if f.optional("from", len(c.From) > 0) {
		f.path(&c.From)
	}
	if f.optional("to", len(c.To) > 0) {
		f.path(&c.To)
	}
	f.flag("optional", &c.Optional)
	f.flag("pointer", &c.Pointer)
	f.flag("fails", &c.Fails)
	f.mark("as")
	f.typ(&c.Type)
	if up := f.levelsUp(c.Each); f.optional("again", up > 0) {
		f.count(func() int64 { return int64(up) }, func(n int64) {
			if n < 1 || int(n) > len(f.around) {
				f.in.fail("there are no %d levels around", n)
			}
			// The slice around is still growing: tie takes its place.
			c.Each = make([]Conv, n)
			c.Each[0].How = convAgain
		})
		return
	}
	f.block(func() { f.convs("part", &c.Each) })
}

// convAgain marks, while a plan is read, a part that is made like one around.
const convAgain How = "again"

// levelsUp tells how far up a slice stands around itself, 0 if it does not.
func (f *form) levelsUp(each []Conv) int {
	if len(each) == 0 {
		return 0
	}
	for up := 1; up <= len(f.around); up++ {
		if a := f.around[len(f.around)-up]; len(a) > 0 && &a[0] == &each[0] {
			return up
		}
	}
	return 0
}

// tie puts the slices around in the place of marks; around ends with list.
func tie(list []Conv, around [][]Conv) {
	for i := range list {
		c := &list[i]
		if len(c.Each) > 0 && c.Each[0].How == convAgain {
			c.Each = around[len(around)-len(c.Each)]
			continue
		}
		tie(c.Each, append(around[:len(around):len(around)], c.Each))
	}
}

func (f *form) method(keyword string, m *Method) {
	f.when(keyword, *m != Method{}, func() {
		f.flag("has", &m.Has)
		f.flag("context", &m.Context)
		f.flag("errs", &m.Errs)
		f.flag("bool", &m.Bool)
		f.flag("out", &m.Out)
	})
}
