package flow

import (
	"encoding/json"
	"unsafe"
)

// Rows lets the engine handle typed records, which it sees as any holding a
// *[]T, without reflection. RowsOf makes it.
type Rows struct {
	// New gives an empty *[]T.
	New func() any
	// Len is the number of rows.
	Len func(rows any) int
	// Append adds src[from:to] to dst.
	Append func(dst, src any, from, to int)
	// Truncate cuts to n rows; the memory stays.
	Truncate func(rows any, n int)
	// Shift adds by to the spans of rows[from:] that point into the packet's
	// Data, when packets without Ends are joined; nil where rows have none.
	Shift func(rows any, from, by int)
	// JSON appends row index as JSON, for the dead letters of a sink of rows; nil
	// where none of its rows can end in one.
	JSON func(dst []byte, rows any, index int) []byte
	// Decode appends the row that JSON says, for letters that are replayed.
	Decode func(rows any, data []byte) error
	// Size is the size of a row in bytes, without what it points to.
	Size int
}

// RowsOf returns the operations on *[]T, without Shift and JSON.
func RowsOf[T any]() *Rows {
	return &Rows{
		New: func() any { return new([]T) },
		Len: func(rows any) int { return len(*rows.(*[]T)) },
		Append: func(dst, src any, from, to int) {
			d, s := dst.(*[]T), src.(*[]T)
			*d = append(*d, (*s)[from:to]...)
		},
		Truncate: func(rows any, n int) {
			r := rows.(*[]T)
			*r = (*r)[:n]
		},
		Decode: func(rows any, data []byte) error {
			var row T
			if err := json.Unmarshal(data, &row); err != nil {
				return err
			}
			d := rows.(*[]T)
			*d = append(*d, row)
			return nil
		},
		Size: int(unsafe.Sizeof(*new(T))),
	}
}

// JSONRows is RowsOf with JSON, by a function that appends one row.
func JSONRows[T any](appendRow func(dst []byte, row *T) ([]byte, error)) *Rows {
	r := RowsOf[T]()
	r.JSON = func(dst []byte, rows any, index int) []byte {
		return InputOf(appendRow(dst, &(*rows.(*[]T))[index]))
	}
	return r
}

// Hash is the hash of a key for Out.Hashes: FNV-1a, so that a key has the same
// lane in every run.
func Hash(key string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(key); i++ {
		h = (h ^ uint32(key[i])) * 16777619
	}
	return h
}

// HashUint is Hash for keys that are integers.
func HashUint(key uint64) uint32 {
	key ^= key >> 32
	key *= 0x9e3779b97f4a7c15
	return uint32(key >> 32)
}
