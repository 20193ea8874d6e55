package flow

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
}

// RowsOf returns the operations on *[]T.
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
	}
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
