package cut_test

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
)

// Where the checkpoints of processes are that come and go, and what is said where nothing
// would keep them.
func TestElastic(t *testing.T) {
	const nats, kafka = `edges: {nats: {url: "${env:EDGES}", max_bytes: 64MiB, user: flowc}}`, `edges: {kafka: {brokers: ["localhost:9092"]}}`
	const log, postgres = "log", `postgres, config: {dsn: "${env:DSN}", table: large}`
	for _, c := range []struct{ name, edges, delivery, sink, store, err string }{
		{"what carries the records keeps them", nats, "", log, "nats url user", ""},
		{"a sink keeps them", nats, "", postgres, "sink", ""},
		{"the store that is named", nats, `delivery: {checkpoint: {store: postgres, dsn: "${env:DSN}"}}`, postgres, "postgres dsn", ""},
		{"the store that is named, over Kafka", kafka, `delivery: {checkpoint: {store: nats, url: "nats://localhost"}}`, log, "nats url", ""},
		{"nothing", kafka, "", log, "", "nothing says where their checkpoints are"},
		{"a sink that has no place for the hosts", kafka, "", postgres, "", "`out` keeps their checkpoints, and has no place for that"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := compile(t, `pipeline: shop
types:
  Order: {id: string, account: string, n: int}
`+c.edges+"\n"+c.delivery+`
sources:
  orders: {use: file, config: {path: orders.ndjson}, out: Order}
processors:
  large: {from: orders, filter: in.N > 1, key: in.Account, scale: {min: 2, max: 4, by: cpu}}
  same: {from: large, filter: in.N > 2}
sinks:
  out: {from: same, use: `+c.sink+`}
`)
			if c.err != "" {
				if len(r.Diagnostics) != 1 || !strings.Contains(r.Diagnostics[0].Message, c.err) {
					t.Fatalf("got %v, want %s", r.Diagnostics, c.err)
				}
				return
			}
			if r.Program == nil {
				t.Fatal(r.Diagnostics)
			}
			first, piece := r.Program.Pieces[0], r.Program.Pieces[1]
			if first.Elastic != nil || *piece.Elastic != (ir.Elastic{Min: 2, By: ir.ByCPU}) || piece.Replicas != 4 {
				t.Errorf("%+v, %d copies", piece.Elastic, piece.Replicas)
			}
			store := piece.Program.Delivery.Store
			for _, s := range piece.Program.Delivery.StoreConfig {
				if s.Value != nil {
					store += " " + s.Key
				}
			}
			if store != c.store {
				t.Errorf("checkpoints are in %s, want %s", store, c.store)
			}
			for _, n := range piece.Program.Nodes {
				if n.Elastic != nil || n.Replicas != 0 {
					t.Errorf("%s is cut once more", n.ID)
				}
			}
			if c.delivery == "" && first.Program.Delivery.Store != "file" {
				t.Errorf("the first process keeps its checkpoint in %s", first.Program.Delivery.Store)
			}
		})
	}
}
