package jsonscan

import "unsafe"

// A trail is what is known about the inside of containers that nobody looks
// into: those that were the value of one member. As at the record's own level,
// the text between two strings or scalars, keys included, is the same nearly
// every time, and to compare it is faster than to look for its brackets.
//
// A trail only foretells. Each of its nodes stands for the brackets that are
// open there, so that whoever follows it to the end has seen them balance as
// skipContainer would; where it leads nowhere, skipContainer decides. So what
// was learned never changes what is accepted.
type trail struct {
	start  *node
	places map[place]*node
	edges  int

	// Of every so many containers few may be strange, which is to say that the
	// trail did not lead through them and could not be extended. Else it is
	// forgotten, and learned anew after a rest.
	tries, strange int
	resting        int // containers until then
}

// A place inside a container is told by the text before it, and by the brackets
// that are open there, the outermost first, one bit each as in skipContainer.
type place struct {
	text  string
	kinds uint64
	depth int
}

const (
	maxPlaces     = 128
	maxTrailEdges = 512

	trailTries = 256
	maxStrange = trailTries / 8
	restingFor = 16 << 10

	// moreScalars is how many more scalars than strings a container may have:
	// skipContainer is faster on arrays of numbers.
	moreScalars = 8
)

// through follows the trail through the container at line[i]. ok is false where
// it does not lead to the end.
func (t *trail) through(line []byte, i int) (end int, ok bool) {
	n := len(line)
	p := unsafe.Pointer(unsafe.SliceData(line))
	at := t.start
	for {
		e := &at.first
		if i+16 > n || load64(p, i)&e.m0 != e.w0 || load64(p, i+8)&e.m1 != e.w1 || e.len > 16 {
			if e = at.find(line, i); e == nil {
				return i, false
			}
		}
		i += e.len
		at = e.to
		if at.isEnd {
			return i, true
		}
		if i >= n {
			return i, false
		}
		if c := *(*byte)(unsafe.Add(p, i)); c != '"' {
			if !isScalarStart[c] {
				return i, false
			}
			i = scalarEnd(line, i)
			continue
		}
		begin := i
		if w := at.steady; w > 0 {
			if i += w; i <= n && closes(p, i) && plainOf(p, begin+1, i-1) {
				continue
			}
			at.unsteady()
		}
		if i = begin + 1; i+16 <= n {
			q := quoteBytes(load64(p, i))
			if q == 0 {
				i += 8
				q = quoteBytes(load64(p, i))
			}
			if q != 0 {
				i += firstByte(q)
				if *(*byte)(unsafe.Add(p, i-1)) != '\\' {
					i++
					continue
				}
			}
		}
		if i = stringEnd(line, i); i < 0 {
			return 0, false
		}
		i++
		at.sized(i - begin)
	}
}

// container returns the index behind the array or object at line[i], the value
// of the member to.
func (o *Object) container(line []byte, i int, to *node) (end int, err error) {
	t := to.trail
	if t == nil {
		if to == to.level.other {
			return skipContainer(line, i, to.level.depth)
		}
		t = &trail{}
		t.forget()
		to.trail = t
	}
	if t.resting > 0 {
		t.resting--
		return skipContainer(line, i, to.level.depth)
	}
	end, ok := t.through(line, i)
	if !ok {
		if end, err = skipContainer(line, i, to.level.depth); err != nil {
			return end, err
		}
		if !t.learn(line[i:end], o.end) {
			t.strange++
		}
	}
	if t.tries++; t.tries == trailTries {
		if t.strange > maxStrange {
			t.forget()
			t.resting = restingFor
		}
		t.tries, t.strange = 0, 0
	}
	return end, nil
}

func (t *trail) forget() {
	*t = trail{start: newPlace(), places: make(map[place]*node)}
}

func newPlace() *node { return &node{first: noEdge, capture: -1} }

// learn notes the way through a container, all of b, that skipContainer went
// through. It returns false where there was no room for all of it.
func (t *trail) learn(b []byte, end *node) bool {
	at := t.start
	var open place
	scalars := moreScalars
	for i := 0; ; {
		begin := i
	text:
		for {
			switch c := b[i]; {
			case c == '{' || c == '[':
				if open.depth == 64 {
					return false
				}
				open.kinds = open.kinds<<1 | uint64(c>>5&1)
				open.depth++
			case c == '}' || c == ']':
				open.kinds >>= 1
				if open.depth--; open.depth == 0 {
					return t.lead(at, end, b[begin:])
				}
			case c == '"':
				behind := stringEnd(b, i+1) + 1
				if b[behind] != ':' {
					scalars++
					break text
				}
				i = behind // a key
			case isScalarStart[c]:
				if scalars--; scalars < 0 {
					return false
				}
				break text
			}
			i++
		}
		text := b[begin:i]
		to := t.place(text, open)
		if to == nil || !t.lead(at, to, text) {
			return false
		}
		at = to
		if b[i] == '"' {
			i = stringEnd(b, i+1) + 1
		} else {
			i = scalarEnd(b, i)
		}
	}
}

// place returns the node behind a text, where these brackets are open; nil where
// there is no room for it.
func (t *trail) place(text []byte, open place) *node {
	if len(text) > maxText {
		return nil
	}
	open.text = string(text)
	n := t.places[open]
	if n == nil && len(t.places) < maxPlaces {
		n = newPlace()
		t.places[open] = n
	}
	return n
}

// lead sees to it that text leads from one place to another.
func (t *trail) lead(from, to *node, text []byte) bool {
	for k := range from.edges() {
		if e := from.edge(k); e.to == to && e.text() == string(text) {
			return true
		}
	}
	if t.edges == maxTrailEdges || from.edges() == maxNodeEdges || len(text) > maxText {
		return false
	}
	t.edges++
	from.insert(to, text, nil)
	return true
}
