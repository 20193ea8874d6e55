package flow

import "time"

// An Ending says how a run ended.
type Ending string

// The endings: all input was handled; an endless program was drained; a bounded
// one was cut short; an error ended it.
const (
	Complete Ending = "complete"
	Drained  Ending = "drained"
	CutShort Ending = "cut-short"
	Broken   Ending = "failed"
)

// A Report is what a run did.
type Report struct {
	Pipeline string `json:"pipeline"`
	// OK tells that the program ended as it should and its sums add up.
	OK     bool   `json:"ok"`
	Ending Ending `json:"ending"`
	Error  string `json:"error,omitempty"`

	Started time.Time `json:"started"`
	// Seconds is the wall time.
	Seconds float64 `json:"seconds"`

	Nodes   map[string]Count   `json:"nodes"`
	Sources map[string]Traffic `json:"sources"`
	Sinks   map[string]Traffic `json:"sinks"`
}

// Traffic is what went through a source or sink: records and their bytes.
type Traffic struct {
	Records int64 `json:"records"`
	Bytes   int64 `json:"bytes"`
}
