package cut_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// compile compiles a pipeline.
func compile(t *testing.T, text string) *driver.Result {
	t.Helper()
	r, err := driver.Compile(context.Background(), driver.Options{File: "pipeline.yaml", Text: []byte(text), Dir: t.TempDir(), Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const head = `pipeline: shop
types:
  Order: {id: string, account: string, n: int}
edges: {nats: {url: "nats://localhost"}}
sources:
  orders: {use: file, config: {path: orders.ndjson}, out: Order}
`

// describe is the division of a pipeline in short: a line for each process, and one for
// each edge that leaves it.
func describe(pieces []*ir.Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		ends := map[string]bool{}
		for _, e := range slices.Concat(p.Inputs, p.Outputs) {
			ends[e.Node] = true
		}
		var names []string
		for _, n := range p.Program.Nodes {
			if !ends[n.YAML] && n.ID == n.YAML {
				names = append(names, n.ID)
			}
		}
		fmt.Fprintf(&b, "%s×%d %s\n", p.Name, p.Replicas, strings.Join(names, " "))
		for _, e := range p.Outputs {
			steady := "steady"
			if !e.Steady {
				steady = "unsteady"
			}
			fmt.Fprintf(&b, "  %s.%s>%s@%s %s\n", e.From, e.Port, e.To, e.Peer, steady)
		}
	}
	return b.String()
}

// Which nodes share a process follows from what is scaled and what only that feeds.
func TestDivision(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing is scaled", `
processors:
  a: {from: orders, filter: in.N > 1}
sinks:
  out: {from: a, use: file, config: {path: out.ndjson}}
`, ""},
		{"a file has one writer", `
processors:
  a: {from: orders, filter: in.N > 1, key: in.Account, scale: {replicas: 3}}
  b: {from: a, filter: in.N > 2}
sinks:
  out: {from: b, use: file, config: {path: out.ndjson}}
`, `shop×1 orders
  orders.>a@a steady
a×3 a b
  b.>out@out steady
out×1 out
`},
		{"several may write to a server", `
processors:
  a: {from: orders, filter: in.N > 1, key: in.Account, scale: {replicas: 3}}
sinks:
  out: {from: a, use: nats, config: {url: "nats://localhost", subject: out}}
`, `shop×1 orders
  orders.>a@a steady
a×3 a out
`},
		{"what another node feeds as well sees all", `
processors:
  a: {from: orders, filter: in.N > 1, key: in.Account, scale: {replicas: 2}}
  b: {from: [a, orders], filter: in.N > 2}
sinks:
  out: {from: b, use: file, config: {path: out.ndjson}}
  copy: {from: orders, use: file, config: {path: copy.ndjson}}
`, `shop×1 orders copy
  orders.>a@a steady
  orders.>b@b steady
a×2 a
  a.>b@b steady
b×1 b out
`},
		{"two that are scaled, and a route", `
processors:
  a: {from: orders, route: {big: in.N > 5, rest: else}, key: in.Account, scale: {replicas: 2}}
  b: {from: a.big, filter: in.N > 7, key: in.ID, scale: {replicas: 4}}
sinks:
  big: {from: b, use: file, config: {path: big.ndjson}}
  rest: {from: a.rest, use: file, config: {path: rest.ndjson}}
`, `shop×1 orders
  orders.>a@a steady
a×2 a
  a.big>b@b steady
  a.rest>rest@rest steady
b×4 b
  b.>big@big steady
rest×1 rest
big×1 big
`},
		{"another key has to see all records of it", `
processors:
  a: {from: orders, filter: in.N > 1, key: in.Account, scale: {replicas: 2}}
  same: {from: a, filter: in.N > 2, key: in.Account, parallel: 2}
  other: {from: a, filter: in.N > 3, key: in.ID, parallel: 2}
sinks:
  out: {from: [same, other], use: file, config: {path: out.ndjson}}
`, `shop×1 orders
  orders.>a@a steady
a×2 a same
  a.>other@other steady
  same.>out@other unsteady
other×1 other out
`},
		{"the clock is another one after a crash", `
processors:
  now: {from: orders, set: {at: 'time.Now()'}}
  a: {from: now, filter: in.N > 1, key: in.Account, scale: {replicas: 2}}
sinks:
  out: {from: a, use: file, config: {path: out.ndjson}}
`, `shop×1 orders now
  now.>a@a unsteady
a×2 a
  a.>out@out steady
out×1 out
`},
		{"ways that meet mix", `
processors:
  x: {from: orders, filter: in.N > 1}
  y: {from: orders, filter: in.N < 1}
  z: {from: [x, y], filter: in.N != 0}
  a: {from: z, filter: in.N > 1, order: none, scale: {replicas: 2}}
sinks:
  out: {from: a, use: file, config: {path: out.ndjson}}
`, `shop×1 orders x y z
  z.>a@a unsteady
a×2 a
  a.>out@out steady
out×1 out
`},
		{"a node that is called as the pipeline", `
processors:
  shop: {from: orders, filter: in.N > 1, key: in.Account, scale: {replicas: 2}}
sinks:
  out: {from: shop, use: log}
`, `shop-main×1 orders
  orders.>shop@shop steady
shop×2 shop out
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := compile(t, head+strings.TrimPrefix(c.text, "\n"))
			for _, d := range r.Diagnostics {
				t.Error(d)
			}
			if got := describe(r.Program.Pieces); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			for _, p := range r.Program.Pieces {
				if err := ir.Verify(p.Program); err != nil {
					t.Errorf("%s: %v", p.Name, err)
				}
			}
		})
	}
}

