package manifest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// Patch lays an overlay over a value, as a JSON merge patch (RFC 7386): mappings key
// by key, everything else as a whole, and null takes a key away. The result is JSON
// whose keys are in the order that v has them in; those that come with the overlay
// follow by name.
func Patch(v any, over map[string]any) (json.RawMessage, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(over) == 0 {
		return text, nil
	}
	return patch(text, over)
}

func patch(text []byte, over map[string]any) ([]byte, error) {
	keys, values, err := members(text)
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(over)) {
		was, there := values[key]
		if over[key] == nil {
			delete(values, key)
			continue
		}
		if !there {
			keys = append(keys, key)
		}
		if m, ok := over[key].(map[string]any); ok {
			values[key], err = patch(was, m)
		} else {
			values[key], err = json.Marshal(over[key])
		}
		if err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for _, key := range keys {
		value, ok := values[key]
		if !ok {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// members are the keys of an object in their order, with their values; none of
// what is no object.
func members(text []byte) (keys []string, values map[string]json.RawMessage, err error) {
	values = map[string]json.RawMessage{}
	if !bytes.HasPrefix(text, []byte("{")) {
		return nil, values, nil
	}
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return nil, nil, err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		keys = append(keys, key.(string)) // json has no other keys
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			return nil, nil, err
		}
	}
	return keys, values, nil
}
