package scan

import (
	"bytes"
	"encoding/binary"
)

// A Walker finds values in lines that it walks to their ends.
type Walker struct {
	// Values has a place for each key asked for, in their order, and one more
	// for the values that nobody asked for.
	Values []Span
	// Forgetful walks every line as if it were the first: the price of not
	// expecting keys in the order of the last line.
	Forgetful bool
	names     []string
	order     []slot // the keys of the last line that was learned
}

// NewWalker makes a walker that finds the values of these top-level keys.
func NewWalker(names ...string) *Walker {
	return &Walker{Values: make([]Span, len(names)+1), names: names}
}

// Line walks a line, given without its line end, and sets Values.
func (w *Walker) Line(b []byte) error {
	if len(b) < 2 || b[0] != '{' || w.Forgetful {
		return w.other(b)
	}
	values := w.Values
	i := 1
	for k := range w.order {
		s := &w.order[k]
		if i+s.need > len(b) || binary.LittleEndian.Uint64(b[i:])&s.mask != s.head {
			return w.other(b)
		}
		if s.length > 8 && binary.LittleEndian.Uint64(b[i+s.length-8:]) != s.tail {
			return w.other(b)
		}
		i += s.length
		var e int
		if b[i] == '"' {
			e = stringEnd(b, i+1)
		} else {
			e = valueEnd(b, i)
		}
		if uint(e) >= uint(len(b)) { // -1, or nothing after the value
			return ErrStructure
		}
		values[s.field] = Span{i, e}
		if b[e] != ',' {
			if b[e] == '}' && e+1 == len(b) && k+1 == len(w.order) {
				return nil
			}
			return w.other(b)
		}
		i = e + 1
	}
	return w.other(b)
}

// other walks a line that is not as the last one was: other keys, another order,
// white space. It learns the line's keys for the next.
func (w *Walker) other(b []byte) error {
	clear(w.Values)
	w.order = w.order[:0]
	learn := true
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return ErrStructure
	}
	i = skipSpace(b, i+1)
	for first := true; ; first = false {
		if first && i < len(b) && b[i] == '}' {
			break
		}
		if i >= len(b) || b[i] != '"' {
			return ErrStructure
		}
		end := stringEnd(b, i+1)
		if end < 0 {
			return ErrStructure
		}
		key := b[i:end]
		colon := skipSpace(b, end)
		if colon >= len(b) || b[colon] != ':' {
			return ErrStructure
		}
		field, err := w.field(key)
		if err != nil {
			return err
		}
		if len(key)+1 <= longest && colon == end {
			w.order = append(w.order, newSlot(b[i:end+1], field))
		} else {
			learn = false
		}
		if i = skipSpace(b, colon+1); i >= len(b) {
			return ErrStructure
		}
		e := valueEnd(b, i)
		if e < 0 {
			return ErrStructure
		}
		if field < len(w.names) && w.Values[field].To > 0 {
			return ErrStructure
		}
		w.Values[field] = Span{i, e}
		if i = skipSpace(b, e); i >= len(b) {
			return ErrStructure
		}
		if b[i] == '}' {
			break
		}
		if b[i] != ',' {
			return ErrStructure
		}
		i = skipSpace(b, i+1)
	}
	if !learn {
		w.order = w.order[:0]
	}
	if skipSpace(b, i+1) != len(b) {
		return ErrStructure
	}
	return nil
}

func (w *Walker) field(key []byte) (int, error) {
	text, err := name(key)
	if err != nil {
		return 0, err
	}
	for i, n := range w.names {
		if n == text {
			return i, nil
		}
	}
	return len(w.names), nil
}

// NextLine gives the first line of b without its line end, and what follows.
func NextLine(b []byte) (line, rest []byte) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}
