package kubernetes

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/strategicpatch"
	k8sjson "sigs.k8s.io/json"

	"github.com/flowc-dev/flowc/ir/diag"
)

// overlay merges what the options lay over the objects, as the API server would, and
// decodes the result strictly again: what is no field of an object is an error.
func (d *deployment) overlay() {
	for _, key := range slices.Sorted(maps.Keys(d.o.Overlay)) {
		kind, name, named := strings.Cut(key, "/")
		var hits []int
		var there []string
		for i, o := range d.objects {
			of := kindOf(o)
			if !slices.Contains(there, of) {
				there = append(there, of)
			}
			// What is laid over a kind is meant for the program; the broker's have their names.
			if of == kind && (named && o.GetName() == name || !named && !d.ofBroker(o)) {
				hits = append(hits, i)
			}
		}
		option := "overlay." + key
		if len(hits) == 0 {
			wrong := d.list.Errorf(diag.TargetOverlay, d.at(option), "there is no %s to lay something over", key)
			if !wrong.Near(kind, there) {
				wrong.Notef("there are %s", strings.Join(there, ", "))
			}
			continue
		}
		patch := d.o.Overlay[key]
		if string(patch) == "null" {
			for _, i := range slices.Backward(hits) {
				d.objects = slices.Delete(d.objects, i, i+1)
			}
			continue
		}
		for _, i := range hits {
			if o := d.merged(d.objects[i], patch, option); o != nil {
				d.objects[i] = o
			}
		}
	}
}

// kindOf is the kind of an object.
func kindOf(o object) string {
	return o.GetObjectKind().GroupVersionKind().Kind
}

// merged is an object with a patch over it, nil after an error.
func (d *deployment) merged(o object, patch []byte, option string) object {
	fresh := func() object { return reflect.New(reflect.TypeOf(o).Elem()).Interface().(object) }
	// The patch is checked before it is merged: there its lists are as they were
	// written, and a mistake has its place.
	if !d.fits(withoutDirectives(patch), fresh(), option) {
		return nil
	}
	original, err := json.Marshal(o)
	if err != nil {
		d.list.Errorf(diag.TargetOverlay, d.at(option), "%v", err)
		return nil
	}
	result, err := strategicpatch.StrategicMergePatch(original, patch, fresh())
	if err != nil {
		d.list.Errorf(diag.TargetOverlay, d.at(option), "it can't be merged: %v", err)
		return nil
	}
	out := fresh()
	if !d.fits(result, out, option) {
		return nil
	}
	switch {
	case out.GetObjectKind().GroupVersionKind() != o.GetObjectKind().GroupVersionKind():
		d.list.Errorf(diag.TargetOverlay, d.at(option), "an overlay changes what an object says, and not what it is")
		return nil
	case out.GetName() != o.GetName():
		d.list.Errorf(diag.TargetOverlay, d.at(option+".metadata.name"), "other objects know this one as `%s`", o.GetName()).Helpf("the pipeline's name makes those of its objects")
		return nil
	case out.GetNamespace() != o.GetNamespace():
		d.list.Errorf(diag.TargetOverlay, d.at(option+".metadata.namespace"), "the objects of a pipeline are in one namespace").Helpf("write `targets.%s.namespace`", target)
		return nil
	}
	return out
}

// fits decodes a text strictly, and puts mistakes where they stand in the options.
func (d *deployment) fits(text []byte, into object, option string) bool {
	unknown, err := k8sjson.UnmarshalStrict(text, into)
	if err == nil && len(unknown) == 0 {
		return true
	}
	for _, e := range unknown {
		var field k8sjson.FieldError
		path := ""
		if errors.As(e, &field) {
			path = field.FieldPath()
		}
		wrong := d.list.Errorf(diag.TargetOverlay, d.at(option+"."+dotted(path)), "%s has no field `%s`", kindOf(d.sample(into, option)), path)
		wrong.Near(path[strings.LastIndexByte(path, '.')+1:], fieldsAt(reflect.TypeOf(into), path))
	}
	if err != nil {
		var wrong *json.UnmarshalTypeError
		path := ""
		if m := fieldInError.FindStringSubmatch(err.Error()); m != nil {
			path = m[1]
		}
		if errors.As(err, &wrong) && path == "" {
			path = wrong.Field
		}
		d.list.Errorf(diag.TargetOverlay, d.at(option+"."+dotted(path)), "%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return false
}

// sample is an object with a kind: one that was decoded from a patch has none.
func (d *deployment) sample(o object, option string) object {
	if kindOf(o) != "" {
		return o
	}
	kind, _, _ := strings.Cut(strings.TrimPrefix(option, "overlay."), "/")
	for _, other := range d.objects {
		if kindOf(other) == kind {
			return other
		}
	}
	return o
}

// fieldInError finds the path of a field in an error of the decoder.
var fieldInError = regexp.MustCompile(`Go struct field [A-Za-z]+\.([A-Za-z0-9.]+) of type`)

// dotted is a path as spans have it: containers[0].image is containers.0.image.
func dotted(path string) string {
	return strings.NewReplacer("[", ".", "]", "").Replace(path)
}

// fieldsAt are the names of the fields beside the last one of a path.
func fieldsAt(t reflect.Type, path string) []string {
	words := strings.Split(path, ".")
	for _, word := range words[:len(words)-1] {
		name, index, _ := strings.Cut(word, "[")
		t = fieldType(t, name)
		for index != "" && t != nil {
			t = elem(t)
			_, index, _ = strings.Cut(index, "[")
		}
		if t == nil {
			return nil
		}
	}
	var names []string
	eachField(t, func(name string, _ reflect.Type) { names = append(names, name) })
	return names
}

func elem(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return t.Elem()
	}
	return nil
}

func fieldType(t reflect.Type, name string) reflect.Type {
	var found reflect.Type
	eachField(t, func(field string, of reflect.Type) {
		if field == name {
			found = of
		}
	})
	return found
}

// eachField calls f with the fields of a struct as JSON has them.
func eachField(t reflect.Type, f func(name string, t reflect.Type)) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		field := t.Field(i)
		name, rest, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && (rest == "inline" || field.Anonymous):
			eachField(field.Type, f)
		case name != "":
			f(name, field.Type)
		}
	}
}

// withoutDirectives is a patch without the words that steer the merge ($patch and
// others), so that it decodes as a part of an object.
func withoutDirectives(patch []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(patch))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return patch
	}
	text, err := json.Marshal(undirected(v))
	if err != nil {
		return patch
	}
	return text
}

func undirected(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if strings.HasPrefix(key, "$") {
				delete(v, key)
				continue
			}
			v[key] = undirected(value)
		}
	case []any:
		for i := range v {
			v[i] = undirected(v[i])
		}
	}
	return v
}
