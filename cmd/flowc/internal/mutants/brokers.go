package mutants

// brokers are mutants of the connectors of Kafka and NATS.
var brokers = []Mutant{
	{
		Name: "Kafka: records count as stored before the brokers have them",
		File: "runtime/connect/kafka/sink.go",
		Old:  "case <-f.done:\n\t\t\ts.flight = nil\n",
		New:  "default:\n\t\t\ts.flight = nil\n\t\t\tif s.keeping == nil {\n\t\t\t\treturn nil\n\t\t\t}\n",
	},
	{
		Name: "Kafka: what may be stored is produced again",
		File: "runtime/connect/kafka/sink.go",
		Old:  "if s.flight == nil || s.flight.o != o {",
		New:  "if s.flight == nil || s.flight != nil {",
	},
	{
		Name: "Kafka: records that are refused count as stored",
		File: "runtime/connect/kafka/sink.go",
		Old:  "failed[i] = refusal(err)\n\t}\n\tif failed == nil {",
		New:  "failed[i] = refusal(err)\n\t}\n\tif failed == nil || len(failed) < len(f.errs) {",
	},
	{
		Name: "Kafka: records lie where others do when they are sent",
		File: "runtime/connect/kafka/sink.go",
		Old:  "data := bytes.Clone(o.Data)",
		New:  "data := bytes.Clone(o.Data[:0])[:0:0]\n\tdata = append(data, make([]byte, len(o.Data))...)",
	},
	{
		Name: "Kafka: a message is skipped behind each batch",
		File: "runtime/connect/kafka/queue.go",
		Old:  "next = r.Offset + 1",
		New:  "next = r.Offset + 2",
	},
	{
		Name: "Kafka: the last message of a batch comes again",
		File: "runtime/connect/kafka/queue.go",
		Old:  "next = r.Offset + 1",
		New:  "next = r.Offset",
	},
	{
		Name: "Kafka: messages that found no room in a batch are dropped",
		File: "runtime/connect/kafka/queue.go",
		Old:  "if c.records = c.records[n:]; len(c.records) == 0 {",
		New:  "if c.records = c.records[n:]; len(c.records) >= 0 {",
	},
	{
		Name: "Kafka: a partition begins anew after a restart",
		File: "runtime/connect/kafka/source.go",
		Old:  "s.next[partition{split[:at], int32(number)}] = p.Offset",
		New:  "s.next[partition{split[:at], int32(number)}] = p.Offset * int64(number) / int64(max(number, 1))",
	},
	{
		Name: "Kafka: a group's offset is committed for a partition that left and came back",
		File: "runtime/connect/kafka/group.go",
		Old:  "if !ours || now.turn != at.turn || at.Offset <= now.committed {",
		New:  "if !ours || at.Offset <= now.committed {",
	},
	{
		Name: "Kafka: offsets of a group are committed for partitions of others",
		File: "runtime/connect/kafka/group.go",
		Old:  "delete(s.owned, partition{topic, n})",
		New:  "_ = partition{topic, n}",
	},
	{
		Name: "NATS: a message that is missing is not missed",
		File: "runtime/connect/nats/source.go",
		Old:  "if a.err != nil || a.meta.Sequence.Consumer != s.received+1 {",
		New:  "if a.err != nil {",
	},
	{
		Name: "NATS: what the server sent while it was away is not asked for again",
		File: "runtime/connect/nats/source.go",
		Old:  "if back {\n\t\t\ts.pump.stop() // what the server sent meanwhile is lost\n\t\t\ts.pump = nil",
		New:  "if back {",
		Equivalent: "the numbers of the consumer tell as well: what is missing shows at the next message, and where the consumer is gone " +
			"the pump ends with an error; both make another one from the last message on",
	},
	{
		Name: "NATS: a message is skipped at each start",
		File: "runtime/connect/nats/source.go",
		Old:  "OptStartSeq: s.last + 1,",
		New:  "OptStartSeq: s.last + 2,",
	},
	{
		Name: "NATS: the last message comes again at each start",
		File: "runtime/connect/nats/source.go",
		Old:  "OptStartSeq: s.last + 1,",
		New:  "OptStartSeq: max(s.last, 1),",
	},
	{
		Name: "NATS: messages that are published again have other ids",
		File: "runtime/connect/nats/sink.go",
		Old:  "if !s.repeated {",
		New:  "if s.repeated || !s.repeated {",
	},
	{
		Name: "NATS: all messages of a packet have one id",
		File: "runtime/connect/nats/sink.go",
		Old:  `id = s.nonce + "-" + strconv.FormatUint(number, 10)`,
		New:  `id = s.nonce + "-" + strconv.FormatUint(number/2, 10)`,
	},
	{
		Name: "NATS: messages count as stored when they are sent",
		File: "runtime/connect/nats/sink.go",
		Old:  "case err := <-f.Err():\n\t\t\tfailed[i] = s.answered(f.Msg().Subject, err)",
		New:  "case err := <-f.Err():",
	},
	{
		Name: "NATS: messages of batches behind the one that is safe are acknowledged",
		File: "runtime/connect/nats/acks.go",
		Old:  "for n < len(a.open) && a.open[n].number <= a.reached {",
		New:  "for n < len(a.open) && a.reached > 0 {",
	},
	{
		Name: "NATS: acknowledgements that were lost with a connection are not sent again",
		File: "runtime/connect/nats/acks.go",
		Old:  "if a.failed = err != nil; a.failed {",
		New:  "if a.open = a.open[n:]; err != nil {",
	},
	{
		Name: "NATS: what another consumer has handed out is acknowledged to a new one",
		File: "runtime/connect/nats/durable.go",
		Old:  "s.acks.forget()",
		New:  "",
	},
	{
		Name: "NATS: a connection that the client has closed for good is not made anew",
		File: "runtime/connect/nats/link.go",
		Old:  "\tgo l.reopen(life)",
		New:  "",
	},
	{
		Name: "NATS: a subject is not subscribed to by a connection that was made anew",
		File: "runtime/connect/nats/core.go",
		Old:  "if conn := s.link.present(); conn != s.on {",
		New:  "if conn := s.link.present(); s.on == nil {",
	},
	{
		Name: "a start at the end of a stream is not noted",
		File: "runtime/connect/messages/messages.go",
		Old:  "b.Split, b.Position, b.Count = split, position, 0",
		New:  "b.Split, b.Position, b.Count = split, nil, 0",
	},
	{
		Name: "a batch of messages takes more than it has been limited to",
		File: "runtime/connect/messages/messages.go",
		Old:  "if b.Limit > 0 && len(b.Ends) >= b.Limit {",
		New:  "if b.Limit > 0 && len(b.Ends) > b.Limit+1 {",
	},
	{
		Name: "who asks after a server was away does not learn of it",
		File: "runtime/connect/messages/link.go",
		Old:  "return changed, told, nil",
		New:  "return changed, told && down != nil, nil",
	},
}
