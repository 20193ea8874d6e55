package mutants

// acks are mutants of who is told what, and when.
var acks = []Mutant{
	{
		Name: "senders are answered before their records are durable",
		File: "runtime/flow/sink.go",
		Old:  "if p.ticket.onDone != nil && s.broken == nil && ",
		New:  "if p.ticket.onDone == nil && s.broken == nil && ",
	},
	{
		Name: "senders are told yes whatever happened",
		File: "runtime/flow/ticket.go",
		Old:  "t.onDone(t.err)",
		New:  "t.onDone(nil)",
	},
	{
		Name: "an error of a record does not reach its sender",
		File: "runtime/flow/ticket.go",
		Old:  "if t.err == nil {\n\t\tt.err = err",
		New:  "if t.err != nil {\n\t\tt.err = err",
	},
	{
		Name: "who was not finished at the end is told yes",
		File: "runtime/flow/ticket.go",
		Old:  "reason = err\n",
		New:  "_ = err\n",
	},
	{
		Name: "answers leave the order of the source",
		File: "runtime/flow/input.go",
		Old:  "in.book.ordered = !in.options.Answers",
		New:  "in.book.ordered = false",
	},
	{
		Name: "a fan-out is answered after its first branch",
		File: "runtime/flow/push.go",
		Old:  "st.ticket.pending.Add(own)",
		New:  "st.ticket.pending.Add(min(own, 1))",
	},
	{
		Name: "dead letters come after the answer",
		File: "runtime/flow/push.go",
		Old:  "packets := in.letterPackets(b)",
		New:  "packets := in.letterPackets(b) * 0",
	},
	{
		Name: "dead letters of a sink come after the answer",
		File: "runtime/flow/sinkfail.go",
		Old:  "for _, p := range o.engine.parts {\n\t\tp.ticket.pending.Add(1)",
		New:  "for _, p := range o.engine.parts[:0] {\n\t\tp.ticket.pending.Add(1)",
	},
	{
		Name: "a write that is gathered lets go of its senders",
		File: "runtime/flow/gather.go",
		Old:  "p.ticket.pending.Add(1)\n\t\tif s.target.depot.origins",
		New:  "if s.target.depot.origins",
	},
	{
		Name: "sources are acked before the checkpoint",
		File: "runtime/flow/barrier.go",
		Old: `		if err := p.writeCheckpoint(ctx, marks, states, complete); err != nil {
			p.taint()
			p.stop(err)
			return false
		}
`,
		New: `		defer func() {
			if err := p.writeCheckpoint(ctx, marks, states, complete); err != nil {
				p.taint()
				p.stop(err)
			}
		}()
`,
	},
	{
		Name: "sources are acked though the checkpoint failed",
		File: "runtime/flow/barrier.go",
		Old:  "p.stop(err)\n\t\t\treturn false",
		New:  "p.stop(err)",
	},
	{
		Name: "a write that failed counts as written",
		File: "runtime/flow/write.go",
		Old:  "return s.sink.Write(s.p.hard, o)",
		New:  "_ = s.sink.Write(s.p.hard, o)\n\treturn nil",
	},
	{
		Name: "a sync that failed counts as done",
		File: "runtime/flow/sink.go",
		Old:  `err = s.insistOn("sync", s.sink.Sync)`,
		New:  `_ = s.insistOn("sync", s.sink.Sync)`,
	},
	{
		Name: "records of a packet that failed in part fail by the index before theirs",
		File: "runtime/flow/write.go",
		Old:  "at := i\n\t\tif index != nil {",
		New:  "at := max(i-1, 0)\n\t\tif index != nil {",
	},
	{
		Name: "at the second try a record that fails is taken for another one",
		File: "runtime/flow/write.go",
		Near: "runtime/flow TestNotTried",
		Old:  "at = index[i]",
		New:  "at = i",
	},
	{
		Name: "a retry writes the whole packet once more",
		File: "runtime/flow/write.go",
		Near: "runtime/flow TestNotTried",
		Old:  "now = s.pick(o, index)",
		New:  "now, index = o, nil",
	},
	{
		Name: "records that were not tried are given up in silence",
		File: "runtime/flow/write.go",
		Near: "runtime/flow TestNotTried",
		Old:  "again = append(again, at)\n\t\t\t}\n\t\t\tcontinue",
		New:  "}\n\t\t\tcontinue",
	},
	{
		Name: "a lost connection uses up retries",
		File: "runtime/flow/write.go",
		Near: "runtime/flow TestAwayUsesUpNoRetry",
		Old:  "case !unavailable(err) && (!s.policy",
		New:  "case (!s.policy",
	},
	{
		Name: "errors that go away by themselves are not tried again",
		File: "runtime/flow/policy.go",
		Near: "runtime/flow TestNotTried",
		Old:  "return c == Transient || c == Unclassed && p.Written",
		New:  "return c == Unclassed && p.Written",
	},
	{
		Name: "records that were written are counted once too often",
		File: "runtime/flow/write.go",
		Old:  "s.recovered(cantWrite)\n\ts.counts.out.Add(int64(o.Count))",
		New:  "s.recovered(cantWrite)\n\ts.counts.out.Add(int64(o.Count) + 1)",
	},
	{
		Name: "records that were dropped are not counted",
		File: "runtime/flow/sinkfail.go",
		Near: "runtime/flow TestNotTried",
		Old:  "s.counts.dropped.Add(1)",
		New:  "s.counts.dropped.Add(0)",
	},
}
