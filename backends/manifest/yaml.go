package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

// YAML renders values as documents of one text, keys in the order that encoding/json
// gives them: that of the fields of structs. A document that is a [yaml.MapSlice] is
// what [Ordered] made, and written as it is. The text is read the same way by readers
// of YAML 1.1 and 1.2.
func YAML(header string, documents ...any) ([]byte, error) {
	var b bytes.Buffer
	for line := range strings.Lines(header) {
		b.WriteString(strings.TrimRight("# "+line, " \n") + "\n")
	}
	for i, doc := range documents {
		if i > 0 {
			b.WriteString("---\n")
		}
		ordered := doc
		if _, is := doc.(yaml.MapSlice); !is {
			var err error
			if ordered, err = Ordered(doc); err != nil {
				return nil, err
			}
		}
		text, err := yaml.MarshalWithOptions(ordered, yaml.Indent(2), yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true))
		if err != nil {
			return nil, err
		}
		b.Write(text)
		if !bytes.HasSuffix(text, []byte("\n")) { // an empty mapping ends a text without one
			b.WriteByte('\n')
		}
	}
	return b.Bytes(), nil
}

// Ordered is a value as its JSON has it: mappings are [yaml.MapSlice] with their keys
// in its order.
func Ordered(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return orderedValue(d)
}

func orderedValue(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		m := yaml.MapSlice{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := orderedValue(d)
			if err != nil {
				return nil, err
			}
			if word := key.(string); !IsKey(word) {
				return nil, fmt.Errorf("%q can't be a key of a manifest", word)
			}
			m = append(m, yaml.MapItem{Key: key, Value: value})
		}
		_, err = d.Token()
		return m, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			value, err := orderedValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err = d.Token()
		return list, err
	}
	if n, ok := t.(json.Number); ok {
		if i, err := n.Int64(); err == nil {
			return i, nil
		}
		return n.Float64()
	}
	if s, ok := t.(string); ok {
		return scalar(s), nil
	}
	return t, nil
}
