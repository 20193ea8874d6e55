package ingest

import (
	"bytes"
	"encoding/json"
	"os"

	"github.com/flowc-dev/flowc/bench/internal/data"
)

// lines tells how many lines the output has for the first n requests: the events are
// sent in the order of the file, again and again.
func (m material) lines(n int) int {
	events := len(m.passed) - 1
	return n/events*m.passed[events] + m.passed[n%events]
}

// passed counts, for each number of first events of input, those that are in the
// expected result, by their ids.
func passed(input, expected string) ([]int, error) {
	kept := map[string]bool{}
	if err := eachID(expected, func(id string) { kept[id] = true }); err != nil {
		return nil, err
	}
	counts := []int{0}
	err := eachID(input, func(id string) {
		n := counts[len(counts)-1]
		if kept[id] {
			n++
		}
		counts = append(counts, n)
	})
	return counts, err
}

func eachID(path string, fn func(id string)) error {
	return data.Lines(path, func(line []byte) error {
		var event struct{ ID string }
		if err := json.Unmarshal(line, &event); err != nil {
			return err
		}
		fn(event.ID)
		return nil
	})
}

func countLines(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	b := make([]byte, 1<<18)
	for count := 0; ; {
		n, err := f.Read(b)
		count += bytes.Count(b[:n], []byte{'\n'})
		if n == 0 && err != nil {
			return count, nil
		}
	}
}
