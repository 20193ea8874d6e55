package flow

import (
	"context"
	"io"
	"strings"
	"testing"
)

// aheadSource has always read further than it has handed on.
type aheadSource struct {
	*linesSource
	ahead []string
	fails bool
}

func (s *aheadSource) Drain(b *Batch) error {
	if s.fails {
		panic("drain")
	}
	if len(s.ahead) == 0 {
		return io.EOF
	}
	b.Data = append(b.Data, s.ahead[0]+"\n"...)
	s.ahead = s.ahead[1:]
	return nil
}

// What a source has taken is handled when the program is told to stop.
func TestDrainer(t *testing.T) {
	for _, tc := range []struct {
		name  string
		busy  bool // the program is told to stop while a batch is handled
		fails bool
		want  string
	}{{"waiting", false, false, "1 2 3 4"}, {"busy", true, false, "1 2 3 4"}, {"failing", false, true, "1 2"}} {
		t.Run(tc.name, func(t *testing.T) {
			noLeaks(t)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			source := &aheadSource{linesSource: newLines(1, "1", "2"), ahead: []string{"3", "4"}, fails: tc.fails}
			source.endless = true
			source.wait = func(_ context.Context, n int) error {
				if n == 2 && !tc.busy {
					cancel()
				}
				return nil
			}
			sink := &memorySink{}
			k := newOne(source, sink, oneOptions{loop: func(l *lineLoop) {
				l.per = func(line []byte) error {
					if string(line) == "2" && tc.busy {
						cancel()
					}
					return nil
				}
			}})
			r, err := runCtx(ctx, t, k.p, RunOptions{})
			if err != nil || r.Ending != Drained {
				t.Fatal(r.Ending, err)
			}
			equalLines(t, sink.lines(), strings.Fields(tc.want))
		})
	}
}
