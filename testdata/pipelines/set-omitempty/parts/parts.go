// Package parts has a component.
package parts

// An Order is what it takes.
type Order struct {
	ID string `json:"id"`
	N  int    `json:"n"`
}

// A Note is what it gives: without what is empty.
type Note struct {
	ID   string   `json:"id,omitempty"`
	N    int      `json:"n,omitempty"`
	Tags []string `json:"tags,omitempty"`
}

// Noted makes one.
func Noted(o Order) Note { return Note{ID: o.ID, N: o.N} }
