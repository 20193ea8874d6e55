package mutants

// orders are mutants of the order of records, and of what becomes of a batch.
var orders = []Mutant{
	{
		Name: "lanes hand on as they finish",
		File: "runtime/flow/worker.go",
		Old:  "if in.region.o.Unordered && b.engine.run.verdict == goOn &&",
		New:  "if b.engine.run.verdict == goOn &&",
	},
	{
		Name: "rows of a key go to any lane",
		File: "runtime/flow/keyed.go",
		Old:  "b.Lanes = append(b.Lanes, laneOf(Hash(key), lanes))",
		New:  "b.Lanes = append(b.Lanes, laneOf(Hash(key)+uint32(len(b.Lanes))<<30, lanes))",
	},
	{
		Name: "what keyed lanes made is joined out of order",
		File: "runtime/flow/keyed.go",
		Old:  "rowAt(o, at[i]) < rowAt(",
		New:  "rowAt(o, at[i]) > rowAt(",
	},
	{
		Name: "one lane's part of a keyed batch stands for all",
		File: "runtime/flow/keyed.go",
		Old:  "if b.engine.left.Add(-1) == 0 {",
		New:  "if b.engine.left.Add(-1) == int32(len(k.todo)-1) {",
	},
	{
		Name: "a producer overtakes the barrier that it passed",
		File: "runtime/flow/queue.go",
		Old:  "(q.producers[from].passed || q.full(bytes))",
		New:  "q.full(bytes)",
	},
	{
		Name: "a barrier goes on with the first producer that comes to it",
		File: "runtime/flow/queue.go",
		Old:  "if q.ready < len(q.producers) {\n\t\treturn",
		New:  "if q.ready < len(q.producers) && q.barrier == nil {\n\t\treturn",
	},
	{
		Name: "a queue ends with its first producer",
		File: "runtime/flow/queue.go",
		Old:  "if q.ready == len(q.producers) {",
		New:  "if q.ready > 0 {",
	},
	{
		Name: "batches without order overtake a barrier",
		File: "runtime/flow/sequencer.go",
		Old:  "return !s.barred || n < s.barrierAt",
		New:  "return true",
	},
	{
		Name: "what a sink has gathered is not in the barrier",
		File: "runtime/flow/sink.go",
		Old:  "s.flush()\n\ts.answered = mark",
		New:  "s.answered = mark",
	},
	{
		Name: "what a sink has gathered is dropped at the end",
		File: "runtime/flow/sink.go",
		Old:  "s.flush()\n\ts.awaitCheckpoint()",
		New:  "s.awaitCheckpoint()",
	},
	{
		Name: "what a source still has when it is told to stop is forgotten",
		File: "runtime/flow/drainer.go",
		Old:  "if !ok || in.drained ||",
		New:  "if ok || in.drained ||",
	},
	{
		Name: "what loops hold back is forgotten at the end",
		File: "runtime/flow/handon.go",
		Old:  "if in.cut || in.p.hard.Err() != nil {",
		New:  "if !in.cut || in.p.hard.Err() != nil {",
	},
	{
		Name: "what loops hold back is not in the barrier",
		File: "runtime/flow/worker.go",
		Old:  "if !in.region.holder {\n\t\tseq",
		New:  "if in.region != nil {\n\t\tseq",
	},
	{
		Name: "what comes behind a record that stopped the program goes on",
		File: "runtime/flow/handon.go",
		Old:  "if in.cut && !st.pushed {",
		New:  "if in.cut && st.pushed {",
	},
	{
		Name: "a batch that stopped the program counts as handled",
		File: "runtime/flow/handon.go",
		Old:  "in.discard(b, last)\n\t\t\treturn",
		New:  "place.advance(in, b)\n\t\t\tin.discard(b, last)\n\t\t\treturn",
	},
	{
		Name: "what a record that failed had written stays",
		File: "runtime/flow/lanefail.go",
		Old:  "if !l.engine.marked {\n\t\treturn",
		New:  "if l.engine.marked {\n\t\treturn",
	},
	{
		Name: "the rest of a batch is forgotten behind a panic",
		File: "runtime/flow/lanerun.go",
		Old:  "if l.failed(st.crash.node, st.crash.err, st.crash.line, nil) {",
		New:  "if l.failed(st.crash.node, st.crash.err, st.crash.line, nil) || l != nil {",
	},
	{
		Name: "too many failures stop nothing",
		File: "runtime/flow/share.go",
		Old:  "s.overLimits = true",
		New:  "s.overLimits = true\n\tif s.limit > 0 {\n\t\treturn nil\n\t}",
	},
	{
		Name: "a queue holds as much as comes",
		File: "runtime/flow/queue.go",
		Old:  "return q.held > 0 && (q.held >= q.maxPackets || q.bytes+bytes > q.maxBytes)",
		New:  "return false",
	},
}
