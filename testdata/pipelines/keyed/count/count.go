// Package count numbers the events of each user.
package count

// An Event is what is numbered.
type Event struct {
	User string `json:"user"`
	N    int    `json:"n"`
}

// A Numbered event.
type Numbered struct {
	User string `json:"user"`
	N    int    `json:"n"`
	Seq  int    `json:"seq"`
}

// A Counter keeps a number for each user: one lane has all events of a user.
type Counter struct{ seen map[string]int }

// NewCounter returns one.
func NewCounter() *Counter { return &Counter{seen: map[string]int{}} }

// Process numbers an event.
func (c *Counter) Process(e Event) Numbered {
	c.seen[e.User]++
	return Numbered{e.User, e.N, c.seen[e.User]}
}
