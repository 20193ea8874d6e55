// Package model has a type that reads itself from JSON.
package model

import (
	"encoding/json"
	"fmt"
)

// A Point is [x, y] in JSON.
type Point struct{ x, y int }

func (p *Point) UnmarshalJSON(data []byte) error {
	var xy []int
	if err := json.Unmarshal(data, &xy); err != nil {
		return err
	}
	if len(xy) != 2 {
		return fmt.Errorf("a point has 2 coordinates, not %d", len(xy))
	}
	p.x, p.y = xy[0], xy[1]
	return nil
}

func (p Point) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "[%d,%d]", p.x, p.y), nil }

// Sum adds the coordinates.
func (p Point) Sum() int { return p.x + p.y }
