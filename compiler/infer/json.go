package infer

import "strconv"

// maxDepth is how deep values may nest, as for the programs that read them.
const maxDepth = 10_000

// A jsonReader reads JSON values into shapes. It accepts what encoding/json/v2
// accepts, except that names may stand twice in an object: a field that nobody
// reads is no error at run time either.
type jsonReader struct {
	*collector
	in *input
	// oneLine tells that a value ends with its line.
	oneLine bool
	scratch []byte // of strings and numbers that are not in one piece
	tag     *tag   // where it is looked for
}

const anyLayout = "`--as json` reads values over several lines"

// lines reads NDJSON: one value a line.
func (r *jsonReader) lines() error {
	for !r.full() {
		r.in.skipSpace(true)
		if _, ok := r.in.peek(); !ok {
			break
		}
		if err := r.record(); err != nil {
			return err
		}
		r.in.skipSpace(false)
		if c, ok := r.in.peek(); ok && c != '\n' {
			return r.in.place().errorf("expected the end of the line behind a value, found %s", r.in.found()).
				helpf("NDJSON has one value a line; `--as json` reads values in any layout")
		}
	}
	return r.in.failed()
}

// values reads JSON: values one after another, where an array gives its
// elements.
func (r *jsonReader) values() error {
	for !r.full() {
		r.in.skipSpace(true)
		c, ok := r.in.peek()
		switch {
		case !ok:
			return r.in.failed()
		case c != '[':
			if err := r.record(); err != nil {
				return err
			}
		default:
			if err := r.array(r.record); err != nil {
				return err
			}
		}
	}
	return nil
}

// array reads the array that begins here, with read for each element. It ends
// early where the sample is full.
func (r *jsonReader) array(read func() error) error {
	r.in.pos++
	r.space()
	if c, ok := r.in.peek(); ok && c == ']' {
		r.in.pos++
		return nil
	}
	for {
		if err := read(); err != nil {
			return err
		}
		r.space()
		switch c, _ := r.in.peek(); c {
		case ']':
			r.in.pos++
			return nil
		case ',':
			if r.full() {
				return nil
			}
			r.in.pos++
			r.space()
		default:
			return r.unexpected("',' or ']'")
		}
	}
}

// record reads one value as a record.
func (r *jsonReader) record() error {
	begin := r.in.offset()
	var err error
	if r.options.By != "" {
		err = r.variant()
	} else {
		if r.root == nil {
			r.root = r.newShape()
		}
		err = r.value(r.root, 0)
	}
	if err != nil {
		return err
	}
	r.records++
	r.source.largest = max(r.source.largest, r.in.offset()-begin)
	return nil
}

// space skips white space inside of a value.
func (r *jsonReader) space() { r.in.skipSpace(!r.oneLine) }

// unexpected is the error that something else stands here than what is wanted.
func (r *jsonReader) unexpected(want string) error {
	if err := r.in.failed(); err != nil {
		return err
	}
	e := r.in.place().errorf("expected %s, found %s", want, r.in.found())
	if c, ok := r.in.peek(); ok && r.oneLine && c == '\n' {
		return e.helpf("NDJSON has one value a line; %s", anyLayout)
	}
	return e
}

// value reads the value that begins here, depth levels inside of its record.
func (r *jsonReader) value(s *shape, depth int) error {
	c, ok := r.in.peek()
	if !ok {
		return r.unexpected("a value")
	}
	at := r.in.place()
	switch {
	case c == '{':
		return r.object(s, at, depth)
	case c == '[':
		if depth == maxDepth {
			return at.errorf("values are nested more than %d deep", maxDepth)
		}
		s.note(list, at)
		return r.array(func() error { return r.value(r.element(s, depth), depth+1) })
	case c == '"':
		b, long, err := r.string(maxText)
		if err != nil {
			return err
		}
		s.noteText(b, long, at)
		return nil
	case c == '-' || c-'0' <= 9:
		return r.number(s, at)
	}
	return r.literal(s, at)
}

// object reads an object.
func (r *jsonReader) object(s *shape, at place, depth int) error {
	if depth == maxDepth {
		return at.errorf("values are nested more than %d deep", maxDepth)
	}
	o := s.begin(at)
	r.in.pos++
	r.space()
	if c, ok := r.in.peek(); ok && c == '}' {
		r.in.pos++
		return nil
	}
	for want := "a name in quotes or '}'"; ; want = "a name in quotes" {
		r.space()
		if c, _ := r.in.peek(); c != '"' {
			return r.unexpected(want)
		}
		at := r.in.place()
		name, long, err := r.string(maxName)
		if err != nil {
			return err
		}
		isTag := r.tag != nil && depth == 0 && string(name) == r.options.By
		member := r.member(s, o, name, long, at, depth)
		r.space()
		if c, _ := r.in.peek(); c != ':' {
			return r.unexpected("':'")
		}
		r.in.pos++
		r.space()
		if isTag {
			err = r.readTag(at)
		} else {
			err = r.value(member, depth+1)
		}
		if err != nil {
			return err
		}
		r.space()
		switch c, _ := r.in.peek(); c {
		case '}':
			r.in.pos++
			return nil
		case ',':
			r.in.pos++
		default:
			return r.unexpected("',' or '}'")
		}
	}
}

// number reads a number.
func (r *jsonReader) number(s *shape, at place) error {
	b, whole := r.run(isNumeric)
	n, bad, ok := parseNumber(b)
	switch {
	case ok && whole:
	case ok || bad == len(b) && !whole: // the begin of one that goes on for ever
		n = number{integer: n.integer, negative: n.negative, size: larger}
	default:
		return place{at.line, at.column + int64(bad)}.errorf("expected a number, found %s", quoteText(b))
	}
	s.noteNumber(n, at)
	return nil
}

// literal reads true, false or null.
func (r *jsonReader) literal(s *shape, at place) error {
	b, _ := r.run(isLetter)
	switch string(b) {
	case "true", "false":
		s.note(boolean, at)
		return nil
	case "null":
		s.note(null, at)
		return nil
	case "":
		return r.unexpected("a value")
	}
	e := at.errorf("expected a value, found %s", quoteText(b))
	switch string(b) {
	case "NaN", "Infinity", "nan", "inf", "undefined", "None":
		return e.helpf("JSON has no such value: write null")
	case "True", "False", "TRUE", "FALSE":
		return e.helpf("JSON writes true and false in small letters")
	}
	return e
}

func isNumeric(c byte) bool {
	return c-'0' <= 9 || c == '.' || c == '-' || c == '+' || c|0x20 == 'e'
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// run takes the bytes of a class that stand here. Very many are cut, then whole
// is false.
func (r *jsonReader) run(in func(byte) bool) (b []byte, whole bool) {
	const most = 4096
	i := r.in.pos
	for i < len(r.in.buf) && in(r.in.buf[i]) {
		i++
	}
	if i < len(r.in.buf) && i-r.in.pos <= most {
		b = r.in.buf[r.in.pos:i]
		r.in.pos = i
		return b, true
	}
	r.scratch = r.scratch[:0]
	whole = true
	for c, ok := r.in.peek(); ok && in(c); c, ok = r.in.peek() {
		if len(r.scratch) < most {
			r.scratch = append(r.scratch, c)
		} else {
			whole = false
		}
		r.in.pos++
	}
	return r.scratch, whole
}

func quoteRune(c rune) string { return strconv.QuoteRune(c) }

// quoteText is the begin of a text for a message.
func quoteText(b []byte) string { return strconv.Quote(cut(b, false)) }
