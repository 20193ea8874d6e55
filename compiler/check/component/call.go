package component

import (
	"fmt"
	"go/types"

	"github.com/flowc-dev/flowc/ir"
)

// A call is how a component function is called, read from its signature.
type call struct {
	shape         ir.Shape
	context, errs bool
	in, out       types.Type // records, without pointers; nil where there is none
	inPtr, outPtr bool
	ports         []port
	position      types.Type
}

type port struct {
	name string
	v    *types.Var
	t    types.Type
}

// A miss says why a signature is none of the shapes of its role.
type miss struct {
	why  string // a clause, "" where the list of shapes says enough
	help string // how to mend it, where that is known
}

func missf(help, format string, args ...any) *miss {
	return &miss{why: fmt.Sprintf(format, args...), help: help}
}

// readCall reads a signature as a component function of a role. method tells
// that it is a method of a component type and not a function.
func readCall(sig *types.Signature, role Role, method bool) (*call, *miss) {
	if sig.TypeParams().Len() > 0 {
		return nil, missf("declare a function that calls it with types", "it is generic, and nothing says with which types to call it")
	}
	if sig.Variadic() {
		return nil, missf("take a slice instead of `...`", "it is variadic")
	}
	c := &call{}
	params := vars(sig.Params())
	if len(params) > 0 && isContext(params[0].Type()) {
		c.context, params = true, params[1:]
	}
	for _, p := range params {
		if isContext(p.Type()) {
			return nil, missf("move the context to the front", "its context is not the first parameter")
		}
	}
	results := vars(sig.Results())
	if n := len(results); n > 0 && isError(results[n-1].Type()) {
		c.errs, results = true, results[:n-1]
	}
	for _, v := range results {
		if isError(v.Type()) {
			return nil, missf("move the error to the end", "its error is not the last result")
		}
	}
	switch role {
	case Source:
		return c.source(params, results, method)
	case Sink:
		return c.sink(params, results)
	}
	return c.processor(params, results)
}

func vars(t *types.Tuple) []*types.Var {
	out := make([]*types.Var, 0, t.Len())
	for v := range t.Variables() {
		out = append(out, v)
	}
	return out
}

// source reads func(ctx) iter.Seq2[Out, error] and Read(ctx) ([]Out, Position,
// error).
func (c *call) source(params, results []*types.Var, method bool) (*call, *miss) {
	if len(params) > 0 {
		return nil, missf("", "a source takes nothing but a context, and this takes %s", list(params))
	}
	if len(results) == 1 {
		t := results[0].Type()
		if yield, ok := sequence(t); ok {
			switch {
			case len(yield) == 1:
				return nil, missf("return iter.Seq2[Out, error] and yield nil where all is well", "an iter.Seq can't say that reading failed")
			case !isError(yield[1]):
				return nil, missf("", "the second value of its iter.Seq2 is no error")
			case c.errs:
				return nil, missf("yield the error instead", "it returns an error beside the iter.Seq2")
			}
			c.shape = ir.ShapeSourceSeq
			return c.output(yield[0])
		}
		if _, ok := t.Underlying().(*types.Chan); ok {
			return nil, missf("return iter.Seq2[Out, error]: a loop that yields, without a goroutine", "a channel can't say that reading failed, nor be stopped")
		}
		if _, ok := elements(t); ok {
			return nil, missf("return a position as well, of any type that encodes to JSON (the offset behind the last record), or an iter.Seq2[Out, error]", "it returns no position to go on from")
		}
		return nil, missf("", "it returns %s", list(results))
	}
	if len(results) != 2 {
		return nil, missf("", "it returns %s", list(results))
	}
	if !method {
		return nil, missf("make it the method Read of a type", "a function has no state to read on from")
	}
	elem, ok := elements(results[0].Type())
	if !ok {
		return nil, missf("return a slice, with one record if need be", "its first result is one %s and not a batch", typeText(results[0].Type()))
	}
	if !c.errs {
		return nil, missf("return an error as well (io.EOF ends the source)", "it can't say that reading failed or ended")
	}
	c.shape, c.position = ir.ShapeSourceRead, results[1].Type()
	return c.output(elem)
}

