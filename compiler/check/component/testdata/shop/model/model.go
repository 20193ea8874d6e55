// Package model has event types of every kind.
package model

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"time"
)

// Ledger has what JSON has.
type Ledger struct {
	Sequence   uint32            `json:"sequence"`
	Hash       Hash              `json:"hash"`
	ClosedAt   time.Time         `json:"closed_at"`
	Took       time.Duration     `json:"took"`
	Memo       *string           `json:"memo,omitempty"`
	Tags       []string          `json:"tags"`
	Labels     map[string]string `json:"labels"`
	Counts     map[int]string    `json:"counts"`
	Raw        json.RawMessage   `json:"raw"`
	Amount     json.Number       `json:"amount"`
	Data       []byte            `json:"data"`
	Any        any               `json:"any"`
	Side       Side              `json:"side"`
	Fixed      [4]int            `json:"fixed"`
	From       netip.Addr        `json:"from"`
	Total      *big.Rat          `json:"total"`
	Ops        []*Op             `json:"ops"`
	Parent     *Ledger           `json:"parent"`
	Ratio      float32
	Small      int8
	Level      Level `json:"level"`
	Matrix     [][]float64
	Pointers   *[]string
	Ignored    chan int `json:"-"`
	unexported int
	Dash       string `json:"-,"`
	Odd        string `json:"odd name!"`
	Bad        string `json:"bad\"name"`
}

type Side string

type Level int

type Op struct {
	Kind  string `json:"kind"`
	Inner []*Op  `json:"inner"`
	Up    *Op    `json:"up"`
}

// Hash reads and writes itself as text.
type Hash [32]byte

func (h Hash) MarshalText() ([]byte, error)  { return []byte(fmt.Sprintf("%x", h[:])), nil }
func (h *Hash) UnmarshalText(b []byte) error { return nil }

// Custom has a form of its own.
type Custom struct {
	A int
	B string `json:"b"`
}

func (c *Custom) UnmarshalJSON(b []byte) error { return nil }

// Base is embedded below.
type Base struct {
	ID     string
	Name   string
	Moment string `json:"When"`
}

type other struct {
	ID    string
	Extra int `json:"extra"`
	When  string
}

// Embedding shows how encoding/json promotes: ID of Base and other cancel out,
// Name is hidden, the tag of Moment beats When, Extra comes through an
// unexported struct.
type Embedding struct {
	Base
	other
	Name  string
	Named `json:"named"`
	Side
}

type Named struct{ X int }

// Tagged hides a field of Go by a tag of a deeper one: no selector reaches it.
type Tagged struct {
	Inner
	B string `json:"c"`
}

type Inner struct {
	A string `json:"a"`
	B string `json:"b"`
}

type ViaPointer struct {
	*Inner
	Own int
}

type Quoted struct {
	ID int64 `json:"id,string"`
}

type OmitZero struct {
	At time.Time `json:"at,omitzero"`
}

type Payload = Event[Op]

type Event[T any] struct {
	Type string
	Body T
}

type Holder struct {
	One   Event[Op]
	Two   Payload
	Three []Event[int]
}

// What follows can't be a record.

type Func func()

type Chan struct {
	Events chan int
}

type Deep struct {
	List []Layer
}

type Layer struct {
	Hook func(int) error `json:"hook"`
}

type Face interface{ M() }

type WithFace struct {
	F fmt.Stringer
}

type Complex struct{ C complex128 }

const Constant = 1

var Variable Ledger

func Function() {}

type Text string

type List []Op

type Dict map[string]Op

type Alias = Op

type Pointer = *Op
