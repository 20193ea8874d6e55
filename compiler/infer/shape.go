package infer

import "bytes"

// A kind is what JSON calls a value, with numbers told apart: an integer is a
// number without a point and without an exponent.
type kind uint8

const (
	null kind = iota
	boolean
	integer
	fraction
	text
	list
	object
	kinds
)

func (k kind) String() string {
	return [...]string{"null", "bool", "int", "number", "string", "list", "object"}[k]
}

// The limits that bound what is kept of a sample.
const (
	// maxShapes bounds all shapes of a sample: what is met beyond them is not
	// looked into.
	maxShapes = 100_000
	// maxNames bounds the names of all their fields.
	maxNames = 200_000
	// maxFields is how many names the objects of one place may have before they
	// are taken for data: a map.
	maxFields = 1000
	// maxName is the longest name of a field, in bytes; longer ones are data.
	maxName = 256
	// maxLevels is how deep shapes nest; deeper values are not looked into.
	maxLevels = 64
)

// A shape is what is known of the values at one place of the records. A nil
// shape takes no note of anything: it stands for what is not looked into.
type shape struct {
	count [kinds]int64
	first [kinds]place
	num   numbers
	str   *texts   // nil before the first string
	elem  *shape   // of lists; nil before the first element
	obj   *objects // nil before the first object
	// unseen tells that parts of the values were too many or too deep to be looked
	// into.
	unseen bool
	// twice is the first object below, at any depth, that has a name twice.
	twice place
}

// note counts a value.
func (s *shape) note(k kind, at place) {
	if s == nil {
		return
	}
	if s.count[k] == 0 {
		s.first[k] = at
	}
	s.count[k]++
}

// values is how many values there were, nulls included.
func (s *shape) values() int64 {
	n := int64(0)
	for _, c := range s.count {
		n += c
	}
	return n
}

// numbers is how many of them were numbers.
func (s *shape) numbers() int64 { return s.count[integer] + s.count[fraction] }

// newShape returns a shape, or nil where there are too many already.
func (c *collector) newShape() *shape {
	if c.shapes >= maxShapes {
		return nil
	}
	c.shapes++
	return &shape{}
}

// noteText counts a string, of which b is the begin where long is set.
func (s *shape) noteText(b []byte, long bool, at place) {
	if s == nil {
		return
	}
	s.note(text, at)
	if s.str == nil {
		s.str = &texts{}
	}
	s.str.note(b, long, at)
}

// noteNumber counts a number.
func (s *shape) noteNumber(n number, at place) {
	if s == nil {
		return
	}
	k := integer
	if !n.integer {
		k = fraction
	}
	s.note(k, at)
	s.num.note(n)
}

// element is the shape of a list's elements.
func (c *collector) element(s *shape, level int) *shape {
	if s == nil {
		return nil
	}
	if s.elem == nil && level < maxLevels {
		s.elem = c.newShape()
	}
	if s.elem == nil {
		s.unseen = true
	}
	return s.elem
}

// objects are the objects of one place.
type objects struct {
	n      int64 // objects
	fields []*field
	index  map[string]int
	// next is the field that most likely comes now: the one behind the last.
	next int
	// wide is set where the names are too many to be fields: it is the shape of
	// all values. named counts them.
	wide  *shape
	named int64
	// entered tells that a walk over the shapes is inside.
	entered bool
}

// A field is one name in the objects of a place.
type field struct {
	name  string
	shape *shape // nil where its values are not looked into
	seen  int64  // objects that have it
	last  int64  // the number of the last one
	// twice is the first object that has it twice, and how many do.
	twice  place
	double int64
}

// begin counts an object.
func (s *shape) begin(at place) *objects {
	if s == nil {
		return nil
	}
	s.note(object, at)
	if s.obj == nil {
		s.obj = &objects{index: map[string]int{}}
	}
	s.obj.n++
	s.obj.next = 0
	return s.obj
}

// member returns the shape for the value of a name in the object that was begun
// last; long tells that b is not all of the name.
func (c *collector) member(s *shape, o *objects, b []byte, long bool, at place, level int) *shape {
	if o == nil {
		return nil
	}
	o.named++
	if o.wide != nil {
		return o.wide
	}
	f := o.find(b)
	if f == nil {
		if long || len(o.fields) == maxFields {
			c.widen(o)
			return o.wide
		}
		if c.names == maxNames {
			s.unseen = true
			return nil
		}
		c.names++
		f = &field{name: string(b)}
		if level < maxLevels {
			f.shape = c.newShape()
		}
		o.index[f.name] = len(o.fields)
		o.fields = append(o.fields, f)
		o.next = len(o.fields)
	}
	if f.last == o.n {
		if f.double == 0 {
			f.twice = at
		}
		f.double++
		if s.twice == (place{}) {
			s.twice = at
		}
		return f.shape
	}
	f.seen++
	f.last = o.n
	return f.shape
}

// find looks a field up, at first where the one before it suggests.
func (o *objects) find(name []byte) *field {
	if o.next < len(o.fields) && bytes.Equal(name, []byte(o.fields[o.next].name)) {
		o.next++
		return o.fields[o.next-1]
	}
	if i, ok := o.index[string(name)]; ok {
		o.next = i + 1
		return o.fields[i]
	}
	return nil
}

// widen takes the names of objects for data from now on.
func (c *collector) widen(o *objects) {
	o.wide = &shape{}
	for _, f := range o.fields {
		o.wide.merge(f.shape)
	}
	o.fields, o.index = nil, nil
}
