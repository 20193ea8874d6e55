package nomad

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/ir/diag"
)

// overlaid is the job with the overlay of the options in it. What comes out must be a
// job again: each key a field of Nomad's, each value of its type.
func (d *deployment) overlaid(j *api.Job) *api.Job {
	if len(d.o.Overlay) == 0 {
		return j
	}
	text, err := encode(j)
	if err != nil {
		panic(err) // a job is made of what JSON can say
	}
	job, overlay := tree(text), tree(d.o.Overlay)
	patched := patch(job, overlay)
	before := len(d.list)
	d.known(nil, overlay, reflect.TypeFor[api.Job]())
	if len(d.list) > before {
		return j
	}
	text, err = json.Marshal(patched)
	if err != nil {
		panic(err)
	}
	out := &api.Job{}
	if err := json.Unmarshal(text, out); err != nil {
		var wrong *json.UnmarshalTypeError
		if !errors.As(err, &wrong) {
			panic(err)
		}
		d.list.Errorf(diag.TargetOverlay, d.at("overlay"), "`%s` of a job is no %s", wrong.Field, wrong.Value).
			Helpf("Nomad's JSON has durations as numbers of nanoseconds, and lists where the job file has blocks")
		return j
	}
	return out
}

// tree reads JSON with its numbers as they are written.
func tree(text []byte) any {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		panic(err) // it was JSON before
	}
	return v
}

// patch merges as RFC 7386 has it, and lists whose elements have names element by
// element: a group, a task, a service, a check.
func patch(base, over any) any {
	switch over := over.(type) {
	case map[string]any:
		into, ok := base.(map[string]any)
		if !ok {
			into = map[string]any{}
		}
		for key, value := range over {
			if value == nil {
				delete(into, key)
			} else {
				into[key] = patch(into[key], value)
			}
		}
		return into
	case []any:
		list, ok := base.([]any)
		if !ok || !allNamed(over) || !allNamed(list) {
			return over
		}
		for _, item := range over {
			i := slices.IndexFunc(list, func(x any) bool { return nameOf(x) == nameOf(item) })
			if i < 0 {
				list = append(list, patch(nil, item))
			} else {
				list[i] = patch(list[i], item)
			}
		}
		return list
	}
	return over
}

func allNamed(list []any) bool {
	return !slices.ContainsFunc(list, func(x any) bool { return nameOf(x) == "" })
}

func nameOf(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return ""
	}
	name, ok := m["Name"].(string)
	if !ok {
		return ""
	}
	return name
}

// known refuses keys that are no fields of Nomad's type.
func (d *deployment) known(at []string, v any, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case []any:
		if t.Kind() == reflect.Slice {
			for _, item := range v {
				d.known(at, item, t.Elem())
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			path := append(slices.Clone(at), key)
			switch t.Kind() {
			case reflect.Map:
				d.known(path, v[key], t.Elem())
			case reflect.Struct:
				field, names := fieldNamed(t, key)
				if field != nil {
					d.known(path, v[key], field)
					continue
				}
				wrong := d.list.Errorf(diag.TargetOverlay, d.at(append([]string{"overlay"}, path...)...), "`%s` is not a field of Nomad's %s", strings.Join(path, "."), t.Name())
				if !wrong.Near(key, names) {
					wrong.Helpf("the fields are those of Nomad's JSON API: %s", strings.Join(names, ", "))
				}
			}
		}
	}
}

// fieldNamed is the type of a field by its name in JSON, nil where there is none, with
// the names that there are.
func fieldNamed(t reflect.Type, key string) (field reflect.Type, names []string) {
	for i := range t.NumField() {
		name := jsonName(t.Field(i))
		if name == key {
			return t.Field(i).Type, nil
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return nil, names
}
