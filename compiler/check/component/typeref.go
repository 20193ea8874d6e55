package component

import (
	"fmt"
	"go/types"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// Type reads an event type from the user's Go: `Ledger: ./model.Ledger`. It is
// nil where that is impossible, which has been reported. Types are shared:
// asking twice gives the same pointer.
func (l *Loader) Type(ref string, at source.Span, dl *diag.List) *ir.Type {
	obj := l.symbol(ref, at, dl)
	if obj == nil {
		return nil
	}
	name, ok := obj.(*types.TypeName)
	if !ok {
		dl.Errorf(codeType, at, "`%s` is a %s, and an event type is a Go type", ref, kindOf(obj)).
			NoteAt(l.places.object(obj), "%s is declared here", obj.Name())
		return nil
	}
	if isGeneric(name.Type()) {
		dl.Errorf(codeType, at, "`%s` is generic, and an event type has no type arguments", ref).
			NoteAt(l.places.object(obj), "%s is declared here", obj.Name()).
			Helpf("declare a type of one instance: `type %sOf… = %s[…]`", name.Name(), name.Name())
		return nil
	}
	if parent, ok := l.reach(name.Pkg().Path()); !ok {
		dl.Errorf(codeType, at, "`%s` is internal to %s, so generated code can't name it", ref, parent)
		return nil
	}
	t := name.Type()
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	r := l.records[false]
	out := r.read(t)
	if u, bad := r.unfit(out); bad {
		l.reportUnfit(fmt.Sprintf("`%s`", ref), u, obj, at, dl)
		return nil
	}
	return out
}

// reportUnfit says why a type can't be a record.
func (l *Loader) reportUnfit(what string, u unfit, obj types.Object, at source.Span, dl *diag.List) {
	var d *diag.Diagnostic
	if u.field == "" {
		d = dl.Errorf(codeType, at, "%s can't be a record: it is %s", what, u.what)
	} else {
		d = dl.Errorf(codeType, at, "%s can't be a record: its field %s is %s", what, u.field, u.what)
		d.Helpf("leave the field out of JSON with the tag `json:\"-\"`, or give it a type of data")
	}
	switch {
	case !u.at.IsZero():
		d.NoteAt(u.at, "declared here")
	case obj != nil:
		d.NoteAt(l.places.object(obj), "%s is declared here", obj.Name())
	}
}

func isGeneric(t types.Type) bool {
	switch t := t.(type) {
	case *types.Named:
		return t.TypeParams().Len() > 0 && t.TypeArgs().Len() == 0
	case *types.Alias:
		return t.TypeParams().Len() > 0 && t.TypeArgs().Len() == 0
	}
	return false
}

// kindOf names what an object is.
func kindOf(o types.Object) string {
	switch o := o.(type) {
	case *types.Func:
		return "function"
	case *types.Const:
		return "constant"
	case *types.Var:
		return "variable"
	case *types.TypeName:
		if o.IsAlias() {
			return "type alias"
		}
		return "type"
	}
	return "name"
}
