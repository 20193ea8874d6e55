package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

type sandboxStartCmd struct {
	Files        []string      `arg:"" optional:"" name:"file" help:"The pipeline, a file of services (flowctl's SandboxServices, or Compose's), or both. Without: what was started last here, else pipeline.yaml." placeholder:"FILE"`
	Pipeline     string        `hidden:"" help:"As in flowctl: the pipeline." placeholder:"FILE"`
	Services     string        `help:"A file of services beside what the pipeline needs." placeholder:"FILE"`
	ServicesOnly bool          `help:"Start the services alone; \"flowc sandbox exec -- flowc run FILE\" runs a pipeline with them."`
	With         []string      `help:"Services beside what the pipeline needs: kafka, nats, postgres, redis, s3." placeholder:"KIND"`
	Without      []string      `help:"Services that are not to be started, because they are elsewhere." placeholder:"NAME"`
	Containers   bool          `help:"Run what a file of services names as it stands there, in containers, also where there is an embedded server for it."`
	Fresh        bool          `help:"Begin anew, without what was kept."`
	Timeout      time.Duration `help:"How long a service may take to become ready, with its image's way here." default:"5m" placeholder:"DURATION"`
	Follow       bool          `short:"f" help:"Print what the sandbox says, until Ctrl-C, which leaves it running."`
	Overlay      []string      `help:"Merge this file over the pipeline." placeholder:"FILE"`
	Env          string        `help:"Merge pipeline.NAME.yaml, beside the pipeline, over it." placeholder:"NAME"`
}

// Run starts a sandbox and waits until it is ready.
func (c *sandboxStartCmd) Run(a *app) error {
	if err := supportedSandbox(); err != nil {
		return err
	}
	if c.Follow && a.format == "json" {
		return usage(errors.New("--format json is one document, and --follow has no end: leave one of them out"))
	}
	if c.Timeout <= 0 {
		return usage(fmt.Errorf("--timeout is %s: it must be more than nothing", c.Timeout))
	}
	made, err := c.make(a)
	if err != nil {
		return err
	}
	f, plan := made.folder, made.plan
	plan.Asked, plan.Patience = digest(plan), int64(c.Timeout)
	server, err := a.buildSandbox(plan)
	if err != nil {
		return err
	}
	var state *sandbox.State
	err = f.Alone(func() error {
		state, err = a.startSandbox(f, made, server, c.Fresh)
		return err
	})
	if err != nil {
		var told *exitError
		if errors.As(err, &told) {
			return err
		}
		return environment(err)
	}
	res := startResult{Folder: plan.Folder, State: state, Env: plan.Env, Notes: made.notes}
	err = a.answer("the sandbox is "+string(state.Phase), res, func(w io.Writer) { res.show(w) })
	if err != nil {
		return err
	}
	if p := state.Program; p != nil && p.Phase == sandbox.Failed {
		return a.programFailed(f, p)
	}
	if !c.Follow {
		return nil
	}
	return followSandbox(a, f, "", true)
}

// programFailed says why the pipeline does not run; the services stay.
func (a *app) programFailed(f sandbox.Folder, p *sandbox.Status) error {
	lines, err := sandboxLines(f, p.Name)
	if err != nil {
		return environment(err)
	}
	const last = 10
	var text strings.Builder
	for _, l := range lines[max(0, len(lines)-last):] {
		text.WriteString("\n  " + l.Text)
	}
	return &exitError{code: exitDied, err: fmt.Errorf("the pipeline %s does not run; the services do. It said last:%s", p.Name, text.String())}
}

// A startResult is what `flowc sandbox start` tells.
type startResult struct {
	Folder string             `json:"folder"`
	State  *sandbox.State     `json:"state"`
	Env    []sandbox.Variable `json:"env"`
	Notes  []string           `json:"notes,omitempty"`
}

func (r startResult) show(w io.Writer) {
	showState(w, r.Folder, r.State)
	showEnv(w, r.Env)
	switch {
	case r.State.Program != nil && r.State.Program.Phase == sandbox.Failed:
	case r.State.Program != nil:
		fmt.Fprintln(w, "next: flowc sandbox logs -f")
	default:
		fmt.Fprintln(w, "next: flowc sandbox exec -- flowc run FILE")
	}
}