// sink reads func(ctx, In) error and func(ctx, []In) error.
func (c *call) sink(params, results []*types.Var) (*call, *miss) {
	switch {
	case len(params) == 0:
		return nil, missf("", "it takes no record")
	case len(params) > 1:
		return nil, missf("take one record, or a slice of them; what else it needs is config of a constructor", "it takes %d parameters beside the context", len(params))
	case len(results) > 0:
		return nil, missf("return an error alone", "a sink has nothing to send on, and this returns %s", list(results))
	case !c.errs:
		return nil, missf("return an error, nil where all is well", "without an error nobody could know that a record was lost")
	}
	c.shape = ir.ShapeSink
	t := params[0].Type()
	if elem, ok := elements(t); ok {
		c.shape, t = ir.ShapeSinkBatch, elem
	}
	return c.input(t)
}

// processor reads filters, maps, flatmaps, emitters and batches.
func (c *call) processor(params, results []*types.Var) (*call, *miss) {
	if len(params) == 0 {
		return nil, missf("", "it takes no record")
	}
	in := params[0].Type()
	if len(params) > 1 {
		return c.emitter(params, results)
	}
	if len(results) == 0 {
		if c.errs {
			return nil, missf("put it under `sinks:`, or return what goes on", "it sends nothing on, as sinks do")
		}
		return nil, missf("return what goes on, or bool for a filter", "it returns nothing")
	}
	if len(results) > 1 {
		help := "return one record, or a slice for any number of them"
		why := fmt.Sprintf("it returns %s", list(results))
		if len(results) == 2 && isBool(results[1].Type()) {
			why = "a second result bool says nothing here: is it a filter, or a map that may find nothing?"
			help = "return []" + typeText(results[0].Type()) + ", empty where nothing goes on; or an error where that is a failure; or make two nodes, a filter and a map"
		}
		return nil, missf(help, "%s", why)
	}
	out := results[0].Type()
	if elem, ok := elements(in); ok {
		return c.batch(elem, out)
	}
	switch {
	case isBool(out):
		c.shape = ir.ShapeFilter
		return c.input(in)
	default:
		c.shape = ir.ShapeMap
		if elem, ok := elements(out); ok {
			c.shape, out = ir.ShapeSlice, elem
		} else if yield, ok := sequence(out); ok {
			if len(yield) != 1 {
				return nil, missf("take `emit func(Out) error` as the last parameter and return an error", "iter.Seq2 is for sources")
			}
			c.shape, out = ir.ShapeSeq, yield[0]
		} else if _, ok := out.Underlying().(*types.Chan); ok {
			return nil, missf("return a slice or an iter.Seq", "it returns a channel")
		}
	}
	if _, miss := c.input(in); miss != nil {
		return nil, miss
	}
	return c.output(out)
}

// batch reads func(ctx, []In) ([]Out, error).
func (c *call) batch(in, out types.Type) (*call, *miss) {
	elem, ok := elements(out)
	if !ok {
		return nil, missf("return []Out, any number of them", "it takes a batch and returns one %s", typeText(out))
	}
	c.shape = ir.ShapeBatch
	if _, miss := c.input(in); miss != nil {
		return nil, miss
	}
	return c.output(elem)
}

// emitter reads func(ctx, In, emit func(Out) error, …) error.
func (c *call) emitter(params, results []*types.Var) (*call, *miss) {
	for _, p := range params[1:] {
		sig, ok := p.Type().Underlying().(*types.Signature)
		if !ok {
			return nil, missf("take one record; what else it needs is config of a constructor", "it takes %s beside the record, and nothing says what to give it", list(params[1:]))
		}
		if sig.Params().Len() != 1 || sig.Variadic() || sig.Results().Len() != 1 || !isError(sig.Results().At(0).Type()) {
			return nil, missf("write `func(Out) error`, and hand its error on", "its parameter %s is %s, and an output is func(Out) error", p.Name(), typeText(p.Type()))
		}
	}
	if len(results) > 0 {
		return nil, missf("return an error alone", "it has outputs as parameters and returns %s besides", list(results))
	}
	if !c.errs {
		return nil, missf("return an error, and hand on those of the outputs", "it returns no error, so it must lose those of its outputs")
	}
	if _, miss := c.input(params[0].Type()); miss != nil {
		return nil, miss
	}
	outputs := params[1:]
	if len(outputs) == 1 {
		c.shape = ir.ShapeEmit
		return c.output(outputs[0].Type().Underlying().(*types.Signature).Params().At(0).Type())
	}
	c.shape = ir.ShapePorts
	seen := map[string]bool{}
	for _, p := range outputs {
		if p.Name() == "" || p.Name() == "_" {
			return nil, missf("name them: `tx func(Transaction) error, fee func(Fee) error`", "its outputs have no names, and the names are the ports")
		}
		if seen[p.Name()] {
			return nil, missf("", "two outputs are called %s", p.Name())
		}
		seen[p.Name()] = true
		t := p.Type().Underlying().(*types.Signature).Params().At(0).Type()
		if _, miss := c.output(t); miss != nil {
			return nil, miss
		}
		c.ports = append(c.ports, port{p.Name(), p, c.out})
	}
	c.out, c.outPtr = nil, false
	for i, p := range outputs {
		_, ptr := deref(p.Type().Underlying().(*types.Signature).Params().At(0).Type())
		if i > 0 && ptr != c.outPtr {
			return nil, missf("take all of them by pointer or none", "some of its outputs take pointers and some do not")
		}
		c.outPtr = ptr
	}
	return c, nil
}

