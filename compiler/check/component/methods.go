package component

import (
	"go/types"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// roleMethods are the methods by which a type is a component of a role, the
// preferred first. Events is flowctl's.
var roleMethods = map[Role][]string{
	Source:    {"Read", "Events"},
	Processor: {"Process"},
	Sink:      {"Write"},
}

// roleMethod is the method of the role, nil where the type has none.
func (r *reading) roleMethod(t types.Type) *types.Func {
	for _, name := range roleMethods[r.role] {
		if m := method(t, name); m != nil {
			return m
		}
	}
	return nil
}

// method finds a method of a type or of a pointer to it: instances are
// variables, so both kinds can be called.
func method(t types.Type, name string) *types.Func {
	if t == nil {
		return nil
	}
	if inner, ptr := deref(t); ptr {
		t = inner
	}
	if !types.IsInterface(t) {
		t = types.NewPointer(t)
	}
	sel := types.NewMethodSet(t).Lookup(nil, name)
	if sel == nil {
		return nil
	}
	fn, _ := sel.Obj().(*types.Func)
	return fn
}

// methodNames are the exported methods of a type and of a pointer to it.
func methodNames(t types.Type) []string {
	if inner, ptr := deref(t); ptr {
		t = inner
	}
	if !types.IsInterface(t) {
		t = types.NewPointer(t)
	}
	var out []string
	for sel := range types.NewMethodSet(t).Methods() {
		if sel.Obj().Exported() {
			out = append(out, sel.Obj().Name())
		}
	}
	return out
}

// meantAsComponent tells whether a type without the role's method was meant to
// be a component: it has the method of another role, one of nearly the right
// name, or the function that returns it can't be anything else.
func (r *reading) meantAsComponent(t types.Type, miss *miss) bool {
	inner, _ := deref(t)
	if _, ok := inner.Underlying().(*types.Signature); ok {
		return false
	}
	names := methodNames(t)
	for _, wanted := range roleMethods {
		for _, w := range wanted {
			for _, n := range names {
				if n == w {
					return true
				}
			}
		}
	}
	for _, w := range roleMethods[r.role] {
		if diag.Nearest(w, names) != "" {
			return true
		}
	}
	if !strings.HasPrefix(r.obj.Name(), "New") || len(names) == 0 {
		return false
	}
	s, ok := inner.Underlying().(*types.Struct)
	return miss != nil || ok && len(jsonFields(s, snakeCase)) == 0
}

// noMethod reports a type without the method of the role.
func (r *reading) noMethod(t types.Type) {
	inner, _ := deref(t)
	names := methodNames(t)
	want := roleMethods[r.role][0]
	d := r.dl.Errorf(codeShape, r.at, "%s has no method %s, which a %s needs", r.show(inner), want, r.role)
	for _, role := range []Role{Source, Processor, Sink} {
		for _, m := range roleMethods[role] {
			if fn := method(t, m); role != r.role && fn != nil {
				d.NoteAt(r.l.places.object(fn), "its method %s makes it a %s", m, role)
				d.Helpf("put it under `%ss:`", role)
				return
			}
		}
	}
	if near := diag.Nearest(want, names); near != "" {
		d.NoteAt(r.l.places.object(method(t, near)), "its method %s is here", near)
		d.Helpf("rename it to %s", want)
		return
	} else if name := typeName(inner); name != nil {
		d.NoteAt(r.l.places.object(name), "%s is declared here", name.Name())
		if len(names) > 0 {
			d.Notef("its methods are %s", strings.Join(names, ", "))
		}
	}
	d.Helpf("give it one of %s", strings.Join(shapesOf(r.role, want), " · "))
}

// instance reads a component type: its method by role and its optional ones.
func (r *reading) instance(ref *ir.GoRef, made types.Type) *ir.GoRef {
	t, ptr := deref(made)
	ref.Pointer = ptr
	if ref.Make == ir.MakeLiteral {
		ref.Pointer = types.NewMethodSet(types.NewPointer(t)).Len() > types.NewMethodSet(t).Len()
	}
	if name := typeName(t); name != nil && name.Exported() && name.Pkg().Path() == ref.Package {
		ref.TypeName = name.Name()
	}
	m := r.roleMethod(t)
	ref.Method = m.Name()
	var c *call
	var miss *miss
	if ref.Method == "Events" {
		c, miss = readEvents(m.Signature())
	} else {
		c, miss = readCall(m.Signature(), r.role, true)
	}
	if miss != nil {
		r.missed(m, m.Signature(), miss, false)
		return nil
	}
	if !r.flowctl(ref, c, t, m) {
		return nil
	}
	if ref = r.finish(ref, c); ref == nil {
		return nil
	}
	if !r.optional(ref, c, t) {
		return nil
	}
	return ref
}

// optional reads the methods that a component may have besides. One of the
// right name and another signature is a warning: it may be there for something
// else, but if it is not, nobody would call it.
func (r *reading) optional(ref *ir.GoRef, c *call, t types.Type) bool {
	ok := true
	read := func(name, form string, accept func(s *shapeOfMethod) bool) {
		m := method(t, name)
		if m == nil {
			return
		}
		s := shapeMethod(m.Signature())
		if s != nil && accept(s) {
			return
		}
		d := r.dl.Warningf(codeMethod, r.at, "method %s of %s is not called: its signature is none that flowc knows", name, r.show(t))
		d.NoteAt(r.l.places.object(m), "it is %s", r.signature(name, m.Signature()))
		d.Helpf("make it %s, or give it another name", form)
	}
	none := func(s *shapeOfMethod) bool { return len(s.params) == 0 && len(s.results) == 0 }

	read("Open", "Open(context.Context) error", func(s *shapeOfMethod) bool {
		ref.Open = ir.Method{Has: true, Context: s.context, Errs: s.errs}
		if !none(s) {
			ref.Open = ir.Method{}
		}
		return ref.Open.Has
	})
	read("Close", "Close() error or Close(context.Context) error", func(s *shapeOfMethod) bool {
		if none(s) {
			ref.Close = ir.Method{Has: true, Context: s.context, Errs: s.errs}
		}
		return ref.Close.Has
	})
	read("Healthy", "Healthy(context.Context) error, Healthy() error or Healthy() bool", func(s *shapeOfMethod) bool {
		isFlag := len(s.results) == 1 && isBool(s.results[0]) && !s.errs
		if len(s.params) == 0 && (isFlag || len(s.results) == 0 && s.errs) {
			ref.Healthy = ir.Method{Has: true, Context: s.context, Errs: s.errs, Bool: isFlag}
		}
		return ref.Healthy.Has
	})
	form := "Flush(context.Context) error"
	flushed := c.flushed()
	if r.role == Processor && flushed != nil {
		form += " or Flush(context.Context) ([]" + typeText(flushed) + ", error)"
	}
	if r.role != Source {
		read("Flush", form, func(s *shapeOfMethod) bool {
			switch {
			case len(s.params) > 0:
			case len(s.results) == 0 && s.errs:
				ref.Flush = ir.Method{Has: true, Context: s.context, Errs: true}
			case len(s.results) == 1 && r.role == Processor && flushed != nil && types.Identical(s.results[0], types.NewSlice(flushed)):
				ref.Flush = ir.Method{Has: true, Context: s.context, Errs: s.errs, Out: true}
			}
			return ref.Flush.Has
		})
	}
	switch r.role {
	case Source:
		r.positioned(c, t, "Seek", &ref.Seek, &ok)
		r.positioned(c, t, "Ack", &ref.Ack, &ok)
		if c.position == nil {
			break
		}
		position := typeText(c.position)
		isPosition := func(t types.Type) bool { return types.Identical(t, types.NewPointer(c.position)) }
		read("Range", "Range(context.Context, from, to *"+position+") error", func(s *shapeOfMethod) bool {
			ref.Range = s.context && s.errs && len(s.results) == 0 && len(s.params) == 2 && isPosition(s.params[0]) && isPosition(s.params[1])
			return ref.Range
		})
		read("Cut", "Cut(context.Context, int) ([]"+position+", error)", func(s *shapeOfMethod) bool {
			ref.Cut = s.context && s.errs && len(s.params) == 1 && types.Identical(s.params[0], types.Typ[types.Int]) &&
				len(s.results) == 1 && types.Identical(s.results[0], types.NewSlice(c.position))
			return ref.Cut
		})
	case Sink:
		if method(t, "Committed") != nil {
			r.transactional(ref, t, read)
		}
		read("Idempotent", "Idempotent()", func(s *shapeOfMethod) bool {
			ref.Idempotent = none(s) && !s.context && !s.errs
			return ref.Idempotent
		})
	}
	return ok
}

// transactional reads the methods by which a sink keeps the program's checkpoint with
// its records.
func (r *reading) transactional(ref *ir.GoRef, t types.Type, read func(name, form string, accept func(s *shapeOfMethod) bool)) {
	committed, commit, keep := false, false, false
	read("Committed", "Committed(context.Context) (string, error)", func(s *shapeOfMethod) bool {
		committed = len(s.params) == 0 && len(s.results) == 1 && isString(s.results[0]) && s.errs && s.context
		return committed
	})
	if !committed {
		return // the others are there for something else
	}
	read("Commit", "Commit(ctx context.Context, previous, next string) error", func(s *shapeOfMethod) bool {
		commit = len(s.params) == 2 && isString(s.params[0]) && isString(s.params[1]) && len(s.results) == 0 && s.errs && s.context
		return commit
	})
	read("Keep", "Keep(pipeline string)", func(s *shapeOfMethod) bool {
		keep = len(s.params) == 1 && isString(s.params[0]) && len(s.results) == 0 && !s.errs && !s.context
		return keep
	})
	ref.Committed = commit
	ref.Keep = keep && ref.Committed
	if method(t, "Commit") == nil {
		d := r.dl.Warningf(codeMethod, r.at, "method Committed of %s is not called: nothing gives it a checkpoint to keep", r.show(t))
		d.NoteAt(r.l.places.object(method(t, "Committed")), "it is here")
		d.Helpf("add Commit(ctx context.Context, previous, next string) error, which makes what was written durable together with `next`")
	}
}

func isString(t types.Type) bool { return types.Identical(t, types.Typ[types.String]) }

// flushed is the type of what a processor's Flush may return, as its own
// records are: nil where Flush can't say to which port they go.
func (c *call) flushed() types.Type {
	t, ptr := c.out, c.outPtr
	if c.shape == ir.ShapeFilter {
		t, ptr = c.in, c.inPtr
	}
	if t == nil {
		return nil
	}
	if ptr {
		return types.NewPointer(t)
	}
	return t
}

// positioned reads Seek and Ack of a source, which take the position that Read
// returns. One that takes a context and something else was meant, so it is an
// error; an io.Seeker's Seek is no concern of ours.
func (r *reading) positioned(c *call, t types.Type, name string, has, ok *bool) {
	m := method(t, name)
	if m == nil {
		return
	}
	s := shapeMethod(m.Signature())
	meant := s != nil && s.context && len(s.params) == 1
	switch {
	case !meant || !s.errs || len(s.results) > 0:
		d := r.dl.Warningf(codeMethod, r.at, "method %s of %s is not called: its signature is none that flowc knows", name, r.show(t))
		d.NoteAt(r.l.places.object(m), "it is %s", r.signature(name, m.Signature()))
		position := "Position"
		if c.position != nil {
			position = typeText(c.position)
		}
		d.Helpf("make it %s(context.Context, %s) error, or give it another name", name, position)
	case c.position == nil:
		*ok = false
		r.dl.Errorf(codeShape, r.at, "%s has a method %s and no position to call it with", r.show(t), name).
			NoteAt(r.l.places.object(m), "%s is declared here", name).
			Helpf("give it Read(context.Context) ([]Out, %s, error)", typeText(s.params[0]))
	case !types.Identical(s.params[0], c.position):
		*ok = false
		r.dl.Errorf(codeShape, r.at, "method %s of %s takes %s, and the position that Read returns is %s", name, r.show(t), typeText(s.params[0]), typeText(c.position)).
			NoteAt(r.l.places.object(m), "it is %s", r.signature(name, m.Signature())).
			NoteAt(r.l.places.object(method(t, "Read")), "Read is here")
	default:
		*has = true
	}
}

// position reads the type of a position, which has to survive in a checkpoint.
func (r *reading) position(t types.Type, ok *bool) *ir.Type {
	reader := r.l.records[false]
	out := reader.read(t)
	if u, bad := reader.unfit(out); bad {
		*ok = false
		d := r.dl.Errorf(codeType, r.at, "the position of `%s`, %s, does not encode to JSON: %s", r.use, r.show(t), u.text())
		noteAt(d, u.at, "declared here")
	}
	return out
}

// A shapeOfMethod is a signature without its context and its error.
type shapeOfMethod struct {
	context, errs   bool
	params, results []types.Type
}

// shapeMethod takes a signature apart, nil where it is variadic.
func shapeMethod(sig *types.Signature) *shapeOfMethod {
	if sig.Variadic() {
		return nil
	}
	s := &shapeOfMethod{}
	for i, v := range vars(sig.Params()) {
		if i == 0 && isContext(v.Type()) {
			s.context = true
			continue
		}
		s.params = append(s.params, v.Type())
	}
	results := vars(sig.Results())
	for i, v := range results {
		if i == len(results)-1 && isError(v.Type()) {
			s.errs = true
			continue
		}
		s.results = append(s.results, v.Type())
	}
	return s
}

// finish sets what the call says, and reads the types of its records.
func (r *reading) finish(ref *ir.GoRef, c *call) *ir.GoRef {
	ref.Shape, ref.Context, ref.Errs = c.shape, c.context, c.errs
	ref.InPtr, ref.OutPtr = c.inPtr, c.outPtr
	ok := true
	read := func(t types.Type, what string) *ir.Type {
		if t == nil {
			return nil
		}
		if !r.reachable(t, what) {
			ok = false
			return nil
		}
		reader := r.l.records[false]
		out := reader.read(t)
		if u, bad := reader.unfit(out); bad {
			ok = false
			r.l.reportUnfit(r.show(t)+", "+what+" of `"+r.use+"`,", u, r.obj, r.at, r.dl)
		}
		return out
	}
	ref.In = read(c.in, "the input")
	ref.Out = read(c.out, "the output")
	for _, p := range c.ports {
		ref.Ports = append(ref.Ports, ir.Port{Name: p.name, Type: read(p.t, "the output "+p.name), Span: r.l.places.object(p.v)})
	}
	if c.position != nil {
		ref.Position = r.position(c.position, &ok)
	}
	if !ok {
		return nil
	}
	return ref
}

// reachable reports a type of a component that generated code can't import.
func (r *reading) reachable(t types.Type, what string) bool {
	name := typeName(t)
	if name == nil {
		return true
	}
	parent, ok := r.l.reach(name.Pkg().Path())
	if !ok {
		r.dl.Errorf(codeShape, r.at, "%s, %s of `%s`, is internal to %s, so generated code can't name it", r.show(t), what, r.use, parent).
			NoteAt(r.l.places.object(name), "%s is declared here", name.Name()).
			Helpf("move the type to a package that is not internal, or put the pipeline into a folder below %s", parent)
	}
	return ok
}
