package envelope

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Compatible tells whether a reader that expects one schema can read what was
// written with another one; the error says what is wrong, in words of the pipeline.
//
// A schema is JSON: "string" and other scalars of the language, "any" for what is
// not looked into, ["list", T], ["map", T], ["enum", "a", "b"], and {"id": T, "memo?":
// T} for fields, of which those with ? may be missing. What a reader has must be
// there, or be optional for it; what else there is is none of its business.
//
// ["meta", T, {…}] is that of records which come with their `meta`: T is that of the record,
// and the fields are those that are there, or that are read.
func Compatible(reader, writer string) error {
	if reader == writer {
		return nil
	}
	var r, w any
	for _, one := range []struct {
		text string
		into *any
	}{{reader, &r}, {writer, &w}} {
		if err := json.Unmarshal([]byte(one.text), one.into); err != nil {
			return fmt.Errorf("the schema %q can't be read: %w", one.text, err)
		}
	}
	r, needs := apart(r)
	w, has := apart(w)
	switch {
	case needs != nil && has == nil:
		return errors.New("records come without `meta`, and it is read")
	case needs != nil:
		if err := fields(needs, has, "meta"); err != nil {
			return err
		}
	}
	return compatible(r, w, "")
}

// apart takes a schema apart: that of the record, and the fields of its `meta`, nil where
// it comes without.
func apart(schema any) (record any, meta map[string]any) {
	if list, ok := schema.([]any); ok && len(list) == 3 && list[0] == "meta" {
		meta, _ = list[2].(map[string]any)
		return list[1], meta
	}
	return schema, nil
}

// widened are the types that hold all of others, and read what these are written as.
var widened = map[string][]string{
	"int64": {"int"}, "int": {"int64"}, "decimal": {"number", "int", "int64", "uint64"}, "number": {"decimal", "int", "int64", "uint64"},
}

func compatible(reader, writer any, path string) error {
	differ := func() error {
		return fmt.Errorf("%s is written as %s and read as %s", whole(path), describe(writer), describe(reader))
	}
	switch r := reader.(type) {
	case string:
		switch w, _ := writer.(string); {
		case r == "any", r == "json", r == w, slices.Contains(widened[r], w):
			return nil
		case r == "string" && isEnum(writer):
			return nil
		}
		return differ()
	case []any:
		w, ok := writer.([]any)
		if !ok || len(r) < 2 || len(w) < 2 || r[0] != w[0] {
			return differ()
		}
		if r[0] != "enum" {
			return compatible(r[1], w[1], path+"[]")
		}
		for _, v := range w[1:] {
			if !slices.Contains(r[1:], v) {
				return fmt.Errorf("%s may be %q, which the reader does not know", whole(path), v)
			}
		}
		return nil
	case map[string]any:
		w, ok := writer.(map[string]any)
		if !ok {
			return differ()
		}
		return fields(r, w, path)
	}
	return differ()
}

// fields compares those of a struct.
func fields(reader, writer map[string]any, path string) error {
	names := make([]string, 0, len(reader))
	for name := range reader {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		plain, optional := strings.CutSuffix(name, "?")
		at := strings.TrimPrefix(path+"."+plain, ".")
		written, there := writer[plain]
		if !there {
			var perhaps bool
			if written, perhaps = writer[plain+"?"]; perhaps && !optional {
				return fmt.Errorf("%s may be missing where it is written, and must be there where it is read", at)
			}
			if !perhaps && optional {
				continue
			}
			if !perhaps {
				return fmt.Errorf("%s is not written, and must be there where it is read", at)
			}
		}
		if err := compatible(reader[name], written, at); err != nil {
			return err
		}
	}
	return nil
}

func isEnum(schema any) bool {
	list, ok := schema.([]any)
	return ok && len(list) > 0 && list[0] == "enum"
}

func whole(path string) string {
	if path == "" {
		return "the record"
	}
	return path
}

// describe names a schema in an error.
func describe(schema any) string {
	switch s := schema.(type) {
	case string:
		return s
	case []any:
		if len(s) == 2 && s[0] != "enum" {
			return fmt.Sprintf("%v of %s", s[0], describe(s[1]))
		}
		if len(s) > 0 {
			return fmt.Sprint(s[0])
		}
	case map[string]any:
		return "a struct"
	}
	return "nothing"
}
