package program

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
	"github.com/flowc-dev/flowc/runtime/shares"
)

// A host starts a process for each part of an elastic process that it holds. Which those
// are it settles with the other hosts (see package shares); what the processes do is
// their own: each is the same as if it had been started by hand with --replica.
type host struct {
	p     *process
	part  *Process
	o     *options
	set   []assignment
	log   *slog.Logger
	grace time.Duration
	// stderr is the log of all processes.
	stderr sharedWriter

	member   *shares.Member
	backlogs *backlogs
	// forgotten are the parts whose checkpoints are, and done those that are through.
	// These are the loop's alone.
	forgotten, done map[int]bool
	code            int // of processes that did not end as told
	idle            int // looks in a row at which parts had nobody
	told            bool

	mu     sync.Mutex
	shares map[int]*share
	view   *shares.View // the last one, nil before there is any
	away   error        // why there is no newer one
	leaves bool         // it was told to end
}

// How often a host looks, and how long a look may take. With many hosts each looks less
// often: all of them write one cell.
const (
	lookEvery   = time.Second
	lookEach    = 30 * time.Millisecond
	lookTimeout = 10 * time.Second
	leaveTime   = 5 * time.Second
	hostMargin  = 2 * time.Second
)

// runHost is the run of a host.
func runHost(ctx context.Context, p *process, part *Process, o *options) int {
	set, err := collect(p.spec.Name, p.env, o.setFiles, o.set)
	if err == nil {
		err = resolve(p.spec, p.env, set)
	}
	if err != nil {
		return p.fail(err)
	}
	program, err := p.spec.New()
	if err != nil {
		return p.fail(&environmentError{err})
	}
	cells, err := program.Outside()
	if err != nil {
		return p.fail(&environmentError{err})
	}
	t := p.telemetry(o)
	h := &host{
		p: p, part: part, o: o, set: set, shares: map[int]*share{}, forgotten: map[int]bool{}, done: map[int]bool{},
		stderr: sharedWriter{w: p.stderr}, grace: drainOf(program) + hostMargin, backlogs: newBacklogs(program.Backlogs()),
	}
	h.log = newLogger(&h.stderr, t.Log, t.Level, p.terminal).With("process", p.spec.Name)
	slog.SetDefault(h.log)
	defer h.backlogs.close()
	p.listing.serve(h)
	if t.HTTP != "" {
		stop, err := listen(t.HTTP, h)
		if err != nil {
			return p.fail(&environmentError{fmt.Errorf("telemetry.http: %w", err)})
		}
		defer stop()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan struct{})
	defer close(over)
	supervisor := newNotifier(p.env, h.log)
	go h.obey(cancel, supervisor, over)
	var followed sync.WaitGroup
	followed.Go(func() { supervisor.follow(ctx, h.ready, h.alive) })
	err = h.run(ctx, cells)
	cancel()
	followed.Wait()
	return h.end(err)
}

// drainOf is how long an ordered stop of a program may take.
func drainOf(p *flow.Program) time.Duration {
	if d := p.Info().Drain; d > 0 {
		return d
	}
	return flow.DefaultDrain
}

// obey ends the host in order at the first signal, and all of its processes at once at
// the second.
func (h *host) obey(cancel func(), supervisor *notifier, over <-chan struct{}) {
	for first := true; ; first = false {
		select {
		case <-over:
			return
		case s := <-h.p.signals:
			if first {
				supervisor.stopping()
				cancel()
				continue
			}
			h.killAll()
			h.p.exit(exitOfSignal(s))
		}
	}
}

func (h *host) killAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.shares {
		if !isClosed(s.kill) {
			close(s.kill)
		}
	}
	for _, s := range h.shares {
		s.mu.Lock()
		if s.child != nil {
			s.child.kill()
		}
		s.mu.Unlock()
	}
}

