package jsonscan

// An Edit is a change of one member of a record, which Splice makes.
type Edit struct {
	At    Span   // the member's value, or absent for a member to be added
	Key   string // of a member to be added, as JSON with its colon: `"tier":`
	Value []byte // the new value as JSON, or nil to remove the member
}

// Splice appends the record line to dst, with the changes of edits and all else
// byte for byte, but for white space around the record. Members are added before
// the closing brace, in the order of edits; with a removed member goes its comma.
// line has passed a scan that set the spans, and no two edits have one span. The
// order of the other edits is free: they are sorted in place.
func Splice(dst, line []byte, edits []Edit) []byte {
	sortEdits(edits)
	record := len(dst)
	pos := SkipSpace(line, 0)
	brace := len(line) - 1
	for isSpace[line[brace]] {
		brace--
	}
	for k := 0; k < len(edits); k++ {
		e := &edits[k]
		switch {
		case e.At.Absent():
		case e.Value != nil:
			dst = append(dst, line[pos:e.At.Start]...)
			dst = append(dst, e.Value...)
			pos = int(e.At.End)
		default:
			// A run of removed members goes up to the next key, or, where there
			// is none, from the comma before it.
			from := memberStart(line, int(e.At.Start))
			next, last := nextMember(line, int(e.At.End))
			for !last && k+1 < len(edits) && edits[k+1].Value == nil && memberStart(line, int(edits[k+1].At.Start)) == next {
				k++
				next, last = nextMember(line, int(edits[k].At.End))
			}
			if last {
				if i := spaceStart(line, from); line[i-1] == ',' {
					from = i - 1
				}
			}
			dst = append(dst, line[pos:from]...)
			pos = next
		}
	}
	dst = append(dst, line[pos:brace]...)
	// What ends in an opening brace has no member, since no value ends so.
	empty := dst[record+spaceStart(dst[record:], len(dst)-record)-1] == '{'
	for k := range edits {
		if e := &edits[k]; e.At.Absent() && e.Value != nil {
			if !empty {
				dst = append(dst, ',')
			}
			empty = false
			dst = append(dst, e.Key...)
			dst = append(dst, e.Value...)
		}
	}
	return append(dst, '}')
}

// sortEdits sorts by place, absent ones first, in a way that is fast for few and
// keeps the order of equals.
func sortEdits(edits []Edit) {
	for i := 1; i < len(edits); i++ {
		for k := i; k > 0 && edits[k].At.Start < edits[k-1].At.Start; k-- {
			edits[k], edits[k-1] = edits[k-1], edits[k]
		}
	}
}

// spaceStart returns where the white space before b[i] begins.
func spaceStart(b []byte, i int) int {
	for i > 0 && isSpace[b[i-1]] {
		i--
	}
	return i
}

// memberStart returns where the key of the value at b[i:] begins.
func memberStart(b []byte, i int) int {
	i = spaceStart(b, i) - 1 // the colon
	i = spaceStart(b, i) - 1 // the closing quote of the key
	for {
		i--
		if b[i] == '"' && !escapedQuote(b, i) {
			return i
		}
	}
}

// nextMember returns where the key behind the value that ends at b[i] begins, or
// i if the value is the last of its object.
func nextMember(b []byte, i int) (next int, last bool) {
	k := SkipSpace(b, i)
	if b[k] != ',' {
		return i, true
	}
	return SkipSpace(b, k+1), false
}
