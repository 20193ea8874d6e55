package jsonscan

import (
	"bytes"
	"hash/maphash"
	"unicode/utf8"
	"unsafe"
)

// A Validator checks values in full: the grammar, escapes, UTF-8, and that no
// object has two members of one name. It refuses what encoding/json/v2 refuses
// by default. Its memory is used again by the next check, so one lane owns it.
// The zero value is ready.
type Validator struct {
	open  []openContainer
	names []memberName // of all open objects, the innermost last
	text  []byte       // names that had escapes
	table []uint32     // hash tables of open objects with many members
	seed  maphash.Seed
	keyed bool // seed is set
}

// openContainer is an array or object that was begun and not ended. It owns the
// ends of the validator's slices from its marks on.
type openContainer struct {
	names  int
	text   int
	table  int
	object bool
}

type memberName struct {
	hash       uint64
	start, end int // in the record, or in text
	inText     bool
}

// Record checks that b is one value with nothing but white space around it.
func (v *Validator) Record(b []byte) error {
	i, err := v.Value(b, SkipSpace(b, 0))
	if err != nil {
		return err
	}
	if i = SkipSpace(b, i); i < len(b) {
		return expectedAt("nothing after the value", b, i)
	}
	return nil
}

// Value checks the value that begins at b[i] and returns the index behind it.
func (v *Validator) Value(b []byte, i int) (end int, err error) { return v.value(b, i, 0) }

// value is Value inside of base open containers.
func (v *Validator) value(b []byte, i, base int) (end int, err error) {
	v.open, v.names, v.text, v.table = v.open[:0], v.names[:0], v.text[:0], v.table[:0]
	for {
		// A value begins at i.
		if i >= len(b) {
			return i, expectedAt("a value", b, i)
		}
		switch c := b[i]; c {
		case '"':
			i, err = checkString(b, i)
		case '{', '[':
			if base+len(v.open) >= maxDepth {
				return i, errDepth(i)
			}
			v.open = append(v.open, openContainer{len(v.names), len(v.text), len(v.table), c == '{'})
			i = SkipSpace(b, i+1)
			if i < len(b) && b[i] == c+2 { // } follows { by two, as ] does [
				break // it is closed below
			}
			if c == '{' {
				i, err = v.key(b, i, "a key or '}'")
			} else if i >= len(b) {
				err = errOpenEnd(b, i, false)
			}
			if err != nil {
				return i, err
			}
			continue
		case 't':
			i, err = checkLiteral(b, i, "true")
		case 'f':
			i, err = checkLiteral(b, i, "false")
		case 'n':
			i, err = checkLiteral(b, i, "null")
		default:
			i, err = checkNumber(b, i)
		}
		if err != nil {
			return i, err
		}
		// Behind a value, or before the bracket that closes an empty container.
		for {
			if len(v.open) == 0 {
				return i, nil
			}
			i = SkipSpace(b, i)
			top := &v.open[len(v.open)-1]
			if i >= len(b) {
				return i, errOpenEnd(b, i, top.object)
			}
			if c := b[i]; top.object && c == '}' || !top.object && c == ']' {
				v.names, v.text, v.table = v.names[:top.names], v.text[:top.text], v.table[:top.table]
				v.open = v.open[:len(v.open)-1]
				i++
				continue
			} else if c != ',' {
				return i, errOpenEnd(b, i, top.object)
			}
			i = SkipSpace(b, i+1)
			if top.object {
				if i, err = v.key(b, i, "a key"); err != nil {
					return i, err
				}
			}
			break
		}
	}
}

func errOpenEnd(b []byte, i int, object bool) error {
	if object {
		return expectedAt("',' or '}'", b, i)
	}
	return expectedAt("',' or ']'", b, i)
}

// key checks a key of the innermost object and its colon, and returns where the
// value begins.
func (v *Validator) key(b []byte, i int, what string) (next int, err error) {
	if i >= len(b) || b[i] != '"' {
		return i, expectedAt(what, b, i)
	}
	end, err := checkString(b, i)
	if err != nil {
		return end, err
	}
	name := memberName{start: i + 1, end: end - 1}
	text := b[i+1 : end-1]
	if bytes.IndexByte(text, '\\') >= 0 {
		name.inText, name.start = true, len(v.text)
		v.text, _ = appendUnescaped(v.text, text) // checkString has passed it
		name.end = len(v.text)
		text = v.text[name.start:]
	}
	if !v.add(b, name, text) {
		return i, fail(i, "a second member named "+found(b, i, end))
	}
	i = SkipSpace(b, end)
	if i >= len(b) || b[i] != ':' {
		return i, expectedAt("':'", b, i)
	}
	return SkipSpace(b, i+1), nil
}

