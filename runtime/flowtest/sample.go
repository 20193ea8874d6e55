package flowtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// longRecord is the length of a record that is longer than a block of the engine.
const longRecord = 300 << 10

// samples are n records that are easily damaged, each another one: texts without
// line ends, of many lengths.
func samples(from, n int) []string {
	parts := []string{"plain ", "\"quoted\" ", "'single' ", `back\slash \n `, "tab\t", "é 😀 ", "null ", "a,b;c|d ", "<&> ", "%41 ", "$1 ${x} ", "{} [] "}
	out := make([]string, n)
	for i := range out {
		r := rand.New(rand.NewPCG(uint64(from+i), 7))
		var b strings.Builder
		fmt.Fprintf(&b, "record %d: ", from+i)
		for size := r.IntN(60) * r.IntN(60); b.Len() < size; {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		out[i] = strings.TrimSpace(b.String())
	}
	return out
}

// longSample is a record of a length.
func longSample(length int) string {
	return "long " + strings.Repeat("0123456789", length/10+1)[:length-len("long ")]
}
