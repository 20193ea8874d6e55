package mutants

// deaths are mutants of dead letters, and of records that kill the process.
var deaths = []Mutant{
	{
		Name: "dead letters of sinks are swallowed",
		File: "runtime/flow/sinkfail.go",
		Old:  "s.p.appendLetter(s.dead, s.letters, e, time.Now())",
		New:  "_ = time.Now()",
	},
	{
		Name: "dead letters of regions are swallowed",
		File: "runtime/flow/deadletter.go",
		Old:  "in.p.appendLetter(to, in.deads[at], e, f.at)",
		New:  "_ = e",
	},
	{
		Name: "the original in a dead letter is cut",
		File: "runtime/flow/writeletter.go",
		Old:  "base64.StdEncoding.AppendEncode(w.data, l.Data)",
		New:  "base64.StdEncoding.AppendEncode(w.data, l.Data[:len(l.Data)/2])",
	},
	{
		Name: "a dead letter has the original of another record",
		File: "runtime/flow/gather.go",
		Old:  "st.origins[i].part += uint32(base)",
		New:  "st.origins[i].part += uint32(base) * 0",
	},
	{
		Name: "originals are given back before their dead letters are written",
		File: "runtime/flow/push.go",
		Old:  "p.ticket.batch.engine.uses.Add(1)",
		New:  "p.ticket.batch.engine.uses.Add(0)",
	},
	{
		Name: "the source of a dead letter is another one",
		File: "runtime/flow/writeletter.go",
		Old:  "w.text(`,\"source\":`, l.Source)",
		New:  "w.text(`,\"source\":`, l.Node)",
	},
	{
		Name: "a record that kills the process is never suspected",
		File: "runtime/flow/care.go",
		Old:  "n.Deaths++\n",
		New:  "n.Deaths = 1\n",
	},
	{
		Name: "all that died with a record is quarantined with it",
		File: "runtime/flow/care.go",
		Old:  "n.SuspectSplit == b.Split && n.Step == 1 && n.Deaths",
		New:  "n.SuspectSplit == b.Split && n.Deaths",
		Equivalent: "the deaths are counted anew with each smaller step, and the next smaller one comes after fewer of them than quarantine: " +
			"where there are as many, the step is one record",
	},
	{
		Name: "letters that were replayed are not noted",
		File: "runtime/flow/replay.go",
		Old:  "r.store.noteReplayed(ctx, c.Replayed.Letters, c.Time)",
		New:  "r.store.noteReplayed(ctx, nil, c.Time)",
	},
	{
		Name: "letters are replayed again",
		File: "runtime/flow/replay.go",
		Old:  "if _, done := r.already[l.ID]; done || ",
		New:  "if ",
	},
	{
		Name: "a replay moves the sources",
		File: "runtime/flow/replay.go",
		Old:  "maps.Copy(c.Sources, r.saved.Sources)",
		New:  "maps.Copy(c.Sources, map[string]SourceState{})",
	},
}
