package jsonscan

// fullScan is what ScanFull needs beside the shape.
type fullScan struct {
	on     bool   // the record at hand is checked in full
	record uint64 // its number, from 1
	values Validator

	// others are the keys of this record that have no node.
	others map[otherName]struct{}
}

type otherName struct {
	level *level
	name  string
}

// otherKey notes a key without a node; at is where the text with it begins.
func (f *fullScan) otherKey(lv *level, key []byte, at int) error {
	if f.others == nil {
		f.others = make(map[otherName]struct{})
	}
	n := otherName{lv, string(key)}
	if _, ok := f.others[n]; ok {
		return errSecond(at, key)
	}
	f.others[n] = struct{}{}
	return nil
}

// see notes that the record has a member.
func (f *fullScan) see(n *node, at int) error {
	if n.seen == f.record {
		return fail(at, "a second member of this name in one object")
	}
	n.seen = f.record
	return nil
}

func errSecond(at int, key []byte) error {
	return fail(at, "a second member named "+found(key, 0, len(key)))
}

// ScanFull walks a whole record as Scan does and fills the same spans, by the
// policy full: it refuses all that encoding/json/v2 refuses by default.
func (o *Object) ScanFull(line []byte, spans []Span) error {
	spans = spans[:o.width]
	clear(spans)
	o.begin()
	f := &o.full
	f.on = true
	f.record++
	if len(f.others) > 0 {
		clear(f.others)
	}
	n := len(line)
	if n > maxRecord {
		return errTooLong()
	}
	from, i := o.at, o.pos
	for {
		e := from.find(line, i)
		// The text holds for this record if a value follows that is no object
		// with wanted members, else it is parsed.
		var to *node
		var begin int
		var acts []act
		base := 0
		if e != nil && o.holds(e, line, i) {
			to, begin, acts, base = e.to, i+e.len, e.acts, i
		} else {
			var err error
			if to, begin, err = o.gap(line, i, from); err != nil {
				return err
			}
			acts = o.acts
		}
		for _, a := range acts {
			if a.open {
				if err := f.see(a.field, base+a.at); err != nil {
					return err
				}
			}
		}
		if err := apply(acts, base, spans); err != nil {
			return err
		}
		if to.isEnd {
			if i = SkipSpace(line, begin); i < n {
				return expectedAt("nothing after the object", line, i)
			}
			return nil
		}
		if to != to.level.other {
			if err := f.see(to, begin); err != nil {
				return err
			}
		}
		end, err := f.values.value(line, begin, to.level.depth)
		if err != nil {
			return err
		}
		if to.capture >= 0 {
			spans[to.capture] = Span{uint32(begin), uint32(end)}
		}
		from, i = to, end
	}
}

// holds reports whether a value that e leads to begins behind its text at
// line[i:].
func (o *Object) holds(e *edge, line []byte, i int) bool {
	i += e.len
	if e.to.isEnd {
		return true
	}
	return i < len(line) && !isSpace[line[i]] && (e.to.members == nil || line[i] != '{')
}