// Cutting leaves the program as it was, and gives the same each time.
func TestLeavesTheProgram(t *testing.T) {
	text := head + `processors:
  a: {from: orders, filter: in.N > 1, key: in.Account, scale: {replicas: 3}}
sinks:
  out: {from: a, use: file, config: {path: out.ndjson}}
`
	r, again := compile(t, text), compile(t, text)
	plain := compile(t, strings.Replace(text, ", scale: {replicas: 3}", "", 1))
	without := func(p *ir.Program) string {
		text := strings.Replace(ir.Print(p), " replicas 3", "", 1)
		_, text, _ = strings.Cut(text, "\n") // the hash
		return text
	}
	if without(r.Program) != without(plain.Program) {
		t.Errorf("the program has changed:\n%s\n%s", without(r.Program), without(plain.Program))
	}
	for i := range r.Program.Pieces {
		if ir.Print(r.Program.Pieces[i].Program) != ir.Print(again.Program.Pieces[i].Program) {
			t.Errorf("%s is another one the second time", r.Program.Pieces[i].Name)
		}
	}
}

// The programs of the pieces, as the backends see them: FLOWC_UPDATE=1 writes them anew.
func TestPieces(t *testing.T) {
	r := compile(t, `pipeline: shop
types:
  Order: {id: string, account: string, n: int, "memo?": string, lines: [{sku: string, price: decimal}], side: buy | sell, extra: json}
edges: {nats: {url: "${env:NATS_URL}", max_bytes: 64MiB}}
sources:
  orders: {use: file, config: {path: orders.ndjson}, out: Order, on_error: {then: dead}}
processors:
  a: {from: orders, filter: in.N > limit, let: {limit: 3}, key: in.Account, scale: {replicas: 3}, on_error: {then: dead}}
sinks:
  out: {from: a, use: file, config: {path: out.ndjson}}
  dead: {use: nats, config: {url: "${env:NATS_URL}", subject: dead}}
`)
	var b strings.Builder
	for _, p := range r.Program.Pieces {
		fmt.Fprintf(&b, "# %s, %d of it\n%s\n", p.Name, p.Replicas, ir.Print(p.Program))
	}
	golden := filepath.Join("testdata", "pieces.txt")
	if os.Getenv("FLOWC_UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the pieces are others than in %s:\n%s", golden, b.String())
	}
}

// What does not get from one process to another is an error.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`
processors:
  a: {from: orders, filter: in.N > 1, scale: {replicas: 2}}
sinks:
  out: {from: a, use: log}
`, "nothing says which records have to stay in order"},
		{`
processors:
  a: {from: orders, flatmap: '[]int{in.N}', out: int}
  b: {from: a, filter: in > 1, order: none, scale: {replicas: 2}}
sinks:
  out: {from: b, use: log}
`, "a record of the type int can't cross"},
		{`
processors:
  a: {from: orders, filter: in.N > 1, key: in.Account, scale: {replicas: 2}, on_error: {then: dead}}
sinks:
  out: {from: a, use: log}
  dead: {use: file, config: {path: dead.ndjson}}
`, "`dead` has one writer, and 2 processes have dead letters for it"},
	} {
		r := compile(t, head+strings.TrimPrefix(c.text, "\n"))
		found := slices.ContainsFunc(r.Diagnostics, func(d *diag.Diagnostic) bool { return strings.Contains(d.Message, c.want) })
		if !found || len(r.Diagnostics) != 1 {
			t.Errorf("got %v, want %q", r.Diagnostics, c.want)
		}
	}
}

// Effectively once is given where each edge upstream is steady, and refused otherwise.
func TestExactly(t *testing.T) {
	for _, steady := range []bool{true, false} {
		filter := "in.N > 1"
		if !steady {
			filter = "time.Now().Unix() > int64(in.N)"
		}
		r := compile(t, head+`processors:
  x: {from: orders, filter: `+filter+`}
  a: {from: x, filter: in.N > 1, key: in.Account, scale: {replicas: 2}}
sinks:
  out: {from: a, use: file, config: {path: out.ndjson}, guarantee: effectively-once}
`)
		if got := len(r.Diagnostics) == 0; got != steady {
			t.Errorf("steady %v: got %v", steady, r.Diagnostics)
		}
	}
}
