package jsonscan

import (
	"bytes"
	"unsafe"
)

// maxDepth is how deep arrays and objects may nest, as in encoding/json/v2.
const maxDepth = 10000

// SkipSpace returns the index of the first byte at or after i that is no white
// space, or len(b).
func SkipSpace(b []byte, i int) int {
	for i < len(b) && isSpace[b[i]] {
		i++
	}
	return i
}

// SkipString returns the index behind the string that begins at b[i]. Nothing
// inside is checked.
func SkipString(b []byte, i int) (end int, err error) {
	if i >= len(b) || b[i] != '"' {
		return i, expectedAt("a string", b, i)
	}
	q := stringEnd(b, i+1)
	if q < 0 {
		return i, errOpenString(i)
	}
	return q + 1, nil
}

// SkipValue returns the index behind the value that begins at b[i], which must
// be no white space. Brackets and strings delimit; scalars are not validated.
func SkipValue(b []byte, i int) (end int, err error) {
	if i >= len(b) {
		return i, expectedAt("a value", b, i)
	}
	switch b[i] {
	case '"':
		return SkipString(b, i)
	case '{', '[':
		return skipContainer(b, i, 0)
	}
	if !isScalarStart[b[i]] {
		return i, expectedAt("a value", b, i)
	}
	return scalarEnd(b, i), nil
}

func errOpenString(at int) error {
	return &Error{Offset: at, Msg: "a string without its closing quote", open: true}
}

// stringEnd returns the index of the quote that ends a string whose text begins
// at b[i], or -1. b[i-1] is the opening quote.
func stringEnd(b []byte, i int) int {
	for {
		k := bytes.IndexByte(b[i:], '"')
		if k < 0 {
			return -1
		}
		i += k
		if !escapedQuote(b, i) {
			return i
		}
		i++
	}
}

// escapedQuote reports whether the quote at b[i] follows an odd number of
// backslashes. They end at the opening quote at the latest, and no run of them
// is counted twice.
func escapedQuote(b []byte, i int) bool {
	if b[i-1] != '\\' {
		return false
	}
	j := i - 1
	for b[j-1] == '\\' {
		j--
	}
	return (i-j)&1 == 1
}

// scalarEnd returns the index behind the number or literal at b[i:], which
// begins as one.
func scalarEnd(b []byte, i int) int {
	n := len(b)
	p := unsafe.Pointer(unsafe.SliceData(b))
	for i+8 <= n {
		m := scalarStops(load64(p, i)) // i+8 <= n
		if m == 0 {
			i += 8
			continue
		}
		i += firstByte(m)
		if !isScalarByte[b[i]] {
			return i
		}
		i++
	}
	if n >= 8 && i < n {
		// Mostly this is a closing brace, and the padding stops as well.
		if i += firstByte(scalarStops(loadLast(p, n, i))); i == n {
			return i
		}
	}
	for i < n && isScalarByte[b[i]] {
		i++
	}
	return i
}

// skipContainer returns the index behind the array or object at b[i], which
// lies inside base others. Brackets balance by kind, strings are jumped over.
func skipContainer(b []byte, i, base int) (end int, err error) {
	n := len(b)
	p := unsafe.Pointer(unsafe.SliceData(b))
	start := i
	kinds := uint64(0) // one bit for each open bracket, 1 is an object
	depth := 0
	for {
		var x uint64
		if i+8 <= n {
			x = load64(p, i)
		} else if i < n {
			x = loadPadded(p, n, i)
		} else {
			return start, errOpenContainer(b, start)
		}
		m := quoteBytes(x) | bracketBytes(x)
		if m == 0 {
			i += 8
			continue
		}
		i += firstByte(m)
		switch c := b[i]; c {
		case '"':
			for {
				i++
				if i+8 <= n {
					if q := quoteBytes(load64(p, i)); q != 0 {
						i += firstByte(q)
						if b[i-1] != '\\' {
							goto closed
						}
					}
				}
				// Either no quote so far, or one that may be escaped: the search
				// goes on at that quote.
				if i = stringEnd(b, i); i < 0 {
					return start, errOpenContainer(b, start)
				}
			closed:
				i++
				// Mostly another string is next, behind a colon or a comma.
				if i+1 >= n || b[i+1] != '"' || b[i] != ':' && b[i] != ',' {
					break
				}
				i++
			}
		case '{', '[':
			if depth == 64 {
				return skipDeep(b, start, base)
			}
			if base+depth == maxDepth {
				return start, errDepth(i)
			}
			kinds = kinds<<1 | uint64(c>>5&1)
			depth++
			i++
		case '}', ']':
			if kinds&1 != uint64(c>>5&1) {
				return start, errMismatch(b, i)
			}
			kinds >>= 1
			depth--
			i++
			if depth == 0 {
				return i, nil
			}
		default: // y Y _ DEL: no bracket
			i++
		}
	}
}

// skipDeep is skipContainer for nesting that does not fit into one word. It
// starts anew at the outermost bracket.
func skipDeep(b []byte, i, base int) (end int, err error) {
	start := i
	kinds := make([]byte, 0, 1024)
	for i < len(b) {
		switch c := b[i]; c {
		case '"':
			if i = stringEnd(b, i+1); i < 0 {
				return start, errOpenContainer(b, start)
			}
		case '{', '[':
			if base+len(kinds) == maxDepth {
				return start, errDepth(i)
			}
			kinds = append(kinds, c)
		case '}', ']':
			// The kinds differ by two in ASCII.
			if kinds[len(kinds)-1]+2 != c {
				return start, errMismatch(b, i)
			}
			kinds = kinds[:len(kinds)-1]
			if len(kinds) == 0 {
				return i + 1, nil
			}
		}
		i++
	}
	return start, errOpenContainer(b, start)
}

func errOpenContainer(b []byte, at int) error {
	msg := "an array without its closing bracket"
	if b[at] == '{' {
		msg = "an object without its closing brace"
	}
	return &Error{Offset: at, Msg: msg, open: true}
}

func errDepth(at int) error { return fail(at, "nested deeper than 10000 levels") }

func errMismatch(b []byte, at int) error {
	if b[at] == '}' {
		return fail(at, "expected ']' to close the array, found '}'")
	}
	return fail(at, "expected '}' to close the object, found ']'")
}
