package schema

import (
	"encoding/json"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
)

// Options evaluates the options of a target against the schema that its backend
// gives (CUE, whose top level is the options). It returns them as JSON with
// defaults filled in, nil after an error.
func Options(target, schema string, n *parse.Node, l *diag.List) []byte {
	asking.Lock()
	defer asking.Unlock()
	v, shape := optionsOf(target, schema)
	all := v.Unify(cuecontext.New().Encode(parse.Value(n)))
	if err := all.Validate(cue.Concrete(true)); err != nil {
		e := &explainer{l: l}
		e.value(shape(), n, "the target `"+target+"`", n.Place())
		if e.found == 0 {
			e.rest(err, n, n.Place())
		}
		return nil
	}
	text, err := all.MarshalJSON()
	if err != nil {
		l.Errorf(diag.BadValue, n.Place(), "the options of the target `%s` have no JSON: %v", target, err)
		return nil
	}
	var out any
	if json.Unmarshal(text, &out) != nil {
		return nil
	}
	// Keys in one order, whatever order they were written in.
	sorted, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return sorted
}

// HasOption tells whether a target's options have a key.
func HasOption(target, schema, key string) bool {
	asking.Lock()
	defer asking.Unlock()
	v, _ := optionsOf(target, schema)
	return v.LookupPath(cue.MakePath(cue.Str(key).Optional())).Exists()
}

// optionsOf compiles the schema of a target's options; shape reads it. The caller
// has asking.
func optionsOf(target, schema string) (v cue.Value, read func() *shape) {
	// Closed: an unknown key is an error in every block.
	v = cuecontext.New().CompileString("#Options: {\n"+schema+"\n}", cue.Filename(target+".cue")).LookupPath(cue.ParsePath("#Options"))
	if err := v.Err(); err != nil {
		panic("the schema of the target " + target + " does not compile: " + err.Error())
	}
	return v, func() *shape {
		r := reader{named: map[string]*shape{}}
		return r.value(v)
	}
}
