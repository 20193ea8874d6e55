package infer

import (
	"github.com/flowc-dev/flowc/ir/diag"
)

// maxVariants is how many values a field may have that tells event types apart.
const maxVariants = 200

// variants are the shapes of records by the value of one field.
type variants struct {
	list  []*variant // by first appearance
	index map[string]int
	// none is the shape of the records that have no such value, or another kind of
	// value there; noneAt is the first.
	none   *shape
	noneAt place
	nones  int64
}

type variant struct {
	value string
	shape *shape
}

// A tag is what one record has in the field that tells event types apart.
type tag struct {
	found bool
	text  bool // it is a string
	value string
}

// variant reads a record, whose type is known only when all of it is read: its
// bytes are kept and read again.
func (r *jsonReader) variant() error {
	at := r.in.place()
	first := tag{}
	r.tag = &first
	r.in.keep()
	err := r.value(nil, 0)
	r.tag = nil
	if err != nil {
		return err
	}
	record := r.in.take()
	s, err := r.shapeOf(first, at)
	if err != nil {
		return err
	}
	second := &jsonReader{collector: r.collector, in: inputAt(record, at), oneLine: r.oneLine, scratch: r.scratch}
	err = second.value(s, 0)
	r.scratch = second.scratch
	return err
}

// readTag reads the value of the field that tells event types apart.
func (r *jsonReader) readTag(at place) error {
	if r.tag.found {
		return at.errorf("`%s` stands twice in this record, and is to tell its type", r.options.By)
	}
	r.tag.found = true
	if c, _ := r.in.peek(); c != '"' {
		return r.value(nil, 1)
	}
	b, long, err := r.string(maxName)
	if err == nil && long {
		err = at.errorf("`%s` is longer than %d bytes, too long for the name of an event type", r.options.By, maxName)
	}
	r.tag.text, r.tag.value = true, string(b)
	return err
}

// shapeOf is the shape of records with a tag.
func (r *jsonReader) shapeOf(t tag, at place) (*shape, error) {
	v := &r.variants
	if !t.text {
		if v.none == nil {
			v.none, v.noneAt = r.newShape(), at
		}
		v.nones++
		return v.none, nil
	}
	if i, ok := v.index[t.value]; ok {
		return v.list[i].shape, nil
	}
	if len(v.list) == maxVariants {
		return nil, at.errorf("`%s` has more than %d different values", r.options.By, maxVariants).
			helpf("a field that tells event types apart has few; without `--by` all records are of one type")
	}
	if v.index == nil {
		v.index = map[string]int{}
	}
	s := r.newShape()
	v.index[t.value] = len(v.list)
	v.list = append(v.list, &variant{value: t.value, shape: s})
	return s, nil
}

// noTag is the error of a sample in which the field is never a string.
func (v *variants) noTag(by string) error {
	var names []string
	if v.none != nil && v.none.obj != nil {
		for _, f := range v.none.obj.fields {
			if f.name == by {
				return usagef("`%s` is no string in any record, and only strings tell event types apart", by)
			}
			names = append(names, f.name)
		}
	}
	hint := ""
	if near := diag.Nearest(by, names); near != "" {
		hint = "; did you mean `" + near + "`?"
	}
	return usagef("no record has the field `%s`%s", by, hint)
}
