package program

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// metrics is the state of the program in Prometheus' text format.
func metrics(s *Spec, now flow.Snapshot, ready bool) []byte {
	m := &exposition{}
	m.family("flowc_info", "gauge", "The pipeline, as a label of a constant 1.")
	m.sample("flowc_info", 1, "pipeline", s.Name, "hash", s.Hash, "version", s.Version)
	m.family("flowc_ready", "gauge", "Whether /readyz says yes.")
	m.sample("flowc_ready", flag01(ready))
	m.family("flowc_uptime_seconds", "gauge", "Time since the start.")
	m.sample("flowc_uptime_seconds", now.Running.Seconds())

	m.family("flowc_records_total", "counter", "Records that came to a node, by what became of them; in is the sum of the others but emitted and retried.")
	for _, n := range now.Nodes {
		for _, o := range []struct {
			outcome string
			n       int64
		}{
			{"in", n.In},
			{"out", n.Out},
			{"filtered", n.Filtered},
			{"dead", n.Dead},
			{"dropped", n.Dropped},
			{"failed", n.Failed},
			{"emitted", n.Emitted},
			{"retried", n.Retried},
		} {
			m.sample("flowc_records_total", float64(o.n), "node", n.Name, "outcome", o.outcome)
		}
	}
	m.family("flowc_source_bytes_total", "counter", "Bytes read by a source.")
	for _, f := range now.Sources {
		m.sample("flowc_source_bytes_total", float64(f.Bytes), "node", f.Name)
	}
	m.family("flowc_sink_bytes_total", "counter", "Bytes written by a sink.")
	for _, f := range now.Sinks {
		m.sample("flowc_sink_bytes_total", float64(f.Bytes), "node", f.Name)
	}
	m.ranges(&now)
	m.family("flowc_queue_packets", "gauge", "Packets that wait in a queue.")
	for _, q := range now.Queues {
		m.sample("flowc_queue_packets", float64(q.Packets), "queue", q.Name)
	}
	m.family("flowc_queue_bytes", "gauge", "Bytes that wait in a queue.")
	for _, q := range now.Queues {
		m.sample("flowc_queue_bytes", float64(q.Bytes), "queue", q.Name)
	}
	m.family("flowc_batches_in_flight", "gauge", "Batches that were read and not handed on.")
	m.sample("flowc_batches_in_flight", float64(now.InFlight))
	m.family("flowc_senders_waiting", "gauge", "Senders that wait for the answer to a batch.")
	m.sample("flowc_senders_waiting", float64(now.Waiting))
	if now.Checkpoint > 0 {
		m.family("flowc_checkpoint_generation", "counter", "Number of the last checkpoint.")
		m.sample("flowc_checkpoint_generation", float64(now.Checkpoint))
		m.family("flowc_checkpoint_age_seconds", "gauge", "Age of the last checkpoint.")
		m.sample("flowc_checkpoint_age_seconds", now.Age.Seconds())
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	m.family("go_goroutines", "gauge", "Goroutines.")
	m.sample("go_goroutines", float64(runtime.NumGoroutine()))
	m.family("go_memstats_heap_inuse_bytes", "gauge", "Bytes of the heap in use.")
	m.sample("go_memstats_heap_inuse_bytes", float64(memory.HeapInuse))
	m.family("go_memstats_sys_bytes", "gauge", "Bytes that the process got from the system.")
	m.sample("go_memstats_sys_bytes", float64(memory.Sys))
	return m.text.Bytes()
}

// ranges are how far the ranges of sources have been read.
func (m *exposition) ranges(now *flow.Snapshot) {
	ranged := slices.DeleteFunc(slices.Clone(now.Sources), func(f flow.Flow) bool { return f.Range == nil })
	if len(ranged) == 0 {
		return
	}
	m.family("flowc_range_done_ratio", "gauge", "How much of the range of a source has been read, from 0 to 1.")
	for _, f := range ranged {
		m.sample("flowc_range_done_ratio", f.Range.Share(), "node", f.Name)
	}
	m.family("flowc_range_chunks", "gauge", "Chunks of the range of a source, by whether they have been read.")
	for _, f := range ranged {
		m.sample("flowc_range_chunks", float64(f.Range.Ended), "node", f.Name, "state", "through")
		m.sample("flowc_range_chunks", float64(f.Range.Chunks-f.Range.Ended), "node", f.Name, "state", "open")
	}
	m.family("flowc_range_left_seconds", "gauge", "How long the rest of the range takes at the speed so far, where that can be told.")
	for _, f := range ranged {
		if left, ok := f.Range.Left(now.Running.Seconds()); ok {
			m.sample("flowc_range_left_seconds", left, "node", f.Name)
		}
	}
}

func flag01(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// An exposition is a text in Prometheus' format.
type exposition struct{ text bytes.Buffer }

func (m *exposition) family(name, kind, help string) {
	fmt.Fprintf(&m.text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// sample writes a value; labels are names and values in turn.
func (m *exposition) sample(name string, value float64, labels ...string) {
	m.text.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		open := byte(',')
		if i == 0 {
			open = '{'
		}
		m.text.WriteByte(open)
		m.text.WriteString(labels[i] + `="` + labelEscapes.Replace(labels[i+1]) + `"`)
	}
	if len(labels) > 0 {
		m.text.WriteByte('}')
	}
	fmt.Fprintf(&m.text, " %g\n", value)
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