// fewNames is up to how many members names are compared one by one.
const fewNames = 12

// add notes a name of the innermost object, unless it is there.
func (v *Validator) add(b []byte, name memberName, text []byte) bool {
	if !v.keyed {
		v.seed, v.keyed = maphash.MakeSeed(), true
	}
	name.hash = maphash.Bytes(v.seed, text)
	top := &v.open[len(v.open)-1]
	names := v.names[top.names:]
	if len(names) < fewNames {
		for k := range names {
			if names[k].hash == name.hash && bytes.Equal(v.nameText(b, &names[k]), text) {
				return false
			}
		}
		v.names = append(v.names, name)
		return true
	}
	// A hash table of places in names plus one, at most half full. When it must
	// grow, a new one goes behind the old, which is forgotten with the object.
	if size := len(v.table) - top.table; size < 2*(len(names)+1) {
		top.table = len(v.table)
		size = 4 * 2 * fewNames
		for size < 4*(len(names)+1) {
			size *= 2
		}
		for range size {
			v.table = append(v.table, 0)
		}
		for k := range names {
			insert(v.table[top.table:], names[k].hash, k)
		}
	}
	table := v.table[top.table:]
	for at := name.hash % uint64(len(table)); table[at] != 0; at = (at + 1) % uint64(len(table)) {
		if n := &names[table[at]-1]; n.hash == name.hash && bytes.Equal(v.nameText(b, n), text) {
			return false
		}
	}
	v.names = append(v.names, name)
	insert(table, name.hash, len(names))
	return true
}

// insert puts the place k into a table that has room.
func insert(table []uint32, hash uint64, k int) {
	at := hash % uint64(len(table))
	for table[at] != 0 {
		at = (at + 1) % uint64(len(table))
	}
	table[at] = uint32(k + 1)
}

func (v *Validator) nameText(b []byte, n *memberName) []byte {
	if n.inText {
		return v.text[n.start:n.end]
	}
	return b[n.start:n.end]
}

// checkString checks the string that begins at b[i] and returns the index
// behind it.
func checkString(b []byte, i int) (end int, err error) {
	start := i
	i++
	n := len(b)
	p := unsafe.Pointer(unsafe.SliceData(b))
	for {
		for i+8 <= n {
			x := load64(p, i) // i+8 <= n
			if m := specialBytes(x) | quoteBytes(x); m != 0 {
				i += firstByte(m)
				break
			}
			i += 8
		}
		if i >= n {
			return start, errOpenString(start)
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\':
			_, size, bad := escape(b[i:])
			if bad != nil {
				bad.Offset += i
				return i, bad
			}
			i += size
		case c < 0x20:
			return i, errControl(i, c)
		case c < utf8.RuneSelf:
			i++
		default:
			r, size := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && size <= 1 {
				return i, errInvalidUTF8(i)
			}
			i += size
		}
	}
}

// checkNumber checks the number that begins at b[i] and returns the index
// behind it.
func checkNumber(b []byte, i int) (end int, err error) {
	end = i
	if end < len(b) && b[end] == '-' {
		end++
	}
	first := end
	for end < len(b) && b[end]-'0' <= 9 {
		end++
	}
	ok := end > first && (b[first] != '0' || end == first+1)
	if ok && end < len(b) && b[end] == '.' {
		end++
		first = end
		for end < len(b) && b[end]-'0' <= 9 {
			end++
		}
		ok = end > first
	}
	if ok && end < len(b) && b[end]|0x20 == 'e' {
		end++
		if end < len(b) && (b[end] == '+' || b[end] == '-') {
			end++
		}
		first = end
		for end < len(b) && b[end]-'0' <= 9 {
			end++
		}
		ok = end > first
	}
	if !ok || end < len(b) && isScalarByte[b[end]] {
		return i, expectedAt("a value", b, i)
	}
	return end, nil
}

func checkLiteral(b []byte, i int, want string) (end int, err error) {
	end = i + len(want)
	if end > len(b) || string(b[i:end]) != want || end < len(b) && isScalarByte[b[end]] {
		return i, expectedAt("a value", b, i)
	}
	return end, nil
}