// input sets the type of records that come in.
func (c *call) input(t types.Type) (*call, *miss) {
	c.in, c.inPtr = deref(t)
	return c, notRecord(c.in, "its records")
}

// output sets the type of records that go out.
func (c *call) output(t types.Type) (*call, *miss) {
	c.out, c.outPtr = deref(t)
	return c, notRecord(c.out, "what it returns")
}

// notRecord refuses what can't be a record by its form alone.
func notRecord(t types.Type, what string) *miss {
	switch u := types.Unalias(t).(type) {
	case *types.Pointer:
		return missf("use one pointer, or none", "%s are pointers to pointers", what)
	case *types.Struct:
		return missf("declare a type: `type In struct{…}`", "the type of %s has no name", what)
	case *types.Named:
		if !u.Obj().Exported() && u.Obj().Pkg() != nil && typeName(t) == u.Obj() {
			return missf("export it: generated code has to name it", "the type of %s, %s, is not exported", what, u.Obj().Name())
		}
		if u.TypeArgs().Len() > 0 && typeName(t) == nil {
			return missf("give the instance a name: `type Trades = "+typeText(t)+"`", "the type of %s is an instance of a generic type", what)
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Interface:
		if !u.Empty() {
			return missf("take a concrete type", "the type of %s, %s, is an interface: records are decoded and copied", what, typeText(t))
		}
	case *types.Chan, *types.Signature:
		return missf("", "the type of %s, %s, is no data", what, typeText(t))
	}
	return nil
}

// deref takes one pointer away.
func deref(t types.Type) (types.Type, bool) {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem(), true
	}
	return t, false
}

// elements is the element of a slice that is many records; a []byte and a
// json.RawMessage are one.
func elements(t types.Type) (types.Type, bool) {
	s, ok := t.Underlying().(*types.Slice)
	if !ok || isByte(s.Elem()) {
		return nil, false
	}
	if json, text := ownMethods(t); json || text {
		return nil, false // a slice that is one value on the wire
	}
	return s.Elem(), true
}

// sequence returns the values that an iter.Seq or iter.Seq2 yields.
func sequence(t types.Type) ([]types.Type, bool) {
	sig, ok := t.Underlying().(*types.Signature)
	if !ok || sig.Params().Len() != 1 || sig.Results().Len() != 0 {
		return nil, false
	}
	yield, ok := sig.Params().At(0).Type().Underlying().(*types.Signature)
	if !ok || yield.Results().Len() != 1 || !isBool(yield.Results().At(0).Type()) {
		return nil, false
	}
	n := yield.Params().Len()
	if n != 1 && n != 2 {
		return nil, false
	}
	var out []types.Type
	for v := range yield.Params().Variables() {
		out = append(out, v.Type())
	}
	return out, true
}

func isContext(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "context" && n.Obj().Name() == "Context"
}

func isError(t types.Type) bool {
	return types.Identical(t, types.Universe.Lookup("error").Type())
}

func isBool(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Bool
}

func typeText(t types.Type) string { return types.TypeString(t, byPackageName) }

// list shows parameters or results: "(Trade, bool)".
func list(vs []*types.Var) string {
	s := ""
	for i, v := range vs {
		if i > 0 {
			s += ", "
		}
		s += typeText(v.Type())
	}
	if len(vs) != 1 {
		s = "(" + s + ")"
	}
	return s
}
