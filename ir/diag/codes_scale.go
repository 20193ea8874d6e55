package diag

// Mistakes about pipelines that run in several processes.
const (
	// ScaleOrder is a node in several processes whose order would be lost.
	ScaleOrder Code = "scale-order"
	// ScaleEdges is a pipeline of several processes that nothing joins.
	ScaleEdges Code = "scale-edges"
	// ScaleCut is what can't be in several processes.
	ScaleCut Code = "scale-cut"
	// ScaleElastic is a number of processes that can't change as it is said.
	ScaleElastic Code = "scale-elastic"
)

var scaleCodes = []Info{
	{
		Code:  ScaleOrder,
		Title: "a node in several processes that does not say what stays in order",
		Text: `Several processes work at once, and none knows how far the others are. With a key, all
records of one key go to the same process, which keeps their order. Without one the order
of all records would be lost, and the pipeline has to say that this is meant.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, account: string}
edges: {nats: {url: "nats://localhost:4222"}}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, filter: in.ID != "", scale: {replicas: 4}}
sinks:
  store: {from: large, use: file, config: {path: large.ndjson}}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, account: string}
edges: {nats: {url: "nats://localhost:4222"}}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, filter: in.ID != "", key: in.Account, scale: {replicas: 4}}
sinks:
  store: {from: large, use: file, config: {path: large.ndjson}}
`,
	},
	{
		Code:  ScaleEdges,
		Title: "several processes, and nothing that carries records between them",
		Text: `A node with ` + "`scale`" + ` runs in processes of its own, on other machines perhaps. The records
get there over a broker that keeps them until they are worked on, and ` + "`edges`" + ` says which.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, account: string}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, filter: in.ID != "", key: in.Account, scale: {replicas: 4}}
sinks:
  store: {from: large, use: file, config: {path: large.ndjson}}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, account: string}
edges: {nats: {url: "nats://localhost:4222"}}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, filter: in.ID != "", key: in.Account, scale: {replicas: 4}}
sinks:
  store: {from: large, use: file, config: {path: large.ndjson}}
`,
	},
	{
		Code:  ScaleCut,
		Title: "something that does not get from one process to another",
		Text: `Structs, texts, bytes and JSON travel between processes, with what is read of their
` + "`meta`" + ` behind it. A number by itself does not, nor does the sender who waits for an answer
(` + "`reject`" + `), which stays with the source. A file has one writer, so dead letters of several processes go where several can
write. ` + "`flowc explain`" + ` shows which nodes are in which process.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, parts: [int]}
edges: {nats: {url: "nats://localhost:4222"}}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  parts: {from: ledger, flatmap: in.Parts, out: int}
  large: {from: parts, filter: in > 1, order: none, scale: {replicas: 4}}
sinks:
  store: {from: large, use: file, config: {path: large.ndjson}}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, parts: [int]}
edges: {nats: {url: "nats://localhost:4222"}}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  parts: {from: ledger, flatmap: in.Parts, out: int}
  held: {from: parts, map: {part: in}}
  large: {from: held, filter: in.Part > 1, order: none, scale: {replicas: 4}}
sinks:
  store: {from: large, use: file, config: {path: large.ndjson}}
`,
	},
	{
		Code:  ScaleElastic,
		Title: "a number of processes that can't change as the pipeline says",
		Text: `With ` + "`scale: {min, max}`" + ` processes come and go while the pipeline runs. The records have
` + "`max`" + ` parts, and what one process leaves another one takes up where its checkpoint is, on
another machine perhaps. So checkpoints are outside of the processes, as is who holds which
part: with what carries the records where that is NATS, else in a store that the pipeline
names. A number that stays is ` + "`replicas`" + `, which goes without ` + "`min` and `max`" + `.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, account: string}
edges: {kafka: {brokers: ["localhost:9092"]}}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, filter: in.ID != "", key: in.Account, scale: {min: 1, max: 4, by: lag}}
sinks:
  store: {from: large, use: file, config: {path: large.ndjson}}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, account: string}
edges: {kafka: {brokers: ["localhost:9092"]}}
delivery: {checkpoint: {store: postgres, dsn: "${env:CHECKPOINTS}"}}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, filter: in.ID != "", key: in.Account, scale: {min: 1, max: 4, by: lag}}
sinks:
  store: {from: large, use: file, config: {path: large.ndjson}}
`,
	},
}
