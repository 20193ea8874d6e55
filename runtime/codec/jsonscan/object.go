package jsonscan

import "fmt"

// A Field is a member of an object that the program wants.
type Field struct {
	Name string // as in the data, without quotes and escapes; matched exactly

	// Index is where the span goes in the slice that Scan fills, or -1 for an
	// object of which only members are wanted.
	Index int

	// Phase orders the wants of Until: fields of phase 0 are those that a filter
	// reads first. Scan and ScanFull ignore it.
	Phase int

	// Fields are the wanted members if the value is an object. Where it is not,
	// their spans stay absent and the field's own span tells why.
	Fields []Field
}

// An Object is the projected scanner of one type of record. It learns from
// what it reads, so one lane owns it: methods must not be called concurrently.
type Object struct {
	width  int     // spans that a scan fills
	wanted []Field // the fields without members, at any level
	fields []Field // to start over with

	shape // what was learned so far

	// State of a scan that Until may go on with.
	at  *node // the value behind which pos stands
	pos int

	scratch []byte // a key without its escapes
	acts    []act  // of the text that is being parsed

	full fullScan
}

// NewObject makes the scanner of an object with these fields. It panics where
// two have one name or one index, which is a mistake of the calling program.
func NewObject(fields []Field) *Object {
	o := &Object{fields: fields}
	used := map[int]bool{}
	o.measure(fields, used)
	o.reset()
	return o
}

func (o *Object) measure(fields []Field, used map[int]bool) {
	names := map[string]bool{}
	for _, f := range fields {
		if names[f.Name] {
			panic(fmt.Sprintf("jsonscan: two fields are named %q", f.Name))
		}
		names[f.Name] = true
		if f.Index >= 0 {
			if used[f.Index] {
				panic(fmt.Sprintf("jsonscan: two fields have the index %d", f.Index))
			}
			used[f.Index] = true
			o.width = max(o.width, f.Index+1)
		}
		if len(f.Fields) > 0 {
			o.measure(f.Fields, used)
			continue
		}
		if f.Index < 0 {
			panic(fmt.Sprintf("jsonscan: the field %q has neither an index nor members", f.Name))
		}
		o.wanted = append(o.wanted, f)
	}
}

// Width returns how many spans a scan fills: the largest Index plus one.
func (o *Object) Width() int { return o.width }
