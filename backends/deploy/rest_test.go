package deploy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// A restart is waited for as an apply is; one that does not become ready is left, and told
// of with what it said.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := running()
		var said []string
		run, err := deploy.Restart(t.Context(), e, "shop/orders", deploy.Options{Progress: func(text string) { said = append(said, text) }})
		if err != nil || run.State() != deploy.Ready || !slices.Equal(e.did, []string{"restart shop/orders"}) {
			t.Errorf("%v, %+v, %q", err, run, e.did)
		}
		if all := strings.Join(said, "\n"); !strings.Contains(all, "shop/orders: starting it again") || !strings.HasSuffix(all, "ready") {
			t.Error(all)
		}

		e.runs = release("bad", service)
		e.states = ready(func(second int) []deploy.Instance { return one(deploy.Dying, 5+second, 2) })
		_, err = deploy.Restart(t.Context(), e, "shop/orders", deploy.Options{})
		var failed *deploy.FailedError
		if !errors.As(err, &failed) || !failed.Died || failed.Result() != deploy.Unchanged {
			t.Fatalf("%v", err)
		}
		for _, part := range []string{"one ends with exit code 2", "one | it hurts", "it was started again as it was, and is left so"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q is not in\n%v", part, err)
			}
		}

		e.putErr = errors.New("no")
		if _, err := deploy.Restart(t.Context(), e, "shop/orders", deploy.Options{}); err != e.putErr {
			t.Error(err)
		}
	})
}

// A run that has ended by itself is waited for no longer.
func TestRestartEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := running()
		e.states = func(string, int) []deploy.Instance { return one(deploy.Ended, 0, 0) }
		if run, err := deploy.Restart(t.Context(), e, "shop/orders", deploy.Options{}); err != nil || run.State() != deploy.Ended {
			t.Error(run, err)
		}
	})
}

func TestStop(t *testing.T) {
	e := running()
	run, err := deploy.Stop(t.Context(), e, "shop/orders", deploy.Options{})
	if err != nil || run.State() != deploy.Stopped || !slices.Equal(e.did, []string{"stop shop/orders"}) {
		t.Errorf("%v, %+v, %q", err, run, e.did)
	}
}
