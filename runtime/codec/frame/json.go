package frame

import (
	"errors"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
)

// JSONValues cuts a JSON stream: values one after another, with or without
// white space between them, where an array at the top gives its elements. So a
// file may be one array of records, one record, or several. The zero value
// stands at the begin of a stream.
type JSONValues struct{ state jsonState }

type jsonState uint8

const (
	betweenValues jsonState = iota // at the top
	arrayBegin                     // behind the bracket of an array at the top
	behindElement                  // of such an array
	behindComma
)

// Cut implements Framer. Brackets and strings delimit: what is inside of a
// record is for its reader to check.
func (f *JSONValues) Cut(block []byte, final bool) (n int, err error) {
	pos := 0
	for {
		_, _, next, found, err := f.step(block, pos, final)
		if err != nil {
			return pos, err
		}
		if !found {
			pos = next // behind the commas and brackets that led there
			break
		}
		pos = next
	}
	if final && f.state != betweenValues {
		return pos, &Error{len(block), "the array does not end: expected " + f.expects() + ", found the end of the data"}
	}
	return pos, nil
}

// Next implements Framer.
func (f *JSONValues) Next(block []byte, pos int) (start, end, next int, ok bool) {
	start, end, next, ok, _ = f.step(block, pos, true) // Cut has seen the errors
	return start, end, next, ok
}

func (f *JSONValues) expects() string {
	switch f.state {
	case arrayBegin:
		return "a value or ']'"
	case behindElement:
		return "',' or ']'"
	}
	return "a value"
}

// step goes to the next record. Where there is no whole one, found is false and
// next is where the record begins that is not whole, or len(b).
func (f *JSONValues) step(b []byte, pos int, final bool) (start, end, next int, found bool, err error) {
	for {
		pos = jsonscan.SkipSpace(b, pos)
		if pos == len(b) {
			return pos, pos, pos, false, nil
		}
		c := b[pos]
		switch {
		case f.state == betweenValues && c == '[':
			f.state = arrayBegin
			pos++
			continue
		case (f.state == arrayBegin || f.state == behindElement) && c == ']':
			f.state = betweenValues
			pos++
			continue
		case f.state == behindElement && c == ',':
			f.state = behindComma
			pos++
			continue
		case f.state == behindElement:
			return pos, pos, pos, false, f.unexpected(b, pos)
		}
		end, err = jsonscan.SkipValue(b, pos)
		switch {
		case err != nil && jsonscan.IsOpen(err) && !final, err == nil && end == len(b) && !final && isScalar(c):
			return pos, pos, pos, false, nil // more of it may come
		case err != nil:
			e, ok := errors.AsType[*jsonscan.Error](err)
			if !ok {
				return pos, pos, pos, false, &Error{pos, err.Error()}
			}
			if e.Offset == pos && !jsonscan.IsOpen(err) {
				return pos, pos, pos, false, f.unexpected(b, pos)
			}
			return pos, pos, pos, false, &Error{e.Offset, e.Msg}
		}
		if f.state != betweenValues {
			f.state = behindElement
		}
		return pos, end, end, true, nil
	}
}

func isScalar(c byte) bool { return c != '"' && c != '{' && c != '[' }

func (f *JSONValues) unexpected(b []byte, at int) error {
	return &Error{at, "expected " + f.expects() + ", found " + jsonscan.Found(b, at)}
}
