package jsonscan

import (
	"math"
	"unsafe"
)

// maxRecord is how many bytes spans can tell apart.
const maxRecord = min(math.MaxUint32, math.MaxInt)

func errTooLong() error { return fail(0, "a record of 4 GiB or more") }

// Scan walks a whole record, which is an object with nothing but white space
// around it, and fills spans[:Width()], by the policy structural.
func (o *Object) Scan(line []byte, spans []Span) error {
	spans = spans[:o.width]
	clear(spans)
	o.begin()
	_, err := o.run(line, spans, -1, 0)
	return err
}

// Start begins a record by the policy needed: it clears spans[:Width()] and
// reads nothing. Until does the work.
func (o *Object) Start(line []byte, spans []Span) {
	clear(spans[:o.width])
	o.begin()
}

// Until goes on with the record that Start was given, until the fields of this
// phase and of those before are captured, or the record ends. What stands
// behind is not looked at: it may be anything. The span of an object that was
// not left yet has a Start, and no End. done tells that the record has ended.
func (o *Object) Until(phase int, line []byte, spans []Span) (done bool, err error) {
	if o.at.isEnd {
		return true, nil
	}
	spans = spans[:o.width]
	remaining := 0
	for _, f := range o.wanted {
		if f.Phase <= phase && spans[f.Index].Absent() {
			remaining++
		}
	}
	if remaining == 0 {
		return false, nil
	}
	return o.run(line, spans, phase, remaining)
}

func (o *Object) begin() {
	o.at, o.pos = o.start, 0
	o.full.on = false
	o.scans++
	if o.misses > manyMisses {
		if o.misses > o.scans/4 {
			o.reset()
			o.at = o.start
		}
		o.misses, o.scans = 0, 0
	}
}

// run is the loop that everything else exists for: text between two values,
// value, text, value, to the end or until no field up to this phase remains to
// be captured.
func (o *Object) run(line []byte, spans []Span, phase, remaining int) (done bool, err error) {
	n := len(line)
	if n > maxRecord {
		return false, errTooLong()
	}
	p := unsafe.Pointer(unsafe.SliceData(line))
	from, i := o.at, o.pos
	for {
		var to *node
		var begin, end int

		// The text.
		e := &from.first
		if i+16 > n || load64(p, i)&e.m0 != e.w0 || load64(p, i+8)&e.m1 != e.w1 || e.len > 16 {
			if e = from.find(line, i); e == nil {
				goto unknown
			}
		}
		to, begin = e.to, i+e.len

		// The value.
		if to.isEnd {
			end = begin
		} else if begin < n {
			c := *(*byte)(unsafe.Add(p, begin))
			switch {
			case c == '"':
				// A length that all values of the member had lately is expected
				// again: then where the value ends does not hang on what is read
				// there, and the processor goes on while the comparisons are still
				// under way.
				if w := to.steady; w > 0 {
					if end = begin + w; end <= n && closes(p, end) && plainOf(p, begin+1, end-1) {
						break
					}
					to.unsteady()
				}
				if end = begin + 1; end+16 <= n {
					q := quoteBytes(load64(p, end))
					if q == 0 {
						end += 8
						q = quoteBytes(load64(p, end))
					}
					if q != 0 {
						end += firstByte(q)
						if *(*byte)(unsafe.Add(p, end-1)) != '\\' {
							end++
							break
						}
					}
				}
				if end = stringEnd(line, end); end < 0 {
					return false, errOpenString(begin)
				}
				end++
				to.sized(end - begin)
			case isScalarStart[c]:
				if begin+8 <= n {
					if m := scalarStops(load64(p, begin)); m != 0 {
						end = begin + firstByte(m)
						if c := *(*byte)(unsafe.Add(p, end)); c == ',' || c == '}' {
							break
						}
					}
				}
				end = scalarEnd(line, begin)
			case c == '[' || c == '{' && to.members == nil:
				if end, err = o.container(line, begin, to); err != nil {
					return false, err
				}
			default:
				// An object with wanted members or white space, where there was
				// none when the text was learned.
				goto unknown
			}
		} else {
			goto unknown
		}
		if len(e.acts) > 0 {
			if err := apply(e.acts, i, spans); err != nil {
				return false, err
			}
		}
		goto captured

	unknown:
		if to, begin, end, err = o.step(line, i, from, spans); err != nil {
			return false, err
		}

	captured:
		from, i = to, end
		if k := to.capture; k >= 0 {
			s := &spans[k]
			if s.End != 0 {
				return false, errDuplicate(begin)
			}
			*s = Span{uint32(begin), uint32(end)}
			if to.phase <= phase {
				if remaining--; remaining == 0 {
					o.at, o.pos = to, end
					return false, nil
				}
			}
		} else if to.isEnd {
			o.at, o.pos = from, i
			if i = SkipSpace(line, i); i < n {
				return false, expectedAt("nothing after the object", line, i)
			}
			return true, nil
		}
	}
}

// step parses the text at line[i:], which follows the value of from, and the
// value behind it.
func (o *Object) step(line []byte, i int, from *node, spans []Span) (to *node, begin, end int, err error) {
	if to, begin, err = o.gap(line, i, from); err != nil {
		return nil, 0, 0, err
	}
	switch {
	case to.isEnd:
		end = begin
	case line[begin]|0x20 == '{': // gap has seen that there is something
		end, err = o.container(line, begin, to)
	default:
		end, err = SkipValue(line, begin)
	}
	if err == nil {
		err = apply(o.acts, 0, spans)
	}
	return to, begin, end, err
}
