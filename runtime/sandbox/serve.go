package sandbox

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"
)

// A Host is what the server of a service is given.
type Host struct {
	Service
	// Dir is the folder for what it keeps, which is there.
	Dir string
	// Log writes a line.
	Log func(format string, args ...any)
	// Inside is where containers reach the service, and this machine too; "" where none do.
	Inside string
}

// Address is where the service listens.
func (h *Host) Address() string { return local(h.Port) }

// A Server is a service that runs.
type Server interface {
	// Stop ends it in order; what it keeps is on the disk then.
	Stop()
	// Died is closed, or gets a reason, where it ends by itself; nil for one that can't.
	Died() <-chan error
}

// A Kind starts the server of a service. It returns when the server is ready, and all that
// the plan names is made in it.
type Kind func(context.Context, *Host) (Server, error)

// Run is the work of a sandbox: it serves the folder that -folder names in args until it is
// told to end by a signal. It leaves nothing running.
func Run(args []string, kinds map[string]Kind) error {
	f := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	folder := f.String("folder", "", "the sandbox's folder")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *folder == "" {
		return errors.New("give -folder")
	}
	signal.Ignore(syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Serve(ctx, Folder(*folder), kinds)
}

// Serve serves a folder until ctx ends.
func Serve(ctx context.Context, f Folder, kinds map[string]Kind) error {
	release, err := f.hold()
	if err != nil {
		return err
	}
	defer release()
	plan, err := f.Plan()
	if err != nil {
		return err
	}
	if plan == nil {
		return fmt.Errorf("there is no plan in %s", f)
	}
	log, err := openLog(f)
	if err != nil {
		return err
	}
	w := &work{folder: f, plan: plan, log: log, kinds: kinds}
	return w.run(ctx)
}

// work is a sandbox that is served.
type work struct {
	folder Folder
	plan   *Plan
	log    *logFile
	kinds  map[string]Kind
	// network is that of the containers, nil where there are none.
	network *network

	mu    sync.Mutex
	state State
}

func (w *work) run(ctx context.Context) error {
	w.state = State{Phase: Starting, PID: os.Getpid(), Since: time.Now(), Services: []Status{}}
	for _, s := range w.plan.Services {
		is := Status{Name: s.Name, Kind: s.Kind, Phase: Starting, Since: time.Now()}
		if s.Port != 0 {
			is.Address = local(s.Port)
		} else if s.Container != nil {
			is.Address = s.Container.address()
		}
		w.state.Services = append(w.state.Services, is)
	}
	if p := w.plan.Program; p != nil {
		w.state.Program = &Status{Name: p.Name, Kind: "pipeline", Phase: Starting, Since: time.Now()}
	}
	if err := w.write(); err != nil {
		return err
	}
	if w.containers() {
		err := w.clear(ctx)
		if err == nil {
			w.network, err = w.connect(ctx)
		}
		if err != nil {
			return w.fail(err)
		}
	}
	all := w.start(ctx)
	defer w.stop(all)
	if err := all.err(); err != nil {
		if ctx.Err() != nil {
			err = nil // it was told to end while it started
		}
		return w.fail(err)
	}
	w.phase(Ready, "")
	if w.plan.Program != nil {
		w.runProgram(ctx)
	}
	<-ctx.Done()
	w.phase(Stopping, "")
	return nil
}

// containers tells whether there are some.
func (w *work) containers() bool {
	return slices.ContainsFunc(w.plan.Services, func(s Service) bool { return s.Kind == Container })
}

// services are those that were started.
type services struct {
	mu      sync.Mutex
	started []Server
	names   []string
	errs    []error
	watch   sync.WaitGroup
}

func (s *services) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.errs...)
}

// start starts all services at once, containers behind those that they need, and waits
// until they are ready.
func (w *work) start(ctx context.Context) *services {
	all := &services{}
	ready := map[string]chan struct{}{}
	for _, s := range w.plan.Services {
		ready[s.Name] = make(chan struct{})
	}
	starting, cancel := context.WithCancel(ctx)
	defer cancel()
	var wait sync.WaitGroup
	for _, s := range w.plan.Services {
		wait.Go(func() {
			err := w.startOne(ctx, starting, s, ready, all)
			if err == nil {
				close(ready[s.Name])
				return
			}
			cancel() // the others are not enough
			if errors.Is(err, context.Canceled) && ctx.Err() == nil {
				return // because of another one, which says why
			}
			all.mu.Lock()
			all.errs = append(all.errs, fmt.Errorf("%s: %w", s.Name, err))
			all.mu.Unlock()
			w.service(s.Name, Failed, err.Error())
		})
	}
	wait.Wait()
	return all
}

