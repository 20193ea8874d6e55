package supervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local"
	"github.com/flowc-dev/flowc/backends/local/alive"
)

// Try has the program check what it is given: its settings, secrets and files of secrets.
// It connects to nothing and writes nothing.
func (e *Engine) Try(ctx context.Context, want *deploy.Release) error {
	rec, err := recordOf(want)
	if err != nil {
		return err
	}
	g := &rec.Group
	refused := func(why error) error {
		return &deploy.Refused{Why: fmt.Sprintf("%s %s can't start, and what runs was not touched:\n%v", want.ID, want.Hash, why)}
	}
	as, err := accountOf(g.User, g.Group)
	if err != nil {
		return refused(err)
	}
	if err := reachable(g); err != nil {
		return refused(err)
	}
	secrets, err := e.secrets(g, want.Secrets)
	if err != nil {
		return refused(err)
	}
	tmp, err := os.MkdirTemp("", "flowc-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	credentials := filepath.Join(tmp, "credentials")
	if err := link(credentials, g); err != nil {
		return err
	}
	for _, path := range []string{tmp, credentials} {
		if is(path) {
			if err := as.own(path); err != nil {
				return err
			}
		}
	}
	f := e.folder(want.ID)
	dir := tmp
	if is(f.data()) {
		dir = f.data()
	}
	for i := range g.Processes {
		p := &g.Processes[i]
		if err := check(ctx, f.programs().Path(g.Program), p, dir, environment(base(e.Lookup, as), p, secrets, credentials), as); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return refused(err)
		}
	}
	return nil
}

// check runs the program's own check. Its error is what that says.
func check(ctx context.Context, binary string, p *local.Process, dir string, env []string, as *account) error {
	cmd := exec.CommandContext(ctx, binary, append(append([]string(nil), p.Args...), "check")...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, env, attributes(as)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if said := strings.TrimSpace(out.String()); err != nil && said != "" {
		return errors.New(said)
	}
	return err
}

// Put stops what runs in order, and starts a supervisor with the release.
func (e *Engine) Put(ctx context.Context, want *deploy.Release, seen string) error {
	rec, err := recordOf(want)
	if err != nil {
		return err
	}
	return e.exclusively(want.ID, func(f folder) error {
		if seen != "" {
			if now, err := f.seen(); err != nil || now != seen {
				return errors.Join(err, deploy.ErrChanged)
			}
		}
		secrets, err := e.secrets(&rec.Group, want.Secrets)
		if err != nil {
			return err
		}
		as, err := accountOf(rec.Group.User, rec.Group.Group)
		if err != nil {
			return err
		}
		if err := f.stop(ctx); err != nil {
			return err
		}
		if err := os.MkdirAll(f.data(), 0o700); err != nil {
			return err
		}
		for _, path := range []string{string(f), f.data()} {
			if err := as.own(path); err != nil {
				return err
			}
		}
		if err := f.write("release.json", rec); err != nil {
			return err
		}
		if err := as.own(f.path("release.json")); err != nil {
			return err
		}
		return e.start(ctx, f, secrets, as)
	})
}

// stop ends the supervisor of a folder, which ends its processes in order. One that does
// not end is killed; what is left then, as behind one that somebody else has killed, is
// the next one's to wait for.
func (f folder) stop(ctx context.Context) error {
	s, err := f.state()
	if err != nil || !s.Supervisor.Alive() {
		return err
	}
	grace, err := f.grace()
	if err != nil {
		return err
	}
	return s.Supervisor.End(ctx, grace)
}

// clear is stop where nothing comes next: it ends what is left, too.
func (f folder) clear(ctx context.Context) error {
	if err := f.stop(ctx); err != nil {
		return err
	}
	s, err := f.state()
	if err != nil {
		return err
	}
	grace, err := f.grace()
	if err != nil {
		return err
	}
	for _, p := range s.left() {
		if err := p.End(ctx, grace); err != nil {
			return err
		}
	}
	return nil
}

// grace is how long the end of all that runs may take.
func (f folder) grace() (time.Duration, error) {
	r, _, err := f.release()
	if err != nil || r == nil {
		return margin, err
	}
	grace := margin
	for i := range r.Group.Processes {
		grace += r.Group.Processes[i].Stop()
	}
	return grace, nil
}

// margin is what a supervisor may take besides the stops of its processes.
const margin = 10 * time.Second

// start leaves a supervisor behind, and comes back when it has begun.
func (e *Engine) start(ctx context.Context, f folder, secrets map[string]string, as *account) error {
	log, err := os.Create(f.path("supervisor.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	if err := errors.Join(as.own(log.Name()), log.Chmod(0o600)); err != nil {
		return err
	}
	cmd := exec.Command(e.Command[0], append(append([]string(nil), e.Command[1:]...), string(f))...)
	cmd.Args[0] = "flowc"
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = string(f), log, log, detached(as)
	cmd.Env = base(e.Lookup, as)
	for name, value := range secrets {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("the supervisor can't be started: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		s, err := f.state()
		if err == nil && s.Supervisor.PID == cmd.Process.Pid {
			return nil
		}
		select {
		case err := <-ended:
			if s, serr := f.state(); serr == nil && s.Supervisor.PID == cmd.Process.Pid {
				return nil // it has begun, and has ended since
			}
			said, _ := os.ReadFile(f.path("supervisor.log"))
			return fmt.Errorf("the supervisor ended (%w): %s", errors.Join(err, errEnded), strings.TrimSpace(string(said)))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(alive.LookEvery):
		}
	}
}

var errEnded = errors.New("before it had begun")