// startSandbox starts the process that serves a sandbox, in the place of one with another
// plan. The folder is held.
func (a *app) startSandbox(f sandbox.Folder, made *madePlan, server string, fresh bool) (*sandbox.State, error) {
	plan := made.plan
	before, err := f.Plan()
	if err != nil && !fresh {
		return nil, err
	}
	held, err := f.Held()
	if err != nil {
		return nil, err
	}
	if held {
		state, err := f.State()
		if err != nil {
			return nil, err
		}
		if !fresh && before != nil && before.Asked == plan.Asked && state != nil && state.Phase == sandbox.Ready && alive(state) {
			fmt.Fprintln(a.stderr, "it runs already, as it is to be")
			return state, nil
		}
		fmt.Fprintln(a.stderr, "stopping the sandbox that runs here")
		if err := a.stopSandbox(f, before); err != nil {
			return nil, err
		}
	}
	if fresh {
		if err := a.eraseSandbox(f, plan.ID); err != nil {
			return nil, err
		}
	}
	if err := made.takePorts(before); err != nil {
		return nil, err
	}
	if err := ignored(f); err != nil {
		return nil, err
	}
	if plan.Program != nil {
		if err := keepProgram(f, plan.Program); err != nil {
			return nil, err
		}
	}
	if err := plan.Write(f); err != nil {
		return nil, err
	}
	// What a sandbox before it has said of itself is not to be taken for this one's.
	if err := os.Remove(f.Path("state.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	out, err := os.Create(f.Path("process.log"))
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(server, "-folder", string(f))
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = plan.Folder, out, out, sandbox.Detached()
	cmd.Env = os.Environ()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // its state says how it ended
	}()
	state, err := a.awaitSandbox(f, time.Duration(plan.Patience), ended)
	if err == nil {
		_ = cmd.Process.Release()
		return state, nil
	}
	if a.ctx.Err() != nil { // Ctrl-C while it starts: half a sandbox is of no use
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	}
	return nil, err
}

// alive tells whether all of a sandbox does well.
func alive(s *sandbox.State) bool {
	return !slices.ContainsFunc(s.Services, func(one sandbox.Status) bool { return one.Phase != sandbox.Ready }) && (s.Program == nil || s.Program.Phase == sandbox.Ready)
}

// awaitSandbox waits until a sandbox is ready, and says what it waits for. The sandbox itself
// knows how long a service may take.
func (a *app) awaitSandbox(f sandbox.Folder, bound time.Duration, ended <-chan struct{}) (*sandbox.State, error) {
	said := map[string]bool{}
	over, began := false, time.Now() //nolint:forbidigo // nothing is compiled from it
	waiting := time.NewTicker(patience)
	defer waiting.Stop()
	for {
		s, err := f.State()
		if err != nil {
			return nil, err
		}
		if s != nil {
			for _, one := range s.Services {
				if one.Phase == sandbox.Ready && !said[one.Name] {
					said[one.Name] = true
					text := one.Name + " is ready"
					if one.Address != "" {
						text += " at " + one.Address
					}
					fmt.Fprintln(a.stderr, text)
				}
			}
			switch {
			case s.Phase == sandbox.Ready && settled(s.Program):
				return s, nil
			case over && s.Phase == sandbox.Failed:
				return nil, fmt.Errorf("the sandbox does not start:\n%s", s.Says)
			}
		}
		if over {
			text, _ := os.ReadFile(f.Path("process.log"))
			return nil, fmt.Errorf("the sandbox has ended before it was ready: %s", strings.TrimSpace(string(text)))
		}
		select {
		case <-ended:
			over = true // its last word may not be read yet
		case <-a.ctx.Done():
			return nil, a.ctx.Err()
		case <-waiting.C:
			if s != nil {
				fmt.Fprintf(a.stderr, "waiting for %s, %s of %s (`flowc sandbox logs` has what they say)\n", commas(notReady(s)), time.Since(began).Round(time.Second), bound) //nolint:forbidigo // nothing is compiled from it
			}
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// patience is how often it is said what is waited for.
const patience = 10 * time.Second

// notReady are the services that are waited for, or else the pipeline.
func notReady(s *sandbox.State) (names []string) {
	for _, one := range s.Services {
		if one.Phase != sandbox.Ready {
			name := one.Name
			if one.Says != "" {
				name += " (" + firstLine(one.Says) + ")"
			}
			names = append(names, name)
		}
	}
	if len(names) == 0 && s.Program != nil {
		names = append(names, s.Program.Name)
	}
	return names
}

// settles is how long a pipeline runs before it is taken for one that could start.
const settles = time.Second

// settled tells whether it is known whether a pipeline could start.
func settled(p *sandbox.Status) bool {
	return p == nil || p.Phase == sandbox.Failed || p.Phase == sandbox.Ended || p.Phase == sandbox.Ready && time.Since(p.Since) > settles //nolint:forbidigo // nothing is compiled from it
}

func orWord(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// ignored keeps what lies in .flowc out of the user's repository.
func ignored(f sandbox.Folder) error {
	if err := os.MkdirAll(string(f), 0o755); err != nil {
		return err
	}
	file := f.Path(".gitignore")
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	return os.WriteFile(file, []byte("*\n"), 0o644)
}

// buildSandbox builds the program that serves a sandbox, with the servers that the plan
// needs.
func (a *app) buildSandbox(plan *sandbox.Plan) (string, error) {
	var kinds []string
	for _, s := range plan.Services {
		if s.Kind != sandbox.Container && !slices.Contains(kinds, s.Kind) {
			kinds = append(kinds, s.Kind)
		}
	}
	binary, err := a.buildOwn("sandbox", func(l backends.Layout) ([]backends.File, error) { return golang.EmitSandbox(l, kinds) })
	var told *exitError
	if err != nil && a.ctx.Err() == nil && !errors.As(err, &told) {
		return "", environment(fmt.Errorf("the sandbox's servers can't be built:\n%w", err))
	}
	return binary, err
}

// keepProgram puts the pipeline's binary into the sandbox's folder: it is started again
// after days, when the cache has forgotten it.
func keepProgram(f sandbox.Folder, p *sandbox.Program) error {
	dir := f.Path("program")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	to := filepath.Join(dir, p.Name)
	if os.Link(p.Binary, to) != nil { // another disk
		text, err := os.ReadFile(p.Binary)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, text, 0o755); err != nil {
			return err
		}
	}
	p.Binary = to
	return nil
}
