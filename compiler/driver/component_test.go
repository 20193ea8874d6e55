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

// A part of a component is read where it has the methods for that, and where a text
// can say where it begins.
func TestRangeOfComponents(t *testing.T) {
	r := compileIn(t, unpack(t, `
-- go.mod --
module example.com/feed

go 1.24
-- feed/feed.go --
// Package feed has sources.
package feed

import "context"

type Event struct {
	N int
}

type All struct{}

func (*All) Read(context.Context) ([]Event, int, error) { return nil, 0, nil }
func (*All) Seek(context.Context, int) error             { return nil }

type Part struct{ All }

func (*Part) Range(ctx context.Context, from, to *int) error { return nil }

type Chunks struct{ Part }

func (*Chunks) Cut(context.Context, int) ([]int, error) { return nil, nil }

type Place struct{ File, Line int }

type Odd struct{}

func (*Odd) Read(context.Context) ([]Event, Place, error)          { return nil, Place{}, nil }
func (*Odd) Seek(context.Context, Place) error                      { return nil }
func (*Odd) Range(ctx context.Context, from, to *Place) error       { return nil }

type Wrong struct{ All }

func (*Wrong) Range(ctx context.Context, from, to int) error { return nil }
func (*Wrong) Cut(context.Context) ([]int, error)            { return nil, nil }
-- pipeline.yaml --
pipeline: feed
sources:
  good: {use: ./feed.Chunks, range: {from: 1, to: 5, parallel: 2}}
  part: {use: ./feed.Part, range: {from: 1}}
  all: {use: ./feed.All, range: {from: 1}}
  many: {use: ./feed.Part, range: {parallel: 2}}
  odd: {use: ./feed.Odd, range: {from: 1}}
  text: {use: ./feed.Part, range: {from: one}}
  back: {use: ./feed.Part, range: {from: 5, to: 1}}
  wrong: {use: ./feed.Wrong}
sinks:
  out: {from: [good, part, all, many, odd, text, back, wrong], use: stdout}
`), Options{})
	wantSaid(t, r,
		"pipeline.yaml:5:26: error: `./feed.All` can't read a part of what it has [bad-range]",
		"pipeline.yaml:6:28: error: `./feed.Part` does not say where chunks of a range end, so they can't be read at once [bad-range]",
		"pipeline.yaml:7:26: error: the positions of `./feed.Odd` are a Place, and the ends of a range are numbers, texts or times [bad-range]",
		"pipeline.yaml:8:42: error: `from` of a range of `./feed.Part` must be a position, which is an int, not `one` [bad-range]",
		"pipeline.yaml:9:49: error: the range ends at `1`, which is before it begins, at `5` [bad-range]",
		"pipeline.yaml:10:16: warning: method Cut of feed.Wrong is not called: its signature is none that flowc knows [component-method]",
		"pipeline.yaml:10:16: warning: method Range of feed.Wrong is not called: its signature is none that flowc knows [component-method]",
	)
}
