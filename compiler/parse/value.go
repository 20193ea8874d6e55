package parse

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Value returns a node as a plain Go value, for a schema to look at: nil,
// bool, int64, *big.Int (an integer beyond int64), float64, string, []any or
// map[string]any.
func Value(n *Node) any {
	if n == nil {
		return nil
	}
	switch n.Kind {
	case Bool:
		return strings.EqualFold(n.Text, "true")
	case Int:
		return intValue(n.Text)
	case Float:
		return floatValue(n.Text)
	case String:
		return n.Text
	case Sequence:
		items := make([]any, len(n.Items))
		for i, item := range n.Items {
			items[i] = Value(item)
		}
		return items
	case Mapping:
		members := make(map[string]any, len(n.Members))
		for _, m := range n.Members {
			members[m.Key.Text] = Value(m.Value)
		}
		return members
	}
	return nil
}

// Digits are the digits of a whole number as YAML writes it (+12, 0x1f, 0o17), a
// minus sign included, and their base.
func Digits(text string) (digits string, base int) {
	text = strings.TrimPrefix(text, "+")
	switch {
	case strings.HasPrefix(text, "0x"):
		return text[2:], 16
	case strings.HasPrefix(text, "0o"):
		return text[2:], 8
	}
	return text, 10
}

func intValue(text string) any {
	digits, base := Digits(text)
	if v, err := strconv.ParseInt(digits, base, 64); err == nil {
		return v
	}
	if v, ok := new(big.Int).SetString(digits, base); ok {
		return v
	}
	return text // not a number after all: no kind Int has such a text
}

func floatValue(text string) any {
	switch strings.ToLower(text) {
	case ".inf", "+.inf":
		return math.Inf(1)
	case "-.inf":
		return math.Inf(-1)
	case ".nan":
		return math.NaN()
	}
	v, _ := strconv.ParseFloat(text, 64) // out of range gives ±Inf
	return v
}
