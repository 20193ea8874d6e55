package golang

import (
	"encoding/json"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// asText is a value whose text a method of the user's reads: what is no text
// already is JSON.
func asText(t *ir.Type, v *ir.Value) *ir.Value {
	if t.Kind != ir.GoNamed || t.Go.Text || !v.IsLiteral() {
		return v
	}
	text := *v
	text.Items, text.Entries = nil, nil
	text.Parts = []ir.Part{{Kind: ir.Literal, Text: jsonText(v)}}
	return &text
}

// jsonText is a literal as JSON.
func jsonText(v *ir.Value) string {
	switch v.Kind {
	case "list":
		items := make([]string, len(v.Items))
		for i, it := range v.Items {
			items[i] = jsonText(it)
		}
		return "[" + strings.Join(items, ",") + "]"
	case "map":
		entries := make([]string, len(v.Entries))
		for i, e := range v.Entries {
			entries[i] = jsonString(e.Key) + ":" + jsonText(e.Value)
		}
		return "{" + strings.Join(entries, ",") + "}"
	case "null":
		return "null"
	case "int", "float", "bool":
		if text := strings.ToLower(v.Text()); json.Valid([]byte(text)) {
			return text
		}
	}
	return jsonString(v.Text())
}

func jsonString(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // strings always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}
