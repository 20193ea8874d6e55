package program

import (
	"context"
	"encoding/json"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/parts"
)

// statusPath is the page of the run's socket with all that `flowc status` shows.
const statusPath = "/status"

// runPages are the pages of a program, and its status.
type runPages struct {
	pages
	rates *rates
}

// page gives the answer to a GET.
func (p runPages) page(ctx context.Context, path string) (status int, kind string, body []byte) {
	if path != statusPath {
		return p.pages.page(ctx, path)
	}
	text, err := json.Marshal(p.status(ctx))
	if err != nil {
		return 503, "text/plain; charset=utf-8", []byte(err.Error() + "\n")
	}
	return 200, "application/json", text
}

// A runStatus is how a program does.
type runStatus struct {
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
	Memory  uint64       `json:"memory"`
	Nodes   []runNode    `json:"nodes"`
	Queues  []runQueue   `json:"queues,omitempty"`
	Waiting int          `json:"waiting"`
	Kept    *runKept     `json:"checkpoint,omitempty"`
	Parts   []parts.Part `json:"components,omitempty"`
}

// A runNode is how a node does.
type runNode struct {
	Name string `json:"name"`
	Role string `json:"role"`
	flow.Count
	// Rate is how many records came in a second, of late.
	Rate float64 `json:"rate"`
	// Bytes are those of a source or a sink; Total is how many a source has in all.
	Bytes int64 `json:"bytes,omitempty"`
	Total int64 `json:"total,omitempty"`
	// Done is how much of a source's range is read, from 0 to 1; Left is how many seconds
	// the rest takes.
	Done *float64 `json:"done,omitempty"`
	Left *float64 `json:"left_seconds,omitempty"`
	// Lag is how many messages wait for a source, where it knows.
	Lag *int64 `json:"lag,omitempty"`
	// Ill is why it has no connection, or can't do its work.
	Ill string `json:"ill,omitempty"`
}

// A runQueue is what waits for a sink, or between regions.
type runQueue struct {
	Name    string `json:"name"`
	Packets int    `json:"packets"`
	Bytes   int    `json:"bytes"`
}

// A runKept is the last checkpoint.
type runKept struct {
	Generation uint64  `json:"generation"`
	Age        float64 `json:"age_seconds"`
}

func (p runPages) status(ctx context.Context) *runStatus {
	s := &runStatus{Pipeline: p.spec.Name, Hash: p.spec.Hash, Version: p.spec.Version, PID: os.Getpid()}
	program := p.program()
	if program == nil {
		s.Says = "starting"
		return s
	}
	if err := program.Ready(ctx); err != nil {
		s.Says = err.Error()
	}
	s.Ready, s.Bounded = s.Says == "", program.Bounded()
	now := program.Snapshot()
	s.Seconds, s.Waiting = now.Running.Seconds(), now.Waiting
	ill := program.Ill()
	s.Nodes = nodesOf(program.Info().Nodes, &now)
	for i := range s.Nodes {
		n := &s.Nodes[i]
		n.Rate = p.rates.of(n.Name)
		if err := ill[n.Name]; err != nil {
			n.Ill = err.Error()
		}
		if n.Role == roleSource {
			s.Records += n.In
			s.Rate += n.Rate
		}
	}
	for _, q := range now.Queues {
		s.Queues = append(s.Queues, runQueue{q.Name, q.Packets, q.Bytes})
	}
	if now.Checkpoint > 0 {
		s.Kept = &runKept{now.Checkpoint, now.Age.Seconds()}
	}
	s.Parts = parts.All()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	s.Memory = memory.Sys - memory.HeapReleased
	return s
}

// What a node is.
const (
	roleSource = "source"
	roleStep   = "processor"
	roleSink   = "sink"
)

// roleOf is what a node is by the program's table, which is known before the start.
func roleOf(kind flow.NodeKind) string {
	switch kind {
	case flow.KindSource:
		return roleSource
	case flow.KindSink:
		return roleSink
	}
	return roleStep
}

// nodesOf are the nodes with their counts; before the start, without.
func nodesOf(nodes []flow.Node, now *flow.Snapshot) []runNode {
	flows := map[string]*flow.Flow{}
	for _, side := range [][]flow.Flow{now.Sources, now.Sinks} {
		for i := range side {
			flows[side[i].Name] = &side[i]
		}
	}
	all := make([]runNode, 0, len(nodes))
	for i, n := range nodes {
		node := runNode{Name: n.Name, Role: roleOf(n.Kind)}
		if i < len(now.Nodes) {
			node.Count = now.Nodes[i].Count
		}
		if f := flows[n.Name]; f != nil {
			node.Bytes, node.Total = f.Bytes, f.Total
			node.Lag = f.Lag
			if f.Range != nil {
				done := f.Range.Share()
				node.Done = &done
				if left, ok := f.Range.Left(now.Running.Seconds()); ok {
					node.Left = &left
				}
			}
		}
		all = append(all, node)
	}
	return all
}

// rates are how many records a second came to nodes of late: between the looks of the
// last ten seconds.
type rates struct {
	mu    sync.Mutex
	looks []look
}

type look struct {
	at time.Time
	in map[string]int64
}

// The looks.
const (
	lookAtRates = time.Second
	rateLooks   = 10
)

// follow looks again and again, until done is closed.
func (r *rates) follow(program func() *flow.Program, done <-chan struct{}) {
	tick := time.NewTicker(lookAtRates)
	defer tick.Stop()
	for {
		if p := program(); p != nil {
			now := p.Snapshot()
			one := look{time.Now(), map[string]int64{}}
			for _, n := range now.Nodes {
				one.in[n.Name] = n.In
			}
			r.add(one)
		}
		select {
		case <-tick.C:
		case <-done:
			return
		}
	}
}

func (r *rates) add(one look) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.looks = append(r.looks, one); len(r.looks) > rateLooks {
		r.looks = r.looks[1:]
	}
}

// of is the rate of a node; 0 before two looks, and where counting began anew between them.
func (r *rates) of(node string) float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.looks) < 2 {
		return 0
	}
	first, last := r.looks[0], r.looks[len(r.looks)-1]
	passed := last.at.Sub(first.at).Seconds()
	if n := last.in[node] - first.in[node]; n > 0 && passed > 0 {
		return float64(n) / passed
	}
	return 0
}
