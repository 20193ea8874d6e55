package flowtest

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A fakeServer is what the fakes read from and write to.
type fakeServer struct {
	mu   sync.Mutex
	log  []string // what was fed, or what can be seen
	away bool
	dead chan struct{} // closed at the end of the test
	// acked is how far a source has acknowledged, pruned what is not there any more.
	acked, pruned int
	// generation and checkpoint are what a transactional sink has committed.
	generation uint64
	checkpoint string
	published  bool
}

func newFakeServer(t testing.TB) *fakeServer {
	f := &fakeServer{dead: make(chan struct{})}
	t.Cleanup(func() { close(f.dead) })
	return f
}

func (f *fakeServer) goAway(away bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = away
}

// A goneError is one of a server that is away.
type goneError struct{}

func (goneError) Error() string     { return "nobody answers" }
func (goneError) Unavailable() bool { return true }

// errPlain tells nobody that the server is away.
var errPlain = errors.New("something is wrong")

// awayError is what a fake says of a server that is away.
func awayError(plain bool) error {
	if plain {
		return errPlain
	}
	return goneError{}
}

// A fake is a connector that breaks one promise.
type fake struct {
	// breaks names how, "" for none; check is the check that must find it.
	breaks, check string
	// hangs tells that it is found by something that never returns.
	hangs bool
	// variant is endless, published, or none.
	variant string
}

// expectFailures runs all checks on a fake: the one that it breaks must fail, and no
// other.
func expectFailures[W any](t *testing.T, k fake, checks []check[W], makeWorld func(testing.TB) W) (skipped []string) {
	t.Helper()
	for _, c := range checks {
		wait := patience
		if k.hangs && c.name == k.check {
			wait = 300 * time.Millisecond
		}
		problems, ok := try(t, c, makeWorld, wait)
		switch {
		case !ok:
			skipped = append(skipped, c.name)
			if c.name == k.check {
				t.Errorf("%q is not found: %s does not apply", k.breaks, c.name)
			}
		case c.name == k.check && len(problems) == 0:
			t.Errorf("%q is not found by %s", k.breaks, c.name)
		case c.name != k.check && len(problems) > 0:
			t.Errorf("%q is found by %s:\n%s", k.breaks, c.name, strings.Join(problems, "\n"))
		case len(problems) > 0:
			t.Logf("%s: %s", c.name, problems[0])
		}
	}
	return skipped
}

// checked fails the test where a check has no fake that fails it.
func checked[W any](t *testing.T, checks []check[W], fakes []fake) {
	t.Helper()
	for _, c := range checks {
		if !slices.ContainsFunc(fakes, func(k fake) bool { return k.check == c.name }) {
			t.Errorf("no fake fails %s", c.name)
		}
	}
}
