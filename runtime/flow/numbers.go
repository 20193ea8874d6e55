package flow

import "encoding/json"

// Numbers are those from one to before another: the bounds of a chunk of what is
// numbered.
type Numbers struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Chunk is the chunk of these numbers.
func (n Numbers) Chunk(name string) Chunk {
	bounds, err := json.Marshal(n)
	if err != nil {
		panic(err) // two numbers have JSON
	}
	return Chunk{Name: name, Bounds: bounds, Size: n.To - n.From}
}

// CutNumbers cuts numbers into parts of about the same size: n of them, or as many
// as there are numbers.
func CutNumbers(from, to int64, n int) []Numbers {
	size := max(0, to-from)
	parts := min(int64(n), size)
	list := make([]Numbers, 0, parts)
	for i := range parts {
		// The first of them are one larger; nothing here can overflow.
		begin := from + i*(size/parts) + min(i, size%parts)
		end := from + (i+1)*(size/parts) + min(i+1, size%parts)
		list = append(list, Numbers{begin, end})
	}
	return list
}
