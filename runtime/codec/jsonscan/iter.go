package jsonscan

// An ArrayIter goes over the elements of an array:
//
//	it := jsonscan.Array(line, span)
//	for it.Next() {
//		… jsonscan.Int64(line, it.Value()) …
//	}
//	if err := it.Err(); err != nil { … }
//
// It checks the array's own grammar and delimits the elements; their decoders
// check them. It allocates nothing.
type ArrayIter struct {
	line  []byte
	end   int // of the array's value
	pos   int // behind the last element
	value Span
	err   error
	begun bool
	done  bool
}

// Array begins to read the array at s.
func Array(line []byte, s Span) ArrayIter {
	it := ArrayIter{line: line[:s.End], end: int(s.End), pos: int(s.Start) + 1}
	if s.Absent() || line[s.Start] != '[' {
		it.err = expected("a list", line, int(s.Start), int(s.End))
	}
	return it
}

// Next moves on to the next element. It is false at the end and at an error.
func (it *ArrayIter) Next() bool {
	if it.err != nil || it.done {
		return false
	}
	b := it.line
	i := SkipSpace(b, it.pos)
	switch {
	case i < len(b) && b[i] == ']':
		it.close(i + 1)
		return false
	case !it.begun:
		it.begun = true
	case i < len(b) && b[i] == ',':
		i = SkipSpace(b, i+1)
	default:
		it.err = expectedAt("',' or ']'", b, i)
		return false
	}
	end, err := SkipValue(b, i)
	if err != nil {
		it.err = err
		return false
	}
	it.value = Span{uint32(i), uint32(end)}
	it.pos = end
	return true
}

func (it *ArrayIter) close(i int) {
	it.done = true
	if i != it.end {
		it.err = expectedAt("nothing after the list", it.line, i)
	}
}

// Value returns the place of the element in the line.
func (it *ArrayIter) Value() Span { return it.value }

// Err returns what ended the iteration early, or nil.
func (it *ArrayIter) Err() error { return it.err }

// An ObjectIter goes over the members of an object, in their order, as ArrayIter
// does over elements. Whether a name occurs twice is for the caller to see.
type ObjectIter struct {
	line  []byte
	end   int
	pos   int
	key   Span
	value Span
	err   error
	begun bool
	done  bool
}

// Members begins to read the object at s.
func Members(line []byte, s Span) ObjectIter {
	it := ObjectIter{line: line[:s.End], end: int(s.End), pos: int(s.Start) + 1}
	if !s.IsObject(line) {
		it.err = expected("an object", line, int(s.Start), int(s.End))
	}
	return it
}

// Next moves on to the next member. It is false at the end and at an error.
func (it *ObjectIter) Next() bool {
	if it.err != nil || it.done {
		return false
	}
	b := it.line
	i := SkipSpace(b, it.pos)
	want := "a key or '}'"
	switch {
	case i < len(b) && b[i] == '}':
		it.done = true
		if i+1 != it.end {
			it.err = expectedAt("nothing after the object", b, i+1)
		}
		return false
	case !it.begun:
		it.begun = true
	case i < len(b) && b[i] == ',':
		i, want = SkipSpace(b, i+1), "a key"
	default:
		it.err = expectedAt("',' or '}'", b, i)
		return false
	}
	if i >= len(b) || b[i] != '"' {
		it.err = expectedAt(want, b, i)
		return false
	}
	end, err := SkipString(b, i)
	if err != nil {
		it.err = err
		return false
	}
	it.key = Span{uint32(i), uint32(end)}
	i = SkipSpace(b, end)
	if i >= len(b) || b[i] != ':' {
		it.err = expectedAt("':'", b, i)
		return false
	}
	i = SkipSpace(b, i+1)
	if end, err = SkipValue(b, i); err != nil {
		it.err = err
		return false
	}
	it.value = Span{uint32(i), uint32(end)}
	it.pos = end
	return true
}

// Key returns the place of the member's name, a string like any other: String
// and StringCopy read it.
func (it *ObjectIter) Key() Span { return it.key }

// Value returns the place of the member's value.
func (it *ObjectIter) Value() Span { return it.value }

// Err returns what ended the iteration early, or nil.
func (it *ObjectIter) Err() error { return it.err }
