package live

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// A tree is an object as JSON has it.
type tree = map[string]any

// at is what is below keys of a tree, nil for nothing.
func at(t tree, keys ...string) any {
	var v any = t
	for _, key := range keys {
		m, _ := v.(tree)
		if v = m[key]; v == nil {
			return nil
		}
	}
	return v
}

// text is the text below keys, "" for none.
func text(t tree, keys ...string) string {
	s, _ := at(t, keys...).(string)
	return s
}

// sub is the mapping below keys, nil for none.
func sub(t tree, keys ...string) tree {
	m, _ := at(t, keys...).(tree)
	return m
}

func kindOf(t tree) string    { return text(t, "kind") }
func versionOf(t tree) string { return text(t, "apiVersion") }
func nameOf(t tree) string    { return text(t, "metadata", "name") }

// clone is a tree that shares nothing with another.
func clone(t tree) tree {
	out := make(tree, len(t))
	for k, v := range t {
		out[k] = cloneValue(v)
	}
	return out
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case tree:
		return clone(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = cloneValue(v[i])
		}
		return list
	}
	return v
}

// into decodes a tree as one of the API's structs.
func into[T any](t tree) (*T, error) {
	data, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	out := new(T)
	return out, json.Unmarshal(data, out)
}

// compared is an object as a plan compares it: without what the cluster keeps account of
// for itself, without what only says which release it is of, and as if nobody had stopped
// it: that is no change of it.
func compared(t tree) tree {
	t = clone(awake(t))
	delete(t, "status")
	meta := sub(t, "metadata")
	for _, key := range []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink", "namespace", "deletionTimestamp", "deletionGracePeriodSeconds"} {
		delete(meta, key)
	}
	anonymous(meta)
	for _, template := range [][]string{{"spec", "template"}, {"spec", "jobTemplate"}, {"spec", "jobTemplate", "spec", "template"}} {
		anonymous(sub(t, append(template, "metadata")...))
	}
	if kindOf(t) == kindJob { // what its controller has put there, and its name: each Job has another
		for _, labels := range []tree{sub(t, "metadata", "labels"), sub(t, "spec", "template", "metadata", "labels")} {
			maps.DeleteFunc(labels, func(key string, _ any) bool {
				return strings.HasPrefix(key, "batch.kubernetes.io/") || key == "controller-uid" || key == "job-name"
			})
		}
		delete(sub(t, "spec"), "selector")
		delete(meta, "name")
	}
	return t
}

// anonymous takes from metadata what only says which release it is of.
func anonymous(meta tree) {
	for field, keys := range map[string][]string{
		"labels":      {labelVersion, labelSet},
		"annotations": {annotationHash, "kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision", annotationRestarted},
	} {
		m := sub(meta, field)
		for _, key := range keys {
			delete(m, key)
		}
		if len(m) == 0 {
			delete(meta, field)
		}
	}
}

// sorted are the keys of a map in their order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
