package program

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// stateVariable is the folder for state, instead of the default.
const stateVariable = "FLOWC_STATE"

// Main is the main function of a built program: it ends the process with the
// program's exit code.
func Main(s Spec) {
	code := Run(context.Background(), s, os.Args[1:])
	for _, do := range onExit {
		do()
	}
	os.Exit(code)
}

// onExit is what [OnExit] was given.
var onExit []func()

// OnExit has do called when the program has run, before its process ends by itself. It is for what is
// built into a program beside the pipeline (a profile), and called before Main.
func OnExit(do func()) { onExit = append(onExit, do) }

// Run is Main without the end of the process; args are the command line without
// the program's name. It returns the exit code.
func Run(ctx context.Context, s Spec, args []string) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	terminal := isTerminal(os.Stderr)
	l := joinRun()
	l.named(s.Name)
	p := process{
		spec: &s, env: processEnvironment(), stdout: os.Stdout, stderr: l.errors(),
		signals: signals, exit: l.exit, terminal: terminal, listing: l,
	}
	code := p.main(ctx, args)
	l.close(code)
	return code
}

// Embed runs the program inside another one: references and FLOWC_SET are
// resolved here; signals, flags, logs and telemetry are the caller's.
func Embed(ctx context.Context, s Spec, o flow.RunOptions) (*flow.Report, error) {
	env := processEnvironment()
	set, err := collect(s.Name, env, nil, nil)
	if err == nil {
		err = resolve(&s, env, set)
	}
	if err != nil {
		return nil, err
	}
	if o.StateDir == "" {
		o.StateDir, _ = env.lookup(stateVariable)
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	runs := attempts{spec: &s, log: log}
	if _, err := runs.next(); err != nil {
		return nil, err
	}
	return runs.run(ctx, o, func(*flow.Program) func() { return func() {} })
}

// A process is what a program has around it.
type process struct {
	spec           *Spec
	env            environment
	stdout, stderr io.Writer
	terminal       bool // somebody looks at stderr
	signals        <-chan os.Signal
	exit           func(code int)
	missing        missing  // what a command may do without
	grown          bool     // a size is larger than the memory bound was computed for
	host           *hosted  // what started it, nil for all but the copies of a host
	listing        *listing // the folder of the run, nil for none
}

func (p *process) main(ctx context.Context, args []string) int {
	o, err := parse(args)
	switch {
	case err != nil:
		return p.fail(err)
	case o.help:
		usage(p.stdout, p.spec)
		return exitOK
	case o.version:
		fmt.Fprintf(p.stdout, "%s %s (flowc %s)\n", p.spec.Name, p.spec.Hash, p.spec.Version)
		return exitOK
	}
	if o.command == "checkpoint" && p.spec.Keeper == "" && !o.changesCheckpoint() {
		return p.readCheckpoint(o)
	}
	set, err := collect(p.spec.Name, p.env, o.setFiles, o.set)
	if err != nil {
		return p.fail(err)
	}
	if o.command == "health" {
		return p.health(ctx, o, set)
	}
	compiled := sizes(p.spec)
	if o.command == "checkpoint" || o.command == "dlq" {
		p.missing, err = resolveSome(p.spec, p.env, set)
	} else {
		err = resolve(p.spec, p.env, set)
	}
	if err != nil {
		return p.fail(err)
	}
	p.grown = grown(p.spec, compiled)
	if o.command == "checkpoint" {
		return p.checkpoint(ctx, o)
	}
	switch o.command {
	case "check":
		return p.check()
	case "dlq":
		if o.action != "replay" {
			defer p.interruptible()()
		}
		return p.dlq(ctx, o)
	case "infer":
		defer p.interruptible()()
		return p.infer(ctx, o)
	}
	return p.run(ctx, o)
}

// fail prints an error that came before the pipeline was started.
func (p *process) fail(err error) int {
	for _, e := range several(err) {
		fmt.Fprintln(p.stderr, diagnostic(p.spec.Name, e))
	}
	return exitCode(nil, err, nil)
}

// run runs the pipeline.
func (p *process) run(ctx context.Context, o *options) int {
	t := p.telemetry(o)
	logger := newLogger(p.stderr, t.Log, t.Level, p.terminal)
	if p.host != nil { // several write one log
		logger = logger.With("process", p.spec.Name)
	}
	slog.SetDefault(logger) // connectors and components log where the program does
	if err := checkReport(o.report); err != nil {
		return p.fail(&environmentError{fmt.Errorf("--report %s: %w", o.report, err)})
	}
	runs := attempts{spec: p.spec, log: logger}
	program, err := runs.next()
	if err != nil {
		return p.fail(&environmentError{err})
	}
	if !p.grown {
		limitMemory(p.env, program.Info().Memory)
	}
	var stopServing func()
	defer func() {
		if stopServing != nil {
			stopServing()
		}
	}()
	defer p.listing.serveProgram(p.spec, runs.program.Load)()
	if p.host != nil { // it has the pages
		t.HTTP = ""
		go p.host.follow(pages{spec: p.spec, program: runs.program.Load}, logger)
	}
	// A second copy is told of the first, and not of the port that it holds.
	serve := func() (err error) {
		if t.HTTP == "" || stopServing != nil {
			return nil
		}
		if stopServing, err = listen(t.HTTP, pages{spec: p.spec, program: runs.program.Load}); err != nil {
			return &environmentError{fmt.Errorf("telemetry.http: %w", err)}
		}
		return nil
	}
	if p.spec.Jobs != nil { // some may run for long before the records do
		if err := serve(); err != nil {
			return p.fail(err)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan struct{})
	defer close(over)
	supervisor := newNotifier(p.env, logger)
	got := p.obey(ctx, func() { supervisor.stopping(); cancel() }, over)
	var followed sync.WaitGroup
	followed.Go(func() {
		supervisor.follow(ctx, func(ctx context.Context) error { return runs.program.Load().Ready(ctx) }, func() { runs.program.Load().Snapshot() })
	})
	tell := p.teller(t, logger)
	state, _ := p.env.lookup(stateVariable)
	report, err := runs.run(ctx, flow.RunOptions{StateDir: state, Fresh: o.fresh, Wait: o.wait, Begin: serve, Logger: logger},
		func(program *flow.Program) (stop func()) { return tell.progress(program, t.Progress) })
	cancel()
	followed.Wait()
	sign := <-got
	tell.end(runs.program.Load(), report, err)
	p.listing.reported(report, err)
	if err == nil && runs.program.Load().StaysComplete(report) {
		p.host.through()
	}
	if o.report != "" {
		if failed := p.writeReport(o.report, report); failed != nil {
			fmt.Fprintf(p.stderr, "%s: error: --report %s: %v\n", p.spec.Name, o.report, failed)
			return max(exitCode(report, err, sign), exitEnvironment)
		}
	}
	return exitCode(report, err, sign)
}

// telemetry is the pipeline's telemetry block with what flags say over it.
func (p *process) telemetry(o *options) Telemetry {
	var t Telemetry
	if p.spec.Telemetry != nil {
		t = *p.spec.Telemetry
	}
	if o.logFormat != "" {
		t.Log = o.logFormat
	}
	if o.logLevel != "" {
		t.Level = o.logLevel
	}
	return t
}

// interruptible ends the process at a signal, as commands do that only look, until
// what it returns is called.
func (p *process) interruptible() (over func()) {
	done := make(chan struct{})
	go func() {
		select {
		case s := <-p.signals:
			p.exit(exitOfSignal(s))
		case <-done:
		}
	}()
	return func() { close(done) }
}

// obey ends the program in order at the first signal, and at once at the second.
// The channel tells, when ctx has ended, which signal came first; nil for none.
// over ends the watch.
func (p *process) obey(ctx context.Context, cancel func(), over <-chan struct{}) <-chan os.Signal {
	got := make(chan os.Signal, 1)
	go func() {
		var first os.Signal
		defer func() { got <- first }()
		select {
		case first = <-p.signals:
			cancel()
		case <-ctx.Done():
			return
		}
		go func() {
			select {
			case second := <-p.signals:
				p.exit(exitOfSignal(second))
			case <-over:
			}
		}()
	}()
	return got
}
