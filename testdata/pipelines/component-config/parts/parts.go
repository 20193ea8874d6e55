// Package parts has a component whose config holds a field of each kind.
package parts

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"
)

// Mode is a string by another name.
type Mode string

// Level reads itself from text.
type Level int

// UnmarshalText reads low or high.
func (l *Level) UnmarshalText(text []byte) error {
	switch string(text) {
	case "low":
		*l = 1
	case "high":
		*l = 2
	default:
		return fmt.Errorf("%s is no level", text)
	}
	return nil
}

// Span reads itself from JSON: [from, to].
type Span struct{ from, to int }

// UnmarshalJSON reads two numbers.
func (s *Span) UnmarshalJSON(data []byte) error {
	var both [2]int
	err := json.Unmarshal(data, &both)
	s.from, s.to = both[0], both[1]
	return err
}

// Base is embedded.
type Base struct{ Region string }

// TLS is a struct below.
type TLS struct {
	CA       string `json:"ca"`
	Insecure bool
}

// Rule stands in lists and maps.
type Rule struct {
	Base
	Name string `json:"name"`
	Max  *int   `json:"max"`
	Tags []Mode
}

// Config has a field of each kind.
type Config struct {
	Base
	Night   []int
	Weights map[string]float64
	Mode    Mode
	Small   uint8
	Ratio   float32
	Note    *string
	Limit   *int
	TLS     TLS  `json:"tls"`
	Other   *TLS `json:"other"`
	Rules   []Rule
	ByName  map[string]Rule
	Waits   []time.Duration
	Wait    time.Duration
	Since   time.Time
	Any     any
	Raw     json.RawMessage
	Matrix  [][]int
	Level   Level
	Levels  map[string]Level
	Span    Span
	Unset   *TLS
}

// Line is what the source gives.
type Line struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Show gives the config back, a line a field.
func Show(c Config) func(context.Context) iter.Seq2[Line, error] {
	return func(context.Context) iter.Seq2[Line, error] {
		return func(yield func(Line, error) bool) {
			for _, l := range []Line{
				{"region", c.Region}, {"night", fmt.Sprint(c.Night)}, {"weights", fmt.Sprint(c.Weights)}, {"mode", string(c.Mode)},
				{"small", strconv.Itoa(int(c.Small))}, {"ratio", fmt.Sprint(c.Ratio)}, {"note", *c.Note}, {"limit", strconv.Itoa(*c.Limit)},
				{"tls", fmt.Sprintf("%+v", c.TLS)}, {"other", fmt.Sprintf("%+v", *c.Other)}, {"rules", rules(c.Rules...)}, {"by_name", rules(c.ByName["k"])},
				{"waits", fmt.Sprint(c.Waits)}, {"wait", c.Wait.String()}, {"since", c.Since.Format(time.RFC3339)}, {"any", fmt.Sprint(c.Any)},
				{"raw", string(c.Raw)}, {"matrix", fmt.Sprint(c.Matrix)}, {"level", strconv.Itoa(int(c.Level))}, {"levels", fmt.Sprint(c.Levels)},
				{"span", fmt.Sprint(c.Span.from, c.Span.to)}, {"unset", fmt.Sprint(c.Unset == nil)},
			} {
				if !yield(l, nil) {
					return
				}
			}
		}
	}
}

func rules(all ...Rule) string {
	var out []string
	for _, r := range all {
		limit := "none"
		if r.Max != nil {
			limit = strconv.Itoa(*r.Max)
		}
		out = append(out, fmt.Sprint(r.Region, "/", r.Name, "/", limit, "/", r.Tags))
	}
	return strings.Join(out, " ")
}
