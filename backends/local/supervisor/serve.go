package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/backends/local/alive"
	"github.com/flowc-dev/flowc/backends/local/live"
	"github.com/flowc-dev/flowc/backends/local/logfile"
)

// errLocked tells that another process has a lock.
var errLocked = errors.New("somebody else has the lock")

// Serve looks after the group of a folder until ctx ends, which stops it in order, or
// until its processes have ended for good. It is what the detached process does that
// [Engine.Put] starts; lookup has the environment of that, the values of secrets too.
func Serve(ctx context.Context, dir string, lookup func(string) (string, bool)) error {
	f := folder(dir)
	held, err := os.OpenFile(f.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer held.Close()
	if err := lockSoon(ctx, held); err != nil {
		return fmt.Errorf("another supervisor looks after %s: %w", dir, err)
	}
	r, digest, err := f.release()
	if err != nil {
		return err
	}
	if r == nil {
		return fmt.Errorf("nothing was applied in %s", dir)
	}
	before, err := f.state()
	if err != nil {
		return err
	}
	log, err := logfile.Open(f.path("log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s := &serving{folder: f, record: r, log: log, lookup: lookup}
	s.state = state{Supervisor: alive.Identify(os.Getpid()), Release: digest, Orphans: before.left(), Salt: newSalt()}
	return s.run(ctx)
}

// lockSoon takes a lock that somebody may still have who was killed: of a process that
// counts as ended, threads are at work for a moment.
func lockSoon(ctx context.Context, f *os.File) error {
	late := time.NewTimer(alive.KillTime)
	defer late.Stop()
	for {
		err := lock(f)
		if !errors.Is(err, errLocked) {
			return err
		}
		select {
		case <-late.C:
			return err
		case <-ctx.Done():
			return err
		case <-time.After(alive.LookEvery):
		}
	}
}

// A serving is a supervisor at work.
type serving struct {
	folder folder
	record *record
	log    *logfile.File
	lookup func(string) (string, bool)

	mu    sync.Mutex
	state state
}

func (s *serving) run(ctx context.Context) error {
	g := &s.record.Group
	secrets := map[string]string{}
	for _, p := range g.Processes {
		for _, name := range p.Secrets {
			if value, ok := s.lookup(name); ok {
				secrets[name] = value
			}
		}
		s.state.Processes = append(s.state.Processes, processState{Name: p.Name, Phase: live.Starting, Since: time.Now()})
	}
	s.state.Digests = digests(s.state.Salt, secrets)
	if err := s.write(); err != nil { // whoever started it waits for that
		return err
	}
	if err := s.endOrphans(ctx); err != nil {
		return err
	}
	if err := link(s.folder.path("credentials"), g); err != nil {
		return err
	}
	if err := bring(s.folder.data(), g); err != nil {
		return err
	}
	group := live.Group{Patient: true, Line: s.log.Put, Changed: s.changed}
	env := base(s.lookup, nil)
	for i := range g.Processes {
		p := &g.Processes[i]
		group.Processes = append(group.Processes, live.Process{
			Name: p.Name, Binary: s.folder.programs().Path(g.Program), Args: p.Args, Dir: s.folder.data(), Grace: p.Stop(),
			Env: environment(env, p, secrets, s.folder.path("credentials")),
		})
	}
	group.Run(ctx, nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Stopped = ctx.Err() != nil
	return s.folder.write("state.json", &s.state)
}

// endOrphans waits for what a supervisor has left that was killed, so that no two copies
// run.
func (s *serving) endOrphans(ctx context.Context) error {
	for _, o := range s.state.Orphans {
		s.log.Put(s.record.Pipeline, fmt.Appendf(nil, "process %d still runs, and its supervisor was killed: waiting for its end", o.PID))
		if err := o.End(ctx, s.record.longest()); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Orphans = nil
	return s.folder.write("state.json", &s.state)
}

// longest is the longest that the end of one process may take.
func (r *record) longest() (d time.Duration) {
	for i := range r.Group.Processes {
		d = max(d, r.Group.Processes[i].Stop())
	}
	return d
}

// changed writes down how a process does. A disk that is full costs those who look the
// news, and the program nothing.
func (s *serving) changed(is live.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.state.Processes, func(p processState) bool { return p.Name == is.Name })
	p := processState{Name: is.Name, Phase: is.Phase, Restarts: is.Restarts, Code: is.Code, Says: is.Says, Since: is.Since}
	if is.PID != 0 {
		if p.Is = s.state.Processes[i].Is; p.Is.PID != is.PID {
			p.Is = alive.Identify(is.PID)
		}
	}
	s.state.Processes[i] = p
	if err := s.folder.write("state.json", &s.state); err != nil {
		s.log.Put(s.record.Pipeline, fmt.Appendf(nil, "how it does can't be written down: %v", err))
	}
}

func (s *serving) write() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.folder.write("state.json", &s.state)
}
