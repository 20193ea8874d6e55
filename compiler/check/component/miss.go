package component

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
)

// shapes are the forms that a role accepts, as its users write them.
var shapes = map[Role][]string{
	Source: {
		"func(context.Context) iter.Seq2[Out, error]",
		"Read(context.Context) ([]Out, Position, error)",
	},
	Processor: {
		"func(In) bool",
		"func(context.Context, In) (bool, error)",
		"func(In) Out",
		"func(In) (Out, error)",
		"func(context.Context, In) (Out, error)",
		"func(In) []Out",
		"func(In) iter.Seq[Out]",
		"func(context.Context, In, emit func(Out) error) error",
		"func(context.Context, In, a func(A) error, b func(B) error) error",
		"func(context.Context, []In) ([]Out, error)",
	},
	Sink: {
		"func(context.Context, In) error",
		"func(context.Context, []In) error",
	},
}

// shapesOf lists the forms of a role, as methods of a name where that is not
// "".
func shapesOf(role Role, method string) []string {
	var out []string
	for _, s := range shapes[role] {
		if method != "" {
			s = method + strings.TrimPrefix(strings.TrimPrefix(s, "func"), method)
		}
		out = append(out, s)
	}
	return out
}

// missed reports a function or method whose signature is none of the role's:
// what was found, why it does not fit, and what would, nearest first. inner
// tells that what does not fit is the function that it returns.
func (r *reading) missed(obj types.Object, sig *types.Signature, m *miss, inner bool) {
	name := ""
	if _, ok := obj.(*types.Func); ok && sig.Recv() != nil {
		name = obj.Name()
	}
	d := r.dl.Errorf(codeShape, r.at, "`%s` is no %s: %s", r.use, r.role, orElse(m.why, "its signature is none that a "+string(r.role)+" has"))
	if name != "" {
		d.Message = fmt.Sprintf("method %s of `%s` is none of a %s: %s", name, r.use, r.role, m.why)
	}
	d.NoteAt(r.l.places.object(obj), "it is %s", r.signature(obj.Name(), sig))
	if m.help != "" {
		d.Helpf("%s", m.help)
	}
	if inner {
		sig, _ = constructed(sig).Underlying().(*types.Signature)
	}
	r.accepted(d, sig, name)
}

// accepted says what a role accepts, what is nearest to a signature first.
func (r *reading) accepted(d *diag.Diagnostic, sig *types.Signature, method string) {
	all := shapesOf(r.role, method)
	best := nearestShape(r.role, sig)
	list := []string{all[best]}
	for i, s := range all {
		if i != best {
			list = append(list, s)
		}
	}
	d.Helpf("the nearest of the shapes of a %s is %s", r.role, list[0])
	d.Notef("a %s may also be %s", r.role, strings.Join(list[1:], " · "))
}

// nearestShape is the index in shapes of what resembles a signature most.
func nearestShape(role Role, sig *types.Signature) int {
	ctx, batch, params := false, false, 0
	for i, p := range vars(sig.Params()) {
		if isContext(p.Type()) {
			ctx = true
			continue
		}
		params++
		if _, ok := elements(p.Type()); ok && i < 2 {
			batch = true
		}
	}
	errs := false
	var result types.Type
	for _, v := range vars(sig.Results()) {
		if isError(v.Type()) {
			errs = true
		} else if result == nil {
			result = v.Type()
		}
	}
	switch role {
	case Source:
		if result != nil {
			if _, seq := sequence(result); !seq && sig.Recv() != nil {
				return 1
			}
		}
		return 0
	case Sink:
		if batch {
			return 1
		}
		return 0
	}
	switch {
	case batch:
		return 9
	case params > 2:
		return 8
	case params == 2 || result == nil:
		return 7
	case isBool(result):
		if ctx || errs {
			return 1
		}
		return 0
	}
	if _, ok := elements(result); ok {
		return 5
	}
	if _, ok := sequence(result); ok {
		return 6
	}
	switch {
	case ctx:
		return 4
	case errs:
		return 3
	}
	return 2
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
