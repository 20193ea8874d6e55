package kafka

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A source knows what waits as soon as something of it came, and that nothing does when it
// has read all; so does a member of a group.
func TestLag(t *testing.T) {
	for _, group := range []string{"", "g"} {
		f := newFixture(t, kfake.SeedTopics(1, "t"))
		large := strings.Repeat("x", 600<<10) // so that not all of them are in one answer
		const all = 5
		f.produce("t", 0, large, large, large, large, large)
		s := f.source(SourceConfig{Topics: []string{"t"}, Group: group}, nil)
		behind := s.(flow.Lagging)
		if n, known := behind.Lag(); known {
			t.Errorf("group %q: before anything is read it is %d behind", group, n)
		}
		for n := 0; n < all; {
			got, _, _ := read(t, s, 1)
			n += len(strings.Fields(got["t/0"]))
			if lag, known := behind.Lag(); !known || lag != int64(all-n) {
				t.Errorf("group %q: with %d of %d read it is %d behind (%v)", group, n, all, lag, known)
			}
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// What waits in a partition that is another member's by now does not count.
func TestLagForgets(t *testing.T) {
	var l lag
	mine, others := partition{"t", 0}, partition{"t", 1}
	l.came(mine, 10, 4)
	l.came(others, 100, 0)
	if n, known := l.messages(); n != 106 || !known {
		t.Error(n, known)
	}
	l.forget(func(p partition) bool { return p == others })
	l.read(others, 50)
	l.read(mine, 8)
	if n, known := l.messages(); n != 2 || !known {
		t.Error(n, known)
	}
	l.came(mine, 20, 10)
	if n, _ := l.messages(); n != 12 {
		t.Errorf("what came is not read yet, and %d wait", n)
	}
}
