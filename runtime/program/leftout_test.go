package program

import (
	"errors"
	"os"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A command that uses a part of a program gets it without the rest; a component that
// can't be made without its config is asked for like any other value.
func TestWithout(t *testing.T) {
	var dsn, token string
	var made func() (*flow.Program, error)
	newProcess := func() *process {
		left := flow.LeftOut{}
		p := &process{env: environment{func(string) (string, bool) { return "", false }, os.ReadFile}, spec: &Spec{
			LeftOut: left,
			Refs: []Ref{
				{Key: "rows.config.dsn", Node: "rows", Place: "p.yaml:3", Set: String(&dsn), Parts: []Part{Env("DSN")}},
				{Key: "score.config.token", Place: "p.yaml:9", Set: String(&token), Parts: []Part{Env("TOKEN")}},
			},
			New: func() (*flow.Program, error) {
				if !left["rows"] || len(left) != 1 {
					t.Errorf("left out is %v", left)
				}
				return made()
			},
		}}
		var err error
		if p.missing, err = resolveSome(p.spec, p.env, nil); err != nil {
			t.Fatal(err)
		}
		return p
	}
	const noRows = "p.yaml:3: rows.config.dsn: the environment variable DSN is not set"
	const noToken = "p.yaml:9: score.config.token: the environment variable TOKEN is not set"

	made = func() (*flow.Program, error) { return flow.New(flow.Info{}), nil }
	p := newProcess()
	if program, err := p.without(); program == nil || err != nil {
		t.Fatal(program, err)
	}
	if err := p.needs("other", ""); err != nil {
		t.Errorf("what nobody uses is asked for: %v", err)
	}
	if err := p.needs("rows"); err == nil || err.Error() != noRows || exitCode(nil, err, nil) != exitEnvironment {
		t.Errorf("%v, exit code %d", err, exitCode(nil, err, nil))
	}

	made = func() (*flow.Program, error) { panic("no token") }
	if _, err := newProcess().without(); err == nil || err.Error() != noRows+"\n"+noToken {
		t.Errorf("a component that panics without its config: %v", err)
	}
	broken := errors.New("other.yaml:1: no such table")
	made = func() (*flow.Program, error) { return nil, broken }
	if _, err := newProcess().without(); !errors.Is(err, broken) {
		t.Errorf("an error that has another reason: %v", err)
	}
}
