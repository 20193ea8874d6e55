package flow

import "testing"

// A program whose records are done is not ready, unless something beside them goes on.
func TestGoesOn(t *testing.T) {
	noLeaks(t)
	p := newOne(newLines(3, numbers(0, 10)...), &joinedSink{}, oneOptions{}).p
	if _, err := run(t, p, RunOptions{StateDir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	if err := p.Ready(t.Context()); err == nil || err.Error() != "ended" {
		t.Errorf("a program that has ended says %v", err)
	}
	p.GoesOn()
	if err := p.Ready(t.Context()); err != nil {
		t.Errorf("one that goes on says %v", err)
	}
}
