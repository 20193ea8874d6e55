package component

import (
	"cmp"
	"fmt"
	"go/types"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// A form is one shape as users write it. In every form In and Out stand for the
// records; a context in front and an error behind are added where its fields
// allow or want them.
type form struct {
	params, result string
	// context and errs tell that these are part of the form; in other forms
	// they are allowed.
	context, errs bool
}

// forms are the shapes that a role accepts.
var forms = map[Role][]form{
	Source: {
		{result: "iter.Seq2[Out, error]", context: true},
		{result: "[]Out, Position", context: true, errs: true}, // Read alone
	},
	Processor: {
		{params: "In", result: "bool"},
		{params: "In", result: "Out"},
		{params: "In", result: "[]Out"},
		{params: "In", result: "iter.Seq[Out]"},
		{params: "In, emit func(Out) error", context: true, errs: true},
		{params: "In, a func(A) error, b func(B) error", context: true, errs: true},
		{params: "[]In", result: "[]Out", context: true, errs: true},
	},
	Sink: {
		{params: "In", context: true, errs: true},
		{params: "[]In", context: true, errs: true},
	},
}

// Indexes in forms, by role.
const (
	formFilter, formMap, formSlice, formSeq, formEmit, formPorts, formBatch = 0, 1, 2, 3, 4, 5, 6
	formSourceSeq, formSourceRead                                           = 0, 1
	formSink, formSinkBatch                                                 = 0, 1
)

// write gives the form as a function or, where name is not "", as a method.
func (f form) write(name string, context, errs bool, replace ...string) string {
	params, results := []string{}, []string{}
	if f.context || context {
		params = append(params, "context.Context")
	}
	if f.params != "" {
		params = append(params, f.params)
	}
	if f.result != "" {
		results = append(results, f.result)
	}
	if f.errs || errs {
		results = append(results, "error")
	}
	result := strings.Join(results, ", ")
	if strings.Contains(strings.NewReplacer("[Out, error]", "").Replace(result), ",") {
		result = "(" + result + ")"
	}
	text := cmp.Or(name, "func") + "(" + strings.Join(params, ", ") + ") " + result
	return strings.NewReplacer(replace...).Replace(text)
}

// shapesOf lists the forms of a role, as methods of a name where that is not
// "".
func shapesOf(role Role, method string) []string {
	var out []string
	for i, f := range forms[role] {
		if role == Source && i == formSourceRead && method == "" {
			out = append(out, "a type with "+f.write("Read", false, false))
			continue
		}
		out = append(out, f.write(method, false, false))
	}
	return out
}

// missed reports a function or method whose signature is none of the role's:
// what was found, why it does not fit, and what would, nearest first. inner
// tells that what does not fit is the function that it returns.
func (r *reading) missed(obj types.Object, sig *types.Signature, m *miss, inner bool) {
	method := ""
	if _, ok := obj.(*types.Func); ok && sig.Recv() != nil {
		method = obj.Name()
	}
	why := cmp.Or(m.why, "its signature is none that a "+string(r.role)+" has")
	d := r.dl.Errorf(codeShape, r.at, "`%s` is no %s: %s", r.use, r.role, why)
	if method != "" {
		d.Message = fmt.Sprintf("method %s of `%s` is none of a %s: %s", method, r.use, r.role, why)
	}
	d.NoteAt(r.l.places.object(obj), "it is %s", r.signature(obj.Name(), sig))
	if m.help != "" {
		d.Helpf("%s", m.help)
	}
	if method == "Events" {
		d.Helpf("a source may also be %s", strings.Join(shapesOf(Source, ""), " · "))
		return
	}
	if inner {
		sig, _ = constructed(sig).Underlying().(*types.Signature)
	}
	best := nearestForm(r.role, sig)
	d.Helpf("the nearest shape of a %s is %s", r.role, r.nearest(best, sig, method))
	others := slices.Delete(shapesOf(r.role, method), best, best+1)
	text := "a " + string(r.role) + " may also be " + strings.Join(others, " · ")
	if r.role == Processor {
		text += "; all may take a context first and return an error last"
	}
	d.Notef("%s", text)
}

// nearest writes a form with the types that the user's signature has, as far
// as it has them.
func (r *reading) nearest(i int, sig *types.Signature, method string) string {
	context, errs := false, false
	var in, out string
	for _, p := range vars(sig.Params()) {
		t := p.Type()
		if isContext(t) {
			context = true
		} else if in == "" && nameable(t) {
			if elem, ok := elements(t); ok {
				t = elem
			}
			in = typeText(t)
		}
	}
	for _, v := range vars(sig.Results()) {
		t := v.Type()
		if isError(t) {
			errs = true
			continue
		}
		if elem, ok := elements(t); ok {
			t = elem
		} else if yield, ok := sequence(t); ok {
			t = yield[0]
		} else if ch, ok := t.Underlying().(*types.Chan); ok {
			t = ch.Elem()
		}
		if out == "" && nameable(t) && !isBool(t) {
			out = typeText(t)
		}
	}
	if r.role == Source {
		errs = false
		if method == "" && i == formSourceRead {
			method = "Read"
		}
	}
	return forms[r.role][i].write(method, context, errs, "[]In", "[]"+cmp.Or(in, "In"), "In", cmp.Or(in, "In"), "Out", cmp.Or(out, "Out"))
}

// nameable tells whether a type can stand for a record in a proposal.
func nameable(t types.Type) bool {
	t, _ = deref(t)
	if elem, ok := elements(t); ok {
		t, _ = deref(elem)
	}
	if name := typeName(t); name != nil {
		return name.Exported() && notRecord(t, "") == nil
	}
	b, ok := t.(*types.Basic)
	return ok && b.Kind() == types.String || isByteSlice(t)
}

func isByteSlice(t types.Type) bool {
	s, ok := t.Underlying().(*types.Slice)
	return ok && isByte(s.Elem())
}

// nearestForm is the index in forms of what resembles a signature most.
func nearestForm(role Role, sig *types.Signature) int {
	batch, params := false, 0
	for _, p := range vars(sig.Params()) {
		if isContext(p.Type()) {
			continue
		}
		params++
		if _, ok := elements(p.Type()); ok && params == 1 && !sig.Variadic() {
			batch = true
		}
	}
	var results []types.Type
	for _, v := range vars(sig.Results()) {
		if !isError(v.Type()) {
			results = append(results, v.Type())
		}
	}
	switch role {
	case Source:
		if len(results) > 0 {
			if _, seq := sequence(results[0]); !seq && (sig.Recv() != nil || len(results) == 2) {
				return formSourceRead
			}
		}
		return formSourceSeq
	case Sink:
		if batch {
			return formSinkBatch
		}
		return formSink
	}
	switch {
	case batch:
		return formBatch
	case params > 2:
		return formPorts
	case params == 2 && len(results) == 0:
		return formEmit
	case len(results) == 0:
		return formMap
	case len(results) == 2 && isBool(results[1]):
		return formSlice
	case isBool(results[0]):
		return formFilter
	}
	if _, ok := elements(results[0]); ok {
		return formSlice
	}
	if _, ok := results[0].Underlying().(*types.Chan); ok {
		return formSlice
	}
	if _, ok := sequence(results[0]); ok {
		return formSeq
	}
	return formMap
}

// signature shows a function as it is declared: "func Rate(in Trade) (Priced,
// bool)".
func (r *reading) signature(name string, sig *types.Signature) string {
	text := types.TypeString(sig, byPackageName)
	receiver := ""
	if recv := sig.Recv(); recv != nil {
		receiver = "(" + typeText(recv.Type()) + ") "
	}
	return "func " + receiver + name + strings.TrimPrefix(text, "func")
}

// text is an unfit as a clause.
func (u unfit) text() string {
	if u.field == "" {
		return "it is " + u.what
	}
	return "its field " + u.field + " is " + u.what
}

// noteAt adds a note where there is a place for it: types of the universe have
// none.
func noteAt(d *diag.Diagnostic, at source.Span, format string, args ...any) {
	if !at.IsZero() {
		d.NoteAt(at, format, args...)
	}
}
