package component

import (
	"cmp"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/flowc-dev/flowc/ir"
)

// A jsonField is a field of a struct as encoding/json sees it.
type jsonField struct {
	name     string // on the wire
	tagged   bool   // the name stands in a tag
	embedded ir.Path
	v        *types.Var
	tag      reflect.StructTag
	// omitEmpty, omitZero and quoted are options of the tag.
	omitEmpty, omitZero, quoted bool
	// viaPointer tells that an embedded pointer lies on the way.
	viaPointer bool
	index      []int
}

// jsonFields lists the fields of a struct that encoding/json reads and writes,
// in its order. untagged gives the wire name of a field without one in its
// tag.
//
// The rules are those of encoding/json: embedded structs without a name of
// their own are opened; of several fields of one name the least deep wins, then
// the tagged one; where that leaves two, none counts.
func jsonFields(root *types.Struct, untagged func(goName string) string) []jsonField {
	var fields []jsonField
	level := []opened{{s: root}}
	seen := map[types.Type]bool{}
	var times map[types.Type]int // how often each struct of the level is embedded
	for len(level) > 0 {
		var next []opened
		nextTimes := map[types.Type]int{}
		for _, o := range level {
			if o.t != nil && seen[o.t] {
				continue
			}
			seen[o.t] = true
			for i := range o.s.NumFields() {
				f, inner := o.field(i)
				switch {
				case f == nil:
				case inner != nil:
					if nextTimes[inner.t]++; nextTimes[inner.t] == 1 {
						next = append(next, *inner)
					}
				default:
					if f.name == "" {
						f.name = untagged(f.v.Name())
					}
					fields = append(fields, *f)
					if times[o.t] > 1 {
						// The same struct twice on one level: a second copy makes its
						// fields cancel out, and one copy is enough for that.
						fields = append(fields, *f)
					}
				}
			}
		}
		level, times = next, nextTimes
	}
	return dominant(fields)
}

// An opened is a struct whose fields count as those of the root.
type opened struct {
	s          *types.Struct
	t          types.Type // the embedded type, nil for the root
	index      []int
	embedded   ir.Path
	viaPointer bool
}

// field is field i: nil where encoding/json passes over it, and with the struct
// that is opened instead of it where it is one.
func (o opened) field(i int) (*jsonField, *opened) {
	v := o.s.Field(i)
	t := types.Unalias(v.Type())
	viaPointer := false
	if p, ok := t.(*types.Pointer); ok {
		t, viaPointer = types.Unalias(p.Elem()), true
	}
	inner, isStruct := t.Underlying().(*types.Struct)
	if !v.Exported() && !(v.Embedded() && isStruct) {
		return nil, nil
	}
	tag := reflect.StructTag(o.s.Tag(i))
	text := tag.Get("json")
	if text == "-" {
		return nil, nil
	}
	name, opts, _ := strings.Cut(text, ",")
	if !validTag(name) {
		name = ""
	}
	options := strings.Split(opts, ",")
	f := &jsonField{
		name: name, tagged: name != "", v: v, tag: tag,
		embedded:   o.embedded,
		viaPointer: o.viaPointer,
		index:      append(slices.Clone(o.index), i),
		omitEmpty:  slices.Contains(options, "omitempty"),
		omitZero:   slices.Contains(options, "omitzero"),
	}
	if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&(types.IsBoolean|types.IsNumeric|types.IsString) != 0 {
		f.quoted = slices.Contains(options, "string")
	}
	if name != "" || !v.Embedded() || !isStruct {
		return f, nil
	}
	return f, &opened{
		s: inner, t: t,
		index:      f.index,
		embedded:   append(slices.Clone(o.embedded), v.Name()),
		viaPointer: o.viaPointer || viaPointer,
	}
}

// dominant leaves the field that counts of those with one name, in the order of
// the struct.
func dominant(fields []jsonField) []jsonField {
	slices.SortStableFunc(fields, func(a, b jsonField) int {
		if c := cmp.Or(strings.Compare(a.name, b.name), len(a.index)-len(b.index)); c != 0 {
			return c
		}
		switch {
		case a.tagged && !b.tagged:
			return -1
		case b.tagged && !a.tagged:
			return 1
		}
		return slices.Compare(a.index, b.index)
	})
	var out []jsonField
	for i := 0; i < len(fields); {
		n := 1
		for i+n < len(fields) && fields[i+n].name == fields[i].name {
			n++
		}
		if n == 1 || len(fields[i].index) != len(fields[i+1].index) || fields[i].tagged != fields[i+1].tagged {
			out = append(out, fields[i])
		}
		i += n
	}
	slices.SortFunc(out, func(a, b jsonField) int { return slices.Compare(a.index, b.index) })
	return out
}

// validTag tells whether encoding/json takes a name from a tag.
func validTag(s string) bool {
	if s == "" {
		return false
	}
	for _, r := range s {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return true
}

// snakeCase is the wire form of a Go name in configs: BaseURL is base_url, ID
// is id, UserIDs is user_ids.
func snakeCase(name string) string {
	rs := []rune(name)
	var b strings.Builder
	for i, r := range rs {
		if unicode.IsUpper(r) && i > 0 && rs[i-1] != '_' {
			prevLower := !unicode.IsUpper(rs[i-1])
			// The last capital of a run begins the next word, unless what follows
			// is the plural of an initialism.
			beginsWord := i+1 < len(rs) && unicode.IsLower(rs[i+1]) && !pluralEnd(rs, i+1)
			if prevLower || beginsWord {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// pluralEnd tells whether rs[i] is an s that ends a word behind capitals, as
// in IDs.
func pluralEnd(rs []rune, i int) bool {
	return rs[i] == 's' && (i+1 == len(rs) || unicode.IsUpper(rs[i+1])) && i >= 2 && unicode.IsUpper(rs[i-2])
}
