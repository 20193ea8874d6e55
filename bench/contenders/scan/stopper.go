package scan

import "encoding/binary"

// A Stopper gives the values of a line one by one, in the order of the line, and
// looks at nothing after the last one that was asked for.
type Stopper struct {
	names []string
	order []slot // keys as the last lines had them, as far as they were read
	line  []byte
	at    int  // the next key
	keys  int  // keys passed in this line
	done  bool // the closing brace was passed
	learn bool
}

// NewStopper makes a stopper that gives the values of these top-level keys.
func NewStopper(names ...string) *Stopper { return &Stopper{names: names} }

// Start begins a line, given without its line end.
func (s *Stopper) Start(line []byte) error {
	i := skipSpace(line, 0)
	if i >= len(line) || line[i] != '{' {
		return ErrStructure
	}
	i = skipSpace(line, i+1)
	s.line, s.at, s.keys, s.done, s.learn = line, i, 0, i < len(line) && line[i] == '}', true
	return nil
}

// Next gives the next value asked for: the index of its name and its place. The
// index is -1 when the line has no more.
func (s *Stopper) Next() (int, Span, error) {
	b := s.line
	for !s.done {
		i := s.at
		field, from := s.expected(i)
		if from == 0 {
			var err error
			if field, from, err = s.read(i); err != nil {
				return 0, Span{}, err
			}
		}
		s.keys++
		if from = skipSpace(b, from); from >= len(b) {
			return 0, Span{}, ErrStructure
		}
		e := valueEnd(b, from)
		if uint(e) >= uint(len(b)) {
			return 0, Span{}, ErrStructure
		}
		to := e
		switch e = skipSpace(b, e); {
		case e < len(b) && b[e] == ',':
			s.at = skipSpace(b, e+1)
		case e < len(b) && b[e] == '}':
			s.done = true
		default:
			return 0, Span{}, ErrStructure
		}
		if field < len(s.names) {
			return field, Span{from, to}, nil
		}
	}
	return -1, Span{}, nil
}

// expected compares the key at i with the one that the last line had in this
// place. It gives the place of the value, or 0.
func (s *Stopper) expected(i int) (field, from int) {
	if s.keys >= len(s.order) {
		return 0, 0
	}
	o := &s.order[s.keys]
	if i+o.need > len(s.line) || binary.LittleEndian.Uint64(s.line[i:])&o.mask != o.head {
		return 0, 0
	}
	if o.length > 8 && binary.LittleEndian.Uint64(s.line[i+o.length-8:]) != o.tail {
		return 0, 0
	}
	return o.field, i + o.length
}

// read reads the key at i, and learns it for the next line.
func (s *Stopper) read(i int) (field, from int, err error) {
	b := s.line
	if i >= len(b) || b[i] != '"' {
		return 0, 0, ErrStructure
	}
	end := stringEnd(b, i+1)
	if end < 0 {
		return 0, 0, ErrStructure
	}
	text, err := name(b[i:end])
	if err != nil {
		return 0, 0, err
	}
	field = len(s.names)
	for k, n := range s.names {
		if n == text {
			field = k
			break
		}
	}
	colon := skipSpace(b, end)
	if colon >= len(b) || b[colon] != ':' {
		return 0, 0, ErrStructure
	}
	if s.learn {
		s.order = s.order[:s.keys]
		if s.learn = colon == end && end+1-i <= longest; s.learn {
			s.order = append(s.order, newSlot(b[i:end+1], field))
		}
	}
	return field, colon + 1, nil
}