// run looks after the parts until all are done, or ctx ends.
func (h *host) run(ctx context.Context, cells flow.Cells) error {
	if err := h.open(ctx, cells); err != nil || isOver(ctx) {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
		defer cancel()
		_ = cells.Close(ctx)
	}()
	h.member = shares.NewMember(shares.Options{Who: flow.WhoAmI(), Cells: cells, Parts: h.part.Replicas, Most: h.part.most(), Anew: h.o.fresh})
	h.log.Info("a host begins", "parts", h.part.Replicas, "most", h.part.most(), "path", cells.Where())
	complete, failed := h.work(ctx)
	h.leave(complete)
	return failed
}

// isOver tells whether the host is to end.
func isOver(ctx context.Context) bool { return ctx.Err() != nil }

// open connects to the cells, and waits for a server that is away.
func (h *host) open(ctx context.Context, cells flow.Cells) error {
	for pause := firstPause; ; pause = min(2*pause, lookTimeout) {
		one, cancel := context.WithTimeout(ctx, lookTimeout)
		err := cells.Open(one, h.p.spec.Name)
		cancel()
		switch {
		case err == nil:
			return nil
		case isOver(ctx): // nothing was begun
			return nil
		case flow.ClassOf(err) != flow.Transient && !errors.Is(err, context.DeadlineExceeded):
			return &environmentError{fmt.Errorf("%s: %w", cells.Where(), err)}
		}
		h.missed(err)
		wait(ctx, pause)
	}
}

// work holds parts until all are done, ctx ends, or a process can't be kept alive.
func (h *host) work(ctx context.Context) (complete bool, failed error) {
	for {
		if failed := h.gather(); failed != nil {
			return false, failed
		}
		if isOver(ctx) {
			return false, nil
		}
		view, err := h.look(ctx)
		switch {
		case err != nil:
			return false, err
		case view != nil && view.Complete:
			return true, nil
		case view != nil:
			h.apply(view)
		}
		h.pause(ctx)
	}
}

