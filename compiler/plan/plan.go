// Package plan computes what it takes to run a pipeline at a rate: cores, memory,
// processes, and what crosses between them.
//
// A node costs the records that come to it, times what one of them costs it. The
// records follow from the rate of the sources and the share that each node lets
// through (flow.go), the costs from a table or from a run over the user's own data
// (work.go). Processes, the edges between them, and what is full first are sums of that
// (process.go, edge.go); where one process is not enough, advice.go looks for a cut.
// Nothing is rounded behind the reader's back: lines are in thousandths of a core, and a
// total is the sum of the lines that are printed.
package plan

// Headroom is the share of its cores that a process is planned to use. The rest is for
// peaks, for what has piled up during a restart, and for what several cores of one
// machine take from each other.
const Headroom = 0.7

// A Plan is what `flowc plan` tells. Rates are records a second, sizes bytes.
type Plan struct {
	Pipeline string `json:"pipeline"`
	// Cores is how many a process may have.
	Cores   int      `json:"cores"`
	Sources []Source `json:"sources"`
	// Lines are the work, each of a part of a node in a process; Total adds them up.
	Lines []Line `json:"lines"`
	Total Sum    `json:"total"`
	// Busiest is the node that fills one core first.
	Busiest   Busiest   `json:"busiest"`
	Processes []Process `json:"processes"`
	// Components are those in processes of their own.
	Components []Component `json:"components"`
	Edges      []Edge      `json:"edges"`
	Sinks      []Sink      `json:"sinks"`
	Memory     int64       `json:"memory"`
	Advice     Advice      `json:"advice"`
	// Costs say where the numbers are from, Unknown what they leave out.
	Costs   Origin   `json:"costs"`
	Unknown []string `json:"unknown"`
}

// A Source is what comes in.
type Source struct {
	Name string  `json:"name"`
	Rate float64 `json:"rate"`
	Size float64 `json:"size"`
	// SizeFrom is "given", "sample" or "assumed".
	SizeFrom string `json:"sizeFrom"`
}

