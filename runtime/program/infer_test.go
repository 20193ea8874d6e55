package program

import (
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A column is shown as a type has it, with all that is in it.
func TestColumnLine(t *testing.T) {
	line := flow.Column{Type: "struct", Parts: []flow.Column{{Name: "sku", Type: "string"}, {Name: "n", Type: "int", Optional: true}}}
	for _, c := range []struct {
		column flow.Column
		want   string
	}{
		{flow.Column{Name: "id", Type: "int64"}, "id: int64"},
		{flow.Column{Name: "side", Type: "enum", Values: []string{"buy", "sell"}, Note: "so\nit is"}, "side: enum of buy, sell  # so it is"},
		{flow.Column{Name: "lines", Type: "list", Optional: true, Parts: []flow.Column{line}}, "lines?: [{sku: string, n?: int}]"},
		{flow.Column{Name: "by", Type: "map", Parts: []flow.Column{{Type: "list", Parts: []flow.Column{{Type: "time"}}}}}, "by: map of [time]"},
	} {
		if got := columnLine(c.column); got != c.want {
			t.Errorf("%s, not %s", got, c.want)
		}
	}
}
