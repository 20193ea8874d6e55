// Package parts has components.
package parts

import "encoding/json"

// A Size is how long a value is.
type Size struct {
	Bytes int `json:"bytes"`
}

// Sized takes a raw value by its bytes.
func Sized(value []byte) Size { return Size{len(value)} }

// Checked may fail.
func Checked(value json.RawMessage) (Size, error) {
	var v any
	err := json.Unmarshal(value, &v)
	return Size{len(value)}, err
}

// Label can't fail.
func Label(s Size) Size { return s }
