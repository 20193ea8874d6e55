package cut

import (
	"encoding/json"

	"github.com/flowc-dev/flowc/ir"
)

// codecOf is how a record of a type crosses; "" for one that can't.
func codecOf(t *ir.Type) string {
	switch t.Kind {
	case ir.String:
		return "text"
	case ir.Bytes:
		return "bytes"
	case ir.JSON:
		return "json"
	case ir.Struct:
		if !t.Change {
			return "json"
		}
	}
	return ""
}

// schemaOf is the text that package runtime/codec/envelope compares: of records, and of
// the `meta` that they take along where there is one, all of it or the fields that are read.
func schemaOf(t, meta *ir.Type, reads []string) string {
	whole := schema(t, nil)
	if meta != nil {
		whole = []any{"meta", whole, metaSchema(meta, reads)}
	}
	text, err := json.Marshal(whole)
	if err != nil {
		panic(err) // it is made of strings
	}
	return string(text)
}

// schema is a type as JSON. around are those that it is part of.
func schema(t *ir.Type, around []*ir.Type) any {
	for _, outer := range around {
		if outer == t { // it has itself as a part
			return "any"
		}
	}
	around = append(around[:len(around):len(around)], t)
	switch t.Kind {
	case ir.List:
		return []any{"list", schema(t.Elem, around)}
	case ir.Map:
		return []any{"map", schema(t.Elem, around)}
	case ir.Enum:
		list := []any{"enum"}
		for _, v := range t.Values {
			list = append(list, v)
		}
		return list
	case ir.Struct:
		if t.Go != nil && t.Go.Custom {
			return "any"
		}
		fields := map[string]any{}
		for _, f := range t.Fields {
			name := f.Name
			if f.Optional || f.Lenient || t.Go != nil && t.Go.Lenient {
				name += "?"
			}
			fields[name] = schema(f.Type, around)
		}
		return fields
	case ir.JSON, ir.Any:
		return "any"
	}
	if t.Go != nil {
		return "any"
	}
	return string(t.Kind)
}
