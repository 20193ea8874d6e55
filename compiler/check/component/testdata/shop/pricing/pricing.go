// Package pricing has constructors with configs of every kind.
package pricing

import (
	"context"
	"encoding/json"
	"math/big"
	"net/netip"
	"regexp"
	"time"
)

type Trade struct{ ID string }

// Config configures everything.
type Config struct {
	// Currency is the ISO code. It has three letters.
	Currency string `json:"currency" flowc:"required"`
	BaseURL  string
	Workers  int8 // Workers is how many.
	Big      uint64
	Timeout  time.Duration
	Since    time.Time
	Debug    bool
	Rate     float64
	Narrow   float32
	Hosts    []string
	Ports    []uint16
	Labels   map[string]string
	Limits   map[string]int
	Any      any
	Raw      json.RawMessage
	Key      []byte
	Price    *big.Rat
	Addr     netip.Addr
	Pattern  *regexp.Regexp
	Amount   json.Number
	Mode     Mode
	Custom   Custom
	Retry    *int
	TLS      TLS
	Proxy    *Proxy
	Routes   []Route
	Zones    map[string]Route
	Shared
	OnError func(error)
	Done    chan int
	Grid    [2]int
	Hidden  string `json:"-"`
	private int
}

type Mode string

// Custom reads itself from JSON.
type Custom struct{ X int }

func (*Custom) UnmarshalJSON([]byte) error { return nil }

type TLS struct {
	CA   string `json:"ca"`
	Cert struct {
		File string `flowc:"required"`
	}
}

type Proxy struct {
	URL string `flowc:"required"`
}

type Route struct {
	Path    string `flowc:"required"`
	Weight  int
	MaxSize *int64
}

// Shared is embedded.
type Shared struct {
	Region string
}

type Converter struct{}

func New(Config) (*Converter, error)                             { return nil, nil }
func (*Converter) Process(context.Context, Trade) (Trade, error) { return Trade{}, nil }

func Plain(ctx context.Context, in *Trade) (Trade, error) { return *in, nil }

func Filter(in Trade) bool { return true }

// Bare takes no config.
type Bare struct{ n int }

func (*Bare) Process(Trade) bool { return true }

func NewBare2() *Bare { return nil }

func Store(context.Context, []Trade) error { return nil }

// Flow takes a map.
type Flow struct{}

func (*Flow) Init(map[string]any) error                         { return nil }
func (*Flow) Process(context.Context, *Trade) ([]*Trade, error) { return nil, nil }