// pause waits until the next look, or until a process has ended.
func (h *host) pause(ctx context.Context) {
	h.mu.Lock()
	every := lookEvery
	if h.view != nil {
		every = max(every, time.Duration(h.view.Hosts)*lookEach)
	}
	list := slices.Collect(maps.Values(h.shares))
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, every-every/10+rand.N(every/5))
	defer cancel()
	for _, s := range list {
		go func() {
			select {
			case <-s.over:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	<-ctx.Done()
}

// gather notes what has ended since the last look.
func (h *host) gather() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, s := range h.shares {
		if !isClosed(s.over) {
			continue
		}
		delete(h.shares, i)
		switch {
		case s.failed != nil:
			return s.failed
		case s.done:
			h.done[i] = true
			h.log.Info("a copy is through", "copy", i)
		case s.forgot:
			h.forgotten[i] = true
		}
	}
	return nil
}

// has is what the host has of parts.
func (h *host) has() map[int]shares.State {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[int]shares.State{}
	for i := range h.part.Replicas {
		s := shares.State{Runs: h.shares[i] != nil, Done: h.done[i], Forgotten: h.forgotten[i]}
		if s != (shares.State{}) {
			all[i] = s
		}
	}
	return all
}

// look settles with the others who holds what. A store that is away changes nothing:
// the processes have their own claims, and lose those first.
func (h *host) look(ctx context.Context) (*shares.View, error) {
	one, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	view, err := h.member.Look(one, h.has())
	var others *shares.OthersError
	switch {
	case err == nil && view == nil && h.member.Waits():
		h.missed(errors.New("it waits to see whether other hosts live"))
		return nil, nil
	case err == nil:
		if view != nil {
			h.seen(view)
		}
		return view, nil
	case errors.As(err, &others):
		return nil, &environmentError{err}
	case isOver(ctx):
		return nil, nil
	case flow.ClassOf(err) != flow.Transient && !errors.Is(err, context.DeadlineExceeded):
		return nil, &environmentError{err}
	}
	h.missed(err)
	return nil, nil
}

// missed notes that the cell could not be looked at.
func (h *host) missed(err error) {
	h.mu.Lock()
	first := h.away == nil
	h.away = err
	h.mu.Unlock()
	if first {
		h.log.Warn("who holds which part can't be settled with other hosts for now", "error", err)
	}
}

// seen notes a view, and tells of what has changed.
func (h *host) seen(view *shares.View) {
	h.mu.Lock()
	before, back := h.view, h.away != nil
	h.view, h.away = view, nil
	h.mu.Unlock()
	if back {
		h.log.Info("who holds which part is settled again")
	}
	if view.Lost {
		h.log.Warn("other hosts took this one for dead, and its parts: it has what they leave")
	}
	if before == nil || before.Hosts != view.Hosts || len(before.Mine) != len(view.Mine) {
		h.log.Info("parts", "hosts", view.Hosts, "here", slices.Sorted(maps.Keys(view.Mine)), "open", view.Open)
	}
	if h.idle++; view.Idle == 0 {
		h.idle, h.told = 0, false
	}
	if h.idle > 10 && !h.told {
		h.told = true
		h.log.Warn("parts wait for hosts: there are too few", "waiting", view.Idle, "hosts", view.Hosts, "least", h.part.Elastic.min, "each", h.part.most())
	}
}

// apply starts and stops processes as the view says.
func (h *host) apply(view *shares.View) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, s := range h.shares {
		if _, mine := view.Mine[i]; !mine {
			s.end()
		}
	}
	for i := range h.forgotten {
		if anew, mine := view.Mine[i]; !mine || !anew {
			delete(h.forgotten, i)
		}
	}
	for i, anew := range view.Mine {
		switch {
		case h.shares[i] != nil || h.done[i]:
		case anew && h.forgotten[i]: // the next look says so
		case anew:
			h.shares[i] = newShare(h, i)
			go h.shares[i].forget()
		default:
			h.shares[i] = newShare(h, i)
			go h.shares[i].run()
		}
	}
}

// leave ends all processes, and frees each part as soon as its process has ended.
func (h *host) leave(complete bool) {
	h.mu.Lock()
	h.leaves = true
	for _, s := range h.shares {
		s.end()
	}
	left := len(h.shares)
	h.mu.Unlock()
	h.member.Leaving()
	ctx := context.Background()
	for left > 0 {
		h.pause(ctx)
		_ = h.gather()
		one, cancel := context.WithTimeout(ctx, leaveTime)
		_, _ = h.member.Look(one, h.has()) // a store that is away: the others find out by themselves
		cancel()
		h.mu.Lock()
		left = len(h.shares)
		h.mu.Unlock()
	}
	one, cancel := context.WithTimeout(ctx, leaveTime)
	defer cancel()
	if err := h.member.Leave(one, h.has()); err != nil {
		h.log.Warn("other hosts could not be told that this one has ended: they find out in a while", "error", err)
		return
	}
	if complete {
		h.log.Info("all parts are through")
	}
}

// ended notes how a process ended that was told to. One whose input has an end did not
// come to it, which is what its host ends with where that was told to end too.
func (h *host) ended(number, code int, err error) {
	if err != nil || code == exitOK {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if code != exitTerminated {
		h.log.Warn("a copy did not end as it was told to", "copy", number, "code", code)
	}
	if h.leaves {
		h.code = max(h.code, code)
	}
}

// end tells how the host ended.
func (h *host) end(err error) int {
	var failed *shareError
	switch {
	case errors.As(err, &failed):
		for line := range strings.Lines(failed.Error()) {
			fmt.Fprintf(h.p.stderr, "%s: error: %s", h.p.spec.Name, line)
		}
		fmt.Fprintln(h.p.stderr)
		return failed.code
	case err != nil:
		return h.p.fail(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.code
}
