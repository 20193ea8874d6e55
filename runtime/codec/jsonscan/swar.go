package jsonscan

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Eight bytes are looked at in one register. A mask has the top bit of each
// byte that answers the question; only its lowest set bit is exact, since a
// borrow may run into the bytes above, so callers use firstByte alone.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// load64 reads eight bytes. The caller has proved 0 <= i and i+8 <= len of what
// p points to, which spares a bounds check in loops that live on loads.
func load64(p unsafe.Pointer, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, i))[:])
}

// loadPadded reads eight bytes at i of n bytes at p, with zeros for those
// beyond the end.
func loadPadded(p unsafe.Pointer, n, i int) uint64 {
	switch {
	case i+8 <= n:
		return load64(p, i)
	case i >= n:
		return 0
	case n >= 8:
		return loadLast(p, n, i)
	}
	var w uint64
	for k := n - 1; k >= i; k-- {
		w = w<<8 | uint64(*(*byte)(unsafe.Add(p, k)))
	}
	return w
}

// loadLast is loadPadded for i+8 > n and n >= 8: the last eight bytes, moved
// down so that byte i comes first.
func loadLast(p unsafe.Pointer, n, i int) uint64 {
	return load64(p, n-8) >> (uint(i+8-n) * 8)
}

func firstByte(mask uint64) int { return bits.TrailingZeros64(mask) >> 3 }

func zeroBytes(x uint64) uint64 { return (x - ones) & ^x & highs }

func quoteBytes(x uint64) uint64 { return zeroBytes(x ^ ones*'"') }

// bracketBytes marks [ ] { } and also y Y _ DEL: or-ing 0x26 makes all of them
// 0x7f. Callers look at the byte that was found.
func bracketBytes(x uint64) uint64 { return zeroBytes((x | ones*0x26) ^ ones*0x7f) }

// scalarStops marks the bytes that may end a number or literal: all below '-'
// (white space, comma, quote, and '+', which does not) and bracketBytes.
func scalarStops(x uint64) uint64 { return (x-ones*'-')&^x&highs | bracketBytes(x) }

// specialBytes marks what is not plain text in a JSON string: control
// characters, backslash, bytes of characters beyond ASCII.
func specialBytes(x uint64) uint64 {
	return (x - ones*0x20 | zeroBytes(x^ones*'\\') | x) & highs
}

// isScalarByte says which bytes may be inside of a number or literal,
// generously: what follows a value must then be a comma, a bracket or white
// space. isScalarStart says the same of the first byte.
var isScalarByte, isScalarStart = func() (in, start [256]bool) {
	for c := range in {
		switch {
		case c <= ' ', c == ',', c == '"', c == '[', c == ']', c == '{', c == '}':
		default:
			in[c] = true
			start[c] = c != ':'
		}
	}
	return in, start
}()

// isSpace says which bytes are white space in JSON.
var isSpace = [256]bool{' ': true, '\t': true, '\n': true, '\r': true}
