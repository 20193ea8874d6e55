package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Field is one difference of an object's spec.
type Field struct {
	// Path is where it is: "deploy.resources.limits.memory", "volumes[/data].source".
	Path string `json:"path"`
	// Old and New are its values, nil for none. What is hidden is its reference.
	Old any `json:"old"`
	New any `json:"new"`
	// Changed tells of a hidden value that the reference is the same and the value is
	// not.
	Changed bool `json:"changed_value,omitempty"`
}

// fields compares two trees.
func fields(before, after any) []Field {
	var all []Field
	differ("", before, after, &all)
	return all
}

func differ(path string, before, after any, all *[]Field) {
	if Equal(before, after) {
		return
	}
	switch a := after.(type) {
	case map[string]any:
		if b, ok := before.(map[string]any); ok || before == nil {
			differInMap(path, b, a, all)
			return
		}
	case []any:
		if b, ok := before.([]any); ok {
			differInList(path, b, a, all)
			return
		}
	case nil:
		if b, ok := before.(map[string]any); ok {
			differInMap(path, b, nil, all)
			return
		}
	case Hidden:
		if b, ok := before.(Hidden); ok {
			*all = append(*all, Field{Path: path, Old: b, New: a, Changed: a.Shown == b.Shown})
			return
		}
	case string:
		if b, ok := before.(string); ok && strings.Contains(a+b, "\n") {
			differInLines(path, b, a, all)
			return
		}
	}
	*all = append(*all, Field{Path: path, Old: before, New: after})
}

// Equal compares two trees, as JSON means them.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, Equal)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}

func differInMap(path string, before, after map[string]any, all *[]Field) {
	keys := map[string]bool{}
	for k := range before {
		keys[k] = true
	}
	for k := range after {
		keys[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		below := k
		if path != "" {
			below = path + "." + k
		}
		differ(below, before[k], after[k], all)
	}
}

// differInList compares lists as what they are: mappings that have a name each are
// compared by it, other values are there or not. A list whose order alone differs is
// compared as a whole.
func differInList(path string, before, after []any, all *[]Field) {
	for _, key := range listKeys {
		b, ok := byKey(before, key)
		a, also := byKey(after, key)
		if !ok || !also {
			continue
		}
		names := map[string]bool{}
		for n := range b {
			names[n] = true
		}
		for n := range a {
			names[n] = true
		}
		n := len(*all)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			differ(path+"["+name+"]", b[name], a[name], all)
		}
		if len(*all) > n {
			return
		}
	}
	gone, come := without(before, after), without(after, before)
	if len(gone)+len(come) == 0 || !scalars(before) || !scalars(after) {
		*all = append(*all, Field{Path: path, Old: before, New: after})
		return
	}
	for _, v := range gone {
		*all = append(*all, Field{Path: path, Old: v})
	}
	for _, v := range come {
		*all = append(*all, Field{Path: path, New: v})
	}
}

// listKeys are the keys by which manifests name what is in their lists.
var listKeys = []string{"name", "Name", "target", "mountPath", "containerPort", "port", "source"}

// byKey is a list of mappings by the value of a key that each of them has, and no two
// alike.
func byKey(list []any, key string) (map[string]any, bool) {
	m := map[string]any{}
	for _, item := range list {
		fields, ok := item.(map[string]any)
		if !ok || fields[key] == nil {
			return nil, false
		}
		name := fmt.Sprint(fields[key])
		if _, twice := m[name]; twice {
			return nil, false
		}
		m[name] = item
	}
	return m, true
}

// without are the values of a list that another does not have.
func without(list, other []any) []any {
	return slices.DeleteFunc(slices.Clone(list), func(v any) bool {
		return slices.ContainsFunc(other, func(o any) bool { return Equal(v, o) })
	})
}

func scalars(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool {
		switch v.(type) {
		case map[string]any, []any:
			return true
		}
		return false
	})
}

// differInLines compares texts of several lines by line.
func differInLines(path, before, after string, all *[]Field) {
	b, a := strings.Split(strings.TrimSuffix(before, "\n"), "\n"), strings.Split(strings.TrimSuffix(after, "\n"), "\n")
	n := len(*all)
	for _, line := range b {
		if line != "" && !slices.Contains(a, line) {
			*all = append(*all, Field{Path: path, Old: line})
		}
	}
	for _, line := range a {
		if line != "" && !slices.Contains(b, line) {
			*all = append(*all, Field{Path: path, New: line})
		}
	}
	if len(*all) == n {
		*all = append(*all, Field{Path: path, Old: before, New: after})
	}
}

// text is a value as a plan shows it.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case Hidden:
		return v.Shown
	case string:
		if v != "" && !strings.ContainsAny(v, " \t\n\"") {
			return v
		}
	}
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(out.String(), "\n")
}
