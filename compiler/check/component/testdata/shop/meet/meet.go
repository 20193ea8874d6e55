// Package meet takes payments in many forms.
package meet

import (
	"context"
	"encoding/json"
	"math/big"
	"net/netip"
	"time"
)

// Three declares three fields.
type Three struct {
	ID     string `json:"id"`
	Amount string `json:"amount"`
	Side   Side   `json:"side"`
}

type Side string

// Untagged has no tags at all.
type Untagged struct {
	Id      string
	BaseURL string
	AMOUNT  json.Number
	At      time.Time
}

// All takes what the language has.
type All struct {
	I    int             `json:"i"`
	I64  int64           `json:"i64"`
	U64  uint64          `json:"u64"`
	F    float64         `json:"f"`
	B    bool            `json:"b"`
	S    string          `json:"s"`
	Data Blob            `json:"data"`
	At   time.Time       `json:"at"`
	Took time.Duration   `json:"took"`
	Raw  json.RawMessage `json:"raw"`
	Any  any             `json:"any"`
	Tags []string        `json:"tags"`
	Who  map[string]int  `json:"who"`
	Lvl  Level           `json:"lvl"`
	IP   netip.Addr      `json:"ip"`
	Base
}

type Base struct {
	Memo *string `json:"memo"`
}

type Blob []byte

type Level int64

// Money is the four ways of a decimal.
type Money struct {
	A string      `json:"a"`
	B json.Number `json:"b"`
	C *Decimal    `json:"c"`
	D big.Rat     `json:"d"`
	E Side        `json:"e"`
}

// Decimal has the Compose of database/sql.
type Decimal struct{ n int64 }

func (*Decimal) Compose(form byte, negative bool, coefficient []byte, exponent int32) error {
	return nil
}
func (Decimal) Decompose(buf []byte) (form byte, negative bool, coefficient []byte, exponent int32) {
	return
}
func (Decimal) MarshalText() ([]byte, error)     { return nil, nil }
func (*Decimal) UnmarshalText(text []byte) error { return nil }

// Nested goes into structs, lists and maps.
type Nested struct {
	Asset  Asset           `json:"asset"`
	Issuer *Asset          `json:"issuer"`
	Legs   []Leg           `json:"legs"`
	Marks  map[string]*Leg `json:"marks"`
	Deep   [][]Side        `json:"deep"`
	Sides  []Side          `json:"sides"`
	Names  Names           `json:"names"`
	More   *[]Leg          `json:"-"`
}

type Names []string

type Asset struct {
	Code   string  `json:"code"`
	Issuer *string `json:"issuer"`
}

type Leg struct {
	Amount json.Number `json:"amount"`
}

// Tree is recursive, as the event's type is.
type Tree struct {
	Name string  `json:"name"`
	Kids []*Tree `json:"kids"`
}

// Wrong fits nothing.
type Wrong struct {
	I      int64          `json:"i"`
	F      float32        `json:"f"`
	Amount float64        `json:"amount"`
	Rough  big.Float      `json:"rough"`
	Memo   string         `json:"memo"`
	S      int            `json:"s"`
	Took   int64          `json:"took"`
	At     string         `json:"at"`
	Custom Custom         `json:"custom"`
	Tags   map[string]int `json:"tags"`
	Asset  WrongAsset     `json:"asset"`
	Legs   []WrongAsset   `json:"legs"`
	Fn     func()         `json:"fn"`
	Cod    *string        `json:"cod"`
	Curr   string         `json:"curr"`
	*Hidden
}

type Hidden struct{ X string }

type Custom struct{ A int }

func (*Custom) UnmarshalJSON([]byte) error { return nil }

type WrongAsset struct {
	Kode string `json:"kode"`
	Code bool   `json:"code"`
}

type Pointed struct {
	*Hidden
	ID string `json:"id"`
}

func TakeThree(Three) bool                 { return true }
func TakeUntagged(*Untagged) bool          { return true }
func TakeAll(All) bool                     { return true }
func TakeMoney(Money) bool                 { return true }
func TakeNested(Nested) bool               { return true }
func TakeTree(Tree) bool                   { return true }
func TakeText(string) bool                 { return true }
func TakeRaw(json.RawMessage) bool         { return true }
func TakePointed(Pointed) bool             { return true }
func TakeCustom(Custom) bool               { return true }
func Store(context.Context, []Three) error { return nil }

// Out is what Make returns, and In what takes it.
type Out struct {
	ID     string        `json:"id"`
	Amount Decimal       `json:"amount"`
	Count  uint32        `json:"count"`
	Name   *string       `json:"name"`
	Level  Level         `json:"level"`
	Legs   []Leg         `json:"legs"`
	When   netip.Addr    `json:"when"`
	Price  json.Number   `json:"price"`
	Cost   string        `json:"cost"`
	Took   time.Duration `json:"took"`
}

type OutIn struct {
	ID    Side          `json:"id"`
	Count uint32        `json:"count"`
	Name  *string       `json:"name"`
	Level int64         `json:"level"`
	Legs  []Leg         `json:"legs"`
	Took  time.Duration `json:"took"`
}

func Make(Three) Out          { return Out{} }
func TakeOut(Out) bool        { return true }
func TakeOutIn(OutIn) bool    { return true }
func TakeWrong(in Wrong) bool { return true }
