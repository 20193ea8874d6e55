// Package result has what the load generator tells about one phase.
package result

import "time"

// A Phase is some requests to a server, and how it took them.
type Phase struct {
	Requests int
	Elapsed  time.Duration
	// CPU is what the generator itself used: near Elapsed without a rate, it was
	// the limit and not the server.
	CPU time.Duration
	// Latencies are from the moment when a request was due (with a rate), or was
	// sent, to its whole answer.
	P50, P99, P999, Max time.Duration
}

// PerSecond is the rate of answers.
func (p Phase) PerSecond() float64 { return float64(p.Requests) / p.Elapsed.Seconds() }
