package plan

// A Sampled says how costs were measured.
type Sampled struct {
	// Machine is where, Rounds how often the program ran, Records what it read in a
	// round, Load how busy the machine was before.
	Machine string `json:"machine"`
	Load    string `json:"load"`
	Rounds  int    `json:"rounds"`
	Records int64  `json:"records"`
	// Nanos is the time of the whole program for a record, the least of the rounds, and
	// Most the greatest.
	Nanos float64 `json:"nanos"`
	Most  float64 `json:"most"`
}

// Measured is what a run over a sample of each source has told.
type Measured struct {
	Sampled Sampled
	// Sources are the runs, by the names of their sources.
	Sources map[string]*Run
}

// A Run is what one source's records did.
type Run struct {
	// Records and Bytes are those that it read.
	Records, Bytes int64
	// In and Out are how many records came to each node and left it, by the names of
	// the pipeline.
	In, Out map[string]int64
	// SinkBytes is what sinks were given.
	SinkBytes map[string]int64
	// Nanos is the time that the nodes of the program took in all, by their IDs; "" is
	// the engine. Samples is of how many samples of the profile it is.
	Nanos   map[string]float64
	Samples map[string]int64
	// Spread is by how much whole rounds differed, as a share.
	Spread float64
}

// eachSample is the time that one sample of the profile stands for.
func (r *Run) eachSample() float64 {
	var nanos float64
	var samples int64
	for id, n := range r.Nanos {
		nanos += n
		samples += r.Samples[id]
	}
	return nanos / float64(max(samples, 1))
}
