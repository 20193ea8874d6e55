package deploy

import (
	"fmt"
	"strconv"
	"time"
)

// Figures are what a program says of itself while it runs.
type Figures struct {
	Pipeline string `json:"pipeline"`
	Hash     string `json:"hash"`
	Version  string `json:"version"`
	PID      int    `json:"pid"`
	// Ready tells that all is connected and at work; Says is why not.
	Ready bool   `json:"ready"`
	Says  string `json:"says,omitempty"`
	// Bounded programs end by themselves.
	Bounded bool    `json:"bounded"`
	Seconds float64 `json:"seconds"`
	// Records were read; Rate is how many in a second, of late.
	Records int64   `json:"records"`
	Rate    float64 `json:"rate"`
	// Memory is what the program has of the system, in bytes.
	Memory uint64         `json:"memory"`
	Nodes  []NodeFigures  `json:"nodes"`
	Queues []QueueFigures `json:"queues,omitempty"`
	// Waiting is how many senders wait for an answer.
	Waiting int `json:"waiting"`
	// Checkpoint is the last one, nil before the first.
	Checkpoint *CheckpointFigures `json:"checkpoint,omitempty"`
	// Components are the processes beside the program.
	Components []ComponentFigures `json:"components,omitempty"`
}

// NodeFigures are those of a node: what came, and what became of it.
type NodeFigures struct {
	Name     string `json:"name"`
	Role     string `json:"role"`
	In       int64  `json:"in"`
	Out      int64  `json:"out"`
	Filtered int64  `json:"filtered"`
	Dead     int64  `json:"dead"`
	Dropped  int64  `json:"dropped"`
	Failed   int64  `json:"failed"`
	Retried  int64  `json:"retried"`
	Emitted  int64  `json:"emitted"`
	// Rate is how many records came in a second, of late.
	Rate float64 `json:"rate"`
	// Bytes are those of a source or a sink; Total is how many a source has in all.
	Bytes int64 `json:"bytes,omitempty"`
	Total int64 `json:"total,omitempty"`
	// Done is how much of a source's range is read, from 0 to 1, Left how many seconds the
	// rest takes, Lag how many messages wait for it; nil where that is not known.
	Done *float64 `json:"done,omitempty"`
	Left *float64 `json:"left_seconds,omitempty"`
	Lag  *int64   `json:"lag,omitempty"`
	// Ill is why it has no connection, or can't do its work.
	Ill string `json:"ill,omitempty"`
}

// QueueFigures are what waits for a sink, or between regions.
type QueueFigures struct {
	Name    string `json:"name"`
	Packets int    `json:"packets"`
	Bytes   int    `json:"bytes"`
}

// CheckpointFigures are those of the last checkpoint.
type CheckpointFigures struct {
	Generation uint64  `json:"generation"`
	Age        float64 `json:"age_seconds"`
}

// ComponentFigures are those of a process beside the program.
type ComponentFigures struct {
	Name     string    `json:"name"`
	PID      int       `json:"pid,omitempty"`
	State    string    `json:"state"`
	Restarts int       `json:"restarts"`
	Since    time.Time `json:"since,omitzero"`
}

// Totals are what became of the records of a run.
type Totals struct {
	In       int64 `json:"in"`
	Out      int64 `json:"out"`
	Filtered int64 `json:"filtered"`
	Dead     int64 `json:"dead"`
	Dropped  int64 `json:"dropped"`
	Failed   int64 `json:"failed"`
	Pending  int64 `json:"pending"`
}

// String is it for people: "9,420 in, 9,369 out, 51 filtered".
func (t *Totals) String() string {
	text := fmt.Sprintf("%s in, %s out", Grouped(t.In), Grouped(t.Out))
	for _, of := range []struct {
		n    int64
		word string
	}{{t.Filtered, "filtered"}, {t.Dead, "dead-lettered"}, {t.Dropped, "dropped"}, {t.Failed, "failed"}, {t.Pending, "pending"}} {
		if of.n > 0 {
			text += fmt.Sprintf(", %s %s", Grouped(of.n), of.word)
		}
	}
	return text
}

// Grouped is a number with commas between thousands.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
