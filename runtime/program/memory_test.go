package program

import (
	"context"
	"io"
	"runtime/debug"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// The collector is kept below the compiler's bound, unless the user says
// otherwise or a size is larger than it was computed for.
func TestMemoryLimit(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	const bound, limit = 400 << 20, 300 << 20
	for name, test := range map[string]struct {
		set  []string
		env  map[string]string
		want int64
	}{
		"as compiled": {nil, nil, limit},
		"smaller":     {[]string{"--set", "in.config.max_record=1MiB"}, nil, limit},
		"larger":      {[]string{"--set", "in.config.max_record=17MiB"}, nil, before},
		"no size":     {[]string{"--set", "in.config.count=1000000000"}, nil, limit},
		"outside":     {nil, map[string]string{"BLOCK": "2KiB"}, before},
		"the user's":  {nil, map[string]string{"GOMEMLIMIT": "1GiB"}, before},
		"smallest":    {[]string{"--set", "in.config.bound=1"}, nil, smallestMemory},
	} {
		debug.SetMemoryLimit(before)
		record, block, count, memory := int64(16<<20), 1<<10, 3, int64(bound)
		s := &Spec{
			Name: "p",
			Settings: []Setting{
				{Key: "in.config.max_record", Set: Bytes(&record)},
				{Key: "in.config.block", Set: Bytes(&block)},
				{Key: "in.config.count", Set: Int(&count)},
				{Key: "in.config.bound", Set: Int64(&memory)},
			},
			Refs: []Ref{{Key: "in.config.block", Set: Bytes(&block), Parts: []Part{EnvOr("BLOCK", "1KiB")}}},
			New:  func() (*flow.Program, error) { return flow.New(flow.Info{Name: "p", Memory: memory}), nil },
		}
		p := process{
			spec: s, stdout: io.Discard, stderr: io.Discard, signals: nil, exit: func(int) {},
			env: environment{
				lookup:   func(name string) (string, bool) { v, ok := test.env[name]; return v, ok },
				readFile: nil,
			},
		}
		p.main(context.Background(), test.set)
		if got := debug.SetMemoryLimit(-1); got != test.want {
			t.Errorf("%s: the limit is %d, want %d", name, got, test.want)
		}
	}
}
