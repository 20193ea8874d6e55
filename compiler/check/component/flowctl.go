package component

import (
	"go/types"

	"github.com/flowc-dev/flowc/ir"
)

// flowctl's interfaces are known by their method sets, with whatever types the
// user has for envelopes and messages:
//
//	source     Open(ctx) error   Events(ctx, chan<- E) error   Close() error   Healthy() error
//	processor  Init(map[string]any) error   Process(ctx, *E) ([]*M, error)   Flush(ctx) …   Name() string
//	sink       Connect(map[string]any) error   Write(ctx, []*M) error   Close() error
//
// Events alone makes a source one of flowctl's. Process and Write are also ours,
// so Init and Connect make the difference: they take the config, as a map.

// readEvents reads Events(ctx, chan<- E) error.
func readEvents(sig *types.Signature) (*call, *miss) {
	s := shapeMethod(sig)
	if s == nil || !s.context || len(s.params) != 1 || len(s.results) > 0 || !s.errs {
		return nil, missf("make it Events(context.Context, chan<- E) error", "it is no Events of flowctl's")
	}
	ch, ok := s.params[0].Underlying().(*types.Chan)
	if !ok || ch.Dir() == types.RecvOnly {
		return nil, missf("take chan<- E", "its parameter %s is no channel to send on", typeText(s.params[0]))
	}
	c := &call{shape: ir.ShapeFlowSource, context: true, errs: true}
	return c.output(ch.Elem())
}

// flowctl turns a component with Init or Connect into one of flowctl's, whose
// config is a map. It reports methods that contradict each other.
func (r *reading) flowctl(ref *ir.GoRef, c *call, t types.Type, m *types.Func) bool {
	setup, shape, needs := "Init", ir.ShapeFlowProcess, ir.ShapeSlice
	switch r.role {
	case Sink:
		setup, shape, needs = "Connect", ir.ShapeFlowSink, ir.ShapeSinkBatch
	case Source:
		return true
	}
	init := method(t, setup)
	if init == nil || !takesMap(init.Signature()) {
		return true
	}
	if c.shape != needs || !c.context || !c.errs {
		form := "Process(context.Context, *E) ([]*M, error)"
		if r.role == Sink {
			form = "Write(context.Context, []*M) error"
		}
		r.dl.Errorf(codeShape, r.at, "%s has flowctl's %s(map[string]any), and its %s is not flowctl's", r.show(t), setup, m.Name()).
			NoteAt(r.l.places.object(m), "it is %s", r.signature(m.Name(), m.Signature())).
			NoteAt(r.l.places.object(init), "%s is here", setup).
			Helpf("make it %s, or take the config in a constructor instead of %s", form, setup)
		return false
	}
	if ref.Config != nil {
		r.dl.Errorf(codeShape, r.at, "`%s` takes its config twice: in its constructor, and as a map in %s", r.use, setup).
			NoteAt(ref.Declared, "the constructor is here").
			NoteAt(r.l.places.object(init), "%s is here", setup).
			Helpf("leave one of them out")
		return false
	}
	c.shape = shape
	ref.Config = &ir.Type{Kind: ir.Map, Elem: &ir.Type{Kind: ir.Any}}
	return true
}

// takesMap tells whether a method is func(map[string]any) error.
func takesMap(sig *types.Signature) bool {
	s := shapeMethod(sig)
	if s == nil || s.context || len(s.params) != 1 || len(s.results) > 0 || !s.errs {
		return false
	}
	m, ok := s.params[0].Underlying().(*types.Map)
	if !ok || !types.Identical(m.Key(), types.Typ[types.String]) {
		return false
	}
	elem, ok := m.Elem().Underlying().(*types.Interface)
	return ok && elem.Empty()
}