// A Line is the work of a part of a node: Rate × Nanos = cores.
type Line struct {
	Process string `json:"process"`
	Node    string `json:"node"`
	// Part is read, decode, filter, map, …, exchange (with a component), encode, write or engine; Of is what it is
	// in the table of costs.
	Part string  `json:"part"`
	Of   string  `json:"of"`
	Rate float64 `json:"rate"`
	// Share is how much of what comes to the node leaves it, ShareFrom "sample",
	// "assumed", or "" where nothing can get lost.
	Share     float64 `json:"share"`
	ShareFrom string  `json:"shareFrom,omitempty"`
	// Size and Fields are what a record costs by.
	Size   float64 `json:"size"`
	Fields int     `json:"fields"`
	// Nanos is the time for a record, Low and High between which it was.
	Nanos float64 `json:"nanos"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	// From is "sample", "table", "given" or "unknown".
	From string `json:"from"`
	// MilliCores is Rate × Nanos, in thousandths of a core; MilliLow and MilliHigh are
	// the same of Low and High.
	MilliCores int64 `json:"milliCores"`
	MilliLow   int64 `json:"milliLow"`
	MilliHigh  int64 `json:"milliHigh"`

	id     string // of the node in the program
	region string
}

// A Sum is one of lines, in thousandths of a core.
type Sum struct {
	MilliCores int64 `json:"milliCores"`
	MilliLow   int64 `json:"milliLow"`
	MilliHigh  int64 `json:"milliHigh"`
}

func (s *Sum) add(l Line) {
	s.MilliCores += l.MilliCores
	s.MilliLow += l.MilliLow
	s.MilliHigh += l.MilliHigh
}

// A Busiest node fills a core at Rate records a second of all sources together.
type Busiest struct {
	Process    string  `json:"process"`
	Node       string  `json:"node"`
	MilliCores int64   `json:"milliCores"`
	Rate       float64 `json:"rate"`
}

// A Process is one of those that the pipeline runs in.
type Process struct {
	Name  string   `json:"name"`
	Nodes []string `json:"nodes"`
	Sum   `json:"sum"`
	// Replicas is how many copies the pipeline asks for, Needed how many it takes; the
	// greater one runs.
	// Several says whether there can be several, and Why not.
	Replicas int `json:"replicas"`
	Needed   int `json:"needed"`
	// Hosts, where it is not 0, is how many hosts share the copies at the least; there are
	// at most as many as copies.
	Hosts   int    `json:"hosts,omitempty"`
	Several bool   `json:"several"`
	Why     string `json:"why"`
	// Serial is the node that works in one goroutine and has the most to do, with
	// thousandths of a core of all copies together.
	Serial      string `json:"serial"`
	SerialMilli int64  `json:"serialMilli"`
	// Most is the rate of the process's input that one copy takes at Headroom.
	Most float64 `json:"most"`
	// Memory is the bound of each copy, in bytes.
	Memory int64 `json:"memory"`
}

// Runs is how many copies run.
func (p *Process) Runs() int { return max(p.Replicas, p.Needed) }

// An Edge is what crosses between two processes.
type Edge struct {
	From       string  `json:"from"`
	To         string  `json:"to"`
	Writer     string  `json:"writer"`
	Reader     string  `json:"reader"`
	Carrier    string  `json:"carrier"`
	Partitions int     `json:"partitions"`
	Rate       float64 `json:"rate"`
	Size       float64 `json:"size"`
	// BytesPerSecond is what the broker is given, and gives out again; BytesPerDay what
	// it writes to its disk in a day, all copies of the stream together.
	BytesPerSecond float64 `json:"bytesPerSecond"`
	BytesPerDay    float64 `json:"bytesPerDay"`
	// MaxBytes is what the stream holds, Holds how many seconds of records that is.
	MaxBytes int64   `json:"maxBytes"`
	Holds    float64 `json:"holds"`
	// Copies is how many servers keep the stream. BrokerMilli is what one of them
	// works, in thousandths of a core; -1 where it is not known.
	Copies      int   `json:"copies"`
	BrokerMilli int64 `json:"brokerMilli"`
}

// A Sink is what goes out.
type Sink struct {
	Name           string  `json:"name"`
	Connector      string  `json:"connector"`
	Rate           float64 `json:"rate"`
	Size           float64 `json:"size"`
	SizeFrom       string  `json:"sizeFrom"`
	BytesPerSecond float64 `json:"bytesPerSecond"`
	BytesPerDay    float64 `json:"bytesPerDay"`
}

// An Advice is what to do.
type Advice struct {
	// Enough tells that the pipeline takes the rate as it is written.
	Enough bool `json:"enough"`
	// Says are sentences, the verdict first.
	Says []string `json:"says"`
	// Cut is the node to scale, Replicas how often; "" for none. Then has the plan of
	// the pipeline that is cut there.
	Cut      string `json:"cut,omitempty"`
	Replicas int    `json:"replicas,omitempty"`
	// Paste are lines for the pipeline, an overlay that holds them.
	Paste string `json:"paste,omitempty"`
	Then  *Plan  `json:"then,omitempty"`
}

// An Origin says where costs are from.
type Origin struct {
	// Sampled says on what the measured costs were measured, nil for none.
	Sampled *Sampled `json:"sampled,omitempty"`
	// Table is the machine of the table, When a day, Load how busy it was.
	Table string `json:"table"`
	When  string `json:"when"`
	Load  string `json:"load"`
	// Hops is the same of hops to components, nil where the pipeline has none.
	Hops *Taking `json:"hops,omitempty"`
	// FromSample, FromTable, FromUser and FromNothing count the lines of each origin.
	FromSample  int `json:"fromSample"`
	FromTable   int `json:"fromTable"`
	FromUser    int `json:"fromUser,omitempty"`
	FromNothing int `json:"fromNothing"`
}
