package flow

import (
	"errors"
	"testing"
)

// headerError is what a decoder says of a table whose header is wrong: no record
// of the batch can be read.
type headerError struct{}

func (headerError) Error() string { return "wrong header" }
func (headerError) Fatal() bool   { return true }

// A batch that can't be decoded at all is its sender's affair, where one waits:
// the requests of others go on. Where nobody waits, or the pipeline says stop,
// it ends the program.
func TestFatalInTheSourceOfASender(t *testing.T) {
	for _, tc := range []struct {
		name  string
		then  Then
		waits bool
		node  int
		ends  bool
	}{
		{"reject", Reject, true, nodeIn, false},
		{"dead letter", Dead, true, nodeIn, false},
		{"stop", Stop, true, nodeIn, true},
		{"nobody waits", Dead, false, nodeIn, true},
		{"another node", Reject, true, nodeWork, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			noLeaks(t)
			a := newAnswers(t)
			source := newLines(2, "1", "2", "wrong", "4", "5", "6")
			if tc.waits {
				source.done = a.done
			}
			sink := &memorySink{}
			k := newOne(source, sink, oneOptions{nodes: then(tc.node, tc.then), source: SourceOptions{Answers: tc.waits}, loop: func(l *lineLoop) {
				l.node = tc.node
				l.per = func(line []byte) error {
					if string(line) == "wrong" {
						return headerError{}
					}
					return nil
				}
			}})
			k.p.regions[0].o.Lanes = 1
			_, err := run(t, k.p, RunOptions{})
			if (err != nil) != tc.ends {
				t.Fatalf("the program ended with %v", err)
			}
			if tc.ends {
				return
			}
			equalLines(t, sink.lines(), []string{"1", "2", "5", "6"})
			var e *RecordError
			if !errors.As(a.errs[1], &e) || e.Then != Reject || e.Class != Fatal || a.errs[0] != nil || a.errs[2] != nil {
				t.Errorf("answers %v", a.errs)
			}
		})
	}
}
