package driver

import (
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
)

// Go beside a pipeline, in a module of its own.
const shopModule = `
-- go.mod --
module example.com/shop

go 1.24
-- money/money.go --
// Package money is what inline Go imports.
package money

// Cents rounds down.
func Cents(x float64) int64 { return int64(x * 100) }
-- model/model.go --
// Package model has an event type.
package model

type Trade struct {
	ID     string  ` + "`json:\"id\"`" + `
	Amount float64 ` + "`json:\"amount\"`" + `
}
-- parts/parts.go --
// Package parts has components.
package parts

import (
	"context"
	"iter"

	"example.com/shop/model"
)

// Config is what NewRater takes.
type Config struct {
	Currency string ` + "`flowc:\"required\"`" + `
	Rate     float64
}

type Rater struct{}

func NewRater(Config) (*Rater, error) { return &Rater{}, nil }

type Priced struct {
	ID    string ` + "`json:\"id\"`" + `
	Price string ` + "`json:\"price\"`" + `
}

func (*Rater) Process(ctx context.Context, in model.Trade) (Priced, error) { return Priced{}, nil }

func Keep(in model.Trade) bool { return true }

func Split(ctx context.Context, in model.Trade, big func(Priced) error, small func(Priced) error) error {
	return nil
}

func Stream(context.Context) iter.Seq2[model.Trade, error] { return nil }

func Store(context.Context, []Priced) error { return nil }

func Maybe(in model.Trade) (Priced, bool) { return Priced{}, false }
`

func TestComponents(t *testing.T) {
	r := compileIn(t, unpack(t, shopModule+`
-- pipeline.yaml --
pipeline: shop
imports: [./money]
types:
  Trade: ./model.Trade
  Order: {id: string, amount: float64, note: string}
sources:
  stream: {use: ./parts.Stream}
  file: {use: file, config: {path: trades.ndjson}, out: Trade}
  orders: {use: file, config: {path: orders.ndjson}, out: Order}
processors:
  kept: {from: [stream, file], use: ./parts.Keep}
  cents: {from: kept, filter: money.Cents(in.Amount) > 5}
  priced: {from: [cents], use: ./parts.NewRater, config: {currency: EUR, rate: 1.5}, parallel: 2, key: in.ID}
  met: {from: orders, use: ./parts.Split}
  made: {from: orders, map: 'Trade{ID: in.ID, Amount: in.Amount}'}
  again: {from: made, use: ./parts.Keep}
defaults: {batch: {count: 10}}
sinks:
  store: {from: [priced, met.big, met.small], use: ./parts.Store}
  rest: {from: again, use: stdout}
`), Options{})
	wantSaid(t, r)
	if r.Program == nil {
		return
	}
	text := ir.Print(r.Program)
	for _, want := range []string{
		"module example.com/shop folder example.com/shop go 1.24",
		`uses money "example.com/shop/money"`,
		"plan assign from Amount to Amount as float64",
		`config currency: string = "EUR"`,
		"batch count 10",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the program lacks %q\n%s", want, text)
		}
	}
	if strings.Contains(text, "Trade#2") {
		t.Errorf("one Go type is two types\n%s", text)
	}
	if n := strings.Count(text, "\n  batch count 10"); n != 2 {
		t.Errorf("the default batch is on %d nodes, not on the 2 sinks\n%s", n, text)
	}
}

func TestComponentMistakes(t *testing.T) {
	r := compileIn(t, unpack(t, shopModule+`
-- pipeline.yaml --
pipeline: shop
imports: [./mony]
types:
  Trade: ./model.Trad
  Order: {id: string, amount: decimal}
sources:
  trades: {use: file, config: {path: trades.ndjson}, out: Trade}
  orders: {use: file, config: {path: orders.ndjson}, out: Order}
processors:
  a: {from: orders, use: ./parts.Keep, drop: true}
  b: {from: orders, use: ./parts.Kep, drop: true}
  c: {from: trades, use: ./parts.NewRater, config: {curency: EUR}, drop: true}
  d: {from: trades, use: ./parts.Maybe, drop: true}
  e: {from: orders, filter: mony.Cents(1) > 0, drop: true}
  f: {from: d, filter: in.Whatever, drop: true}
  g: {from: trades, use: ./parts.Keep, batch: {count: 3}, drop: true}
sinks:
  s: {from: orders, use: ./parts.Keep}
`), Options{})
	wantSaid(t, r,
		"pipeline.yaml:2:11: error: there is no folder `./mony` [component-not-found]",
		"pipeline.yaml:4:18: error: package `./model` has no exported function or type `Trad` [component-not-found]",
		"pipeline.yaml:10:13: error: `./parts.Keep` takes model.Trade, which Order does not fit…[component-input]",
		"pipeline.yaml:11:34: error: package `./parts` has no exported function or type `Kep` [component-not-found]",
		"pipeline.yaml:12:53: error: the config of `./parts.NewRater` has no key `curency` [component-config]",
		"pipeline.yaml:13:26: error: `./parts.Maybe` is no processor…[component-shape]",
		"pipeline.yaml:16:47: error: `batch` is for components that take a slice, and `./parts.Keep` takes one record [key-conflict]",
		"pipeline.yaml:18:26: error: `./parts.Keep` is no sink…[component-shape]",
	)
}
