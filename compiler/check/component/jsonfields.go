package component

import (
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
	type level struct {
		s          *types.Struct
		t          types.Type // the embedded type, for "seen before"
		index      []int
		embedded   ir.Path
		viaPointer bool
	}
	var fields []jsonField
	next := []level{{s: root}}
	seen := map[types.Type]bool{}
	var count map[types.Type]int
	var nextCount map[types.Type]int
	for len(next) > 0 {
		current := next
		next = nil
		count, nextCount = nextCount, map[types.Type]int{}
		for _, l := range current {
			if l.t != nil {
				if seen[l.t] {
					continue
				}
				seen[l.t] = true
			}
			for i := range l.s.NumFields() {
				v := l.s.Field(i)
				t := types.Unalias(v.Type())
				viaPointer := false
				if p, ok := t.(*types.Pointer); ok {
					t, viaPointer = types.Unalias(p.Elem()), true
				}
				inner, isStruct := t.Underlying().(*types.Struct)
				if v.Embedded() {
					if !v.Exported() && !isStruct {
						continue
					}
				} else if !v.Exported() {
					continue
				}
				tag := reflect.StructTag(l.s.Tag(i))
				text := tag.Get("json")
				if text == "-" {
					continue
				}
				name, opts, _ := strings.Cut(text, ",")
				if !validTag(name) {
					name = ""
				}
				options := strings.Split(opts, ",")
				f := jsonField{
					name: name, tagged: name != "", v: v, tag: tag,
					embedded:   l.embedded,
					viaPointer: l.viaPointer,
					index:      append(slices.Clone(l.index), i),
					omitEmpty:  slices.Contains(options, "omitempty"),
					omitZero:   slices.Contains(options, "omitzero"),
				}
				if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&(types.IsBoolean|types.IsNumeric|types.IsString) != 0 {
					f.quoted = slices.Contains(options, "string")
				}
				if name != "" || !v.Embedded() || !isStruct {
					if f.name == "" {
						f.name = untagged(v.Name())
					}
					fields = append(fields, f)
					if count[l.t] > 1 {
						// The same struct twice on one level: a second copy makes its
						// fields cancel out, and one copy is enough for that.
						fields = append(fields, f)
					}
					continue
				}
				nextCount[t]++
				if nextCount[t] == 1 {
					next = append(next, level{
						s: inner, t: t,
						index:      f.index,
						embedded:   append(slices.Clone(l.embedded), v.Name()),
						viaPointer: l.viaPointer || viaPointer,
					})
				}
			}
		}
	}
	slices.SortStableFunc(fields, func(a, b jsonField) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		if c := len(a.index) - len(b.index); c != 0 {
			return c
		}
		if a.tagged != b.tagged {
			if a.tagged {
				return -1
			}
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