func (w *work) startOne(life, starting context.Context, s Service, ready map[string]chan struct{}, all *services) error {
	if s.Container != nil {
		for _, name := range s.Container.After {
			if c, ok := ready[name]; ok {
				select {
				case <-c:
				case <-starting.Done():
					return starting.Err()
				}
			}
		}
	}
	h := &Host{Service: s, Dir: w.folder.Data(s.Name), Log: func(format string, args ...any) { w.log.put(s.Name, fmt.Sprintf(format, args...)) }}
	if err := os.MkdirAll(h.Dir, 0o755); err != nil {
		return err
	}
	patience := time.Duration(w.plan.Patience)
	within, cancel := context.WithTimeout(starting, patience)
	defer cancel()
	server, says, err := w.serve(within, h)
	if err != nil && within.Err() != nil && starting.Err() == nil {
		return &lateError{patience, err}
	}
	if err != nil {
		return err
	}
	all.mu.Lock()
	all.started, all.names = append(all.started, server), append(all.names, s.Name)
	all.mu.Unlock()
	w.service(s.Name, Ready, says)
	if died := server.Died(); died != nil {
		all.watch.Go(func() {
			select {
			case err := <-died:
				if life.Err() == nil {
					w.service(s.Name, Failed, fmt.Sprintf("it has ended: %v", err))
				}
			case <-life.Done():
			}
		})
	}
	return nil
}

// serve starts the server of a service; says is what is to be known of it.
func (w *work) serve(ctx context.Context, h *Host) (s Server, says string, err error) {
	if h.Kind == Container {
		s, err = w.runContainer(ctx, h)
		return s, "", err
	}
	kind := w.kinds[h.Kind]
	if kind == nil {
		return nil, "", fmt.Errorf("this sandbox was built without %s", h.Kind)
	}
	if w.network == nil {
		s, err = kind(ctx, h)
		return s, "", err
	}
	d, err := openDoor(w.network.gateway, &h.Service)
	if err != nil {
		says = err.Error()
	}
	if d == nil {
		says = "containers can't reach it, because their network is none of this machine's own: " + says
		s, err = kind(ctx, h)
		return s, says, err
	}
	h.Inside = d.listeners[0].Addr().String()
	if s, err = kind(ctx, h); err != nil {
		d.close()
		return nil, "", err
	}
	return behind{s, d}, says, nil
}

// A lateError is a service that is not ready in time.
type lateError struct {
	patience time.Duration
	err      error
}

func (e *lateError) Error() string {
	text := "it is not ready within " + e.patience.String()
	if !errors.Is(e.err, context.DeadlineExceeded) {
		text += ": " + e.err.Error()
	}
	return text
}

// stop ends all that was started, the last first.
func (w *work) stop(all *services) {
	for i := len(all.started) - 1; i >= 0; i-- {
		w.service(all.names[i], Stopping, "")
		all.started[i].Stop()
		w.service(all.names[i], Ended, "")
	}
	if w.containers() {
		if err := w.clear(context.Background()); err != nil {
			w.log.put("sandbox", err.Error())
		}
	}
	w.mu.Lock()
	if w.state.Phase != Failed {
		w.state.Phase = Ended
	}
	w.state.PID = 0
	w.mu.Unlock()
	if err := w.write(); err != nil {
		w.log.put("sandbox", err.Error())
	}
}

// fail writes down why the sandbox ends, nil where it was told to.
func (w *work) fail(err error) error {
	if err == nil {
		w.phase(Stopping, "")
		return nil
	}
	w.log.put("sandbox", err.Error())
	w.phase(Failed, err.Error())
	return err
}

// phase writes down how the sandbox does.
func (w *work) phase(p Phase, says string) {
	w.mu.Lock()
	w.state.Phase, w.state.Says, w.state.Since = p, says, time.Now()
	w.mu.Unlock()
	w.log.put("sandbox", string(p))
	w.noted()
}

// service writes down how one service does. One that failed stays so.
func (w *work) service(name string, p Phase, says string) {
	w.mu.Lock()
	for i := range w.state.Services {
		s := &w.state.Services[i]
		if s.Name == name && !(s.Phase == Failed && p != Ready) {
			s.Phase, s.Says, s.Since = p, says, time.Now()
		}
	}
	w.mu.Unlock()
	if says != "" {
		w.log.put(name, says)
	}
	w.noted()
}

// program writes down how the pipeline does.
func (w *work) program(change func(*Status)) {
	w.mu.Lock()
	w.state.Program.Since = time.Now()
	change(w.state.Program)
	w.mu.Unlock()
	w.noted()
}

// noted writes the state. A disk that is full costs those who look the news, and no more.
func (w *work) noted() {
	if err := w.write(); err != nil {
		w.log.put("sandbox", "how it does can't be written down: "+err.Error())
	}
}

func (w *work) write() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.folder.write("state.json", &w.state)
}
