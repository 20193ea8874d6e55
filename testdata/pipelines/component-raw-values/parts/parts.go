// Package parts has a component of raw values.
package parts

import "encoding/json"

// A Held holds a value.
type Held struct {
	Value json.RawMessage `json:"value"`
}

// Hold holds one.
func Hold(value json.RawMessage) Held { return Held{value} }
