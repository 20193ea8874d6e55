package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/runtime/supervise"
)

// label is what containers, volumes and networks of a sandbox have, with its ID.
const label = "dev.flowc.sandbox"

// address is where a container is reached, "" where it is not.
func (i *Image) address() string {
	var all []string
	for _, p := range i.Publish {
		if at := strings.LastIndexByte(p, ':'); at > 0 {
			all = append(all, p[:at])
		}
	}
	return strings.Join(all, ", ")
}

// A box is a container that runs.
type box struct {
	keeper *supervise.Keeper
	died   chan error
	stop   context.CancelFunc
	over   chan struct{}
}

// Stop implements [Server].
func (b *box) Stop() {
	b.stop()
	b.keeper.Stop(20 * time.Second)
	<-b.over
}

// Died implements [Server].
func (b *box) Died() <-chan error { return b.died }

// runContainer starts a container and waits until it is ready.
func (w *work) runContainer(ctx context.Context, h *Host) (Server, error) {
	if w.network == nil {
		return nil, fmt.Errorf("%s runs in a container, and there is neither docker nor podman nor nerdctl on this machine: install one, or leave the service out", h.Container.Image)
	}
	engine := w.network.engine
	if err := w.pull(ctx, engine, h); err != nil {
		return nil, err
	}
	name := ContainerName(w.plan.ID, h.Name)
	life, stop := context.WithCancel(context.Background())
	b := &box{died: make(chan error, 1), stop: stop, over: make(chan struct{})}
	b.keeper = supervise.New(supervise.Spec{
		Name: h.Name, Env: h.Container.Env, Command: h.Container.Command, Dir: w.plan.Folder, Log: w.log.of(h.Name), Restart: supervise.UnlessStopped,
		Container: &supervise.Container{
			Image: h.Container.Image, Name: name, Mounts: w.mounts(h.Container.Volumes), Network: w.network.name, Alias: h.Name, Hosts: w.hosts(),
			Publish: h.Container.Publish, Labels: []string{label + "=" + w.plan.ID}, Entrypoint: h.Container.Entrypoint,
		},
	})
	go b.keep(life)
	if err := b.ready(ctx, engine, name, h.Container); err != nil {
		b.Stop()
		return nil, err
	}
	return b, nil
}

// keep has the container run until it is stopped, or dies again and again.
func (b *box) keep(ctx context.Context) {
	defer close(b.over)
	for {
		p, err := b.keeper.Start(ctx)
		if err != nil {
			if ctx.Err() == nil {
				b.died <- err
			}
			return
		}
		well := time.AfterFunc(wellAfter, b.keeper.Progress)
		<-p.Done()
		well.Stop()
	}
}

// pull brings the image of a container here where it is not, so that what takes long, or
// does not work, is said to be that.
func (w *work) pull(ctx context.Context, engine string, h *Host) error {
	image := h.Container.Image
	if exec.CommandContext(ctx, engine, "image", "inspect", image).Run() == nil {
		return nil
	}
	w.service(h.Name, Starting, "pulling "+image)
	out, err := exec.CommandContext(ctx, engine, "pull", image).CombinedOutput()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("its image %s is still on its way; what came is kept, so that another start goes on, and --timeout gives it more time", image)
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("the image %s can't be pulled: %s\n%s brings one from a file; without containers, where the sandbox has a server of its own, none is needed", image, lastLine(out), filepath.Base(engine)+" load")
	}
	w.service(h.Name, Starting, "")
	return nil
}

// lastLine is what an engine said last: why it did not do it.
func lastLine(out []byte) string {
	text := strings.TrimSpace(string(out))
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// hosts are the names by which containers find the servers of this process.
func (w *work) hosts() (all []string) {
	if w.network.gateway == "" {
		return nil
	}
	for _, s := range w.plan.Services {
		if s.Kind != Container {
			all = append(all, s.Name+":"+w.network.gateway)
		}
	}
	return all
}

// ready waits until the container is.
func (b *box) ready(ctx context.Context, engine, name string, i *Image) error {
	var not string // why it was not, last
	for {
		select {
		case err := <-b.died:
			return err
		case <-ctx.Done():
			return b.late(ctx, not)
		case <-time.After(200 * time.Millisecond):
		}
		if len(i.Health) > 0 {
			err := engineSays(ctx, engine, append([]string{"exec", name}, i.Health...)...)
			if err == nil {
				return nil
			}
			if ctx.Err() == nil {
				not = fmt.Sprintf("its healthcheck `%s` fails: %v", strings.Join(i.Health, " "), err)
			}
			continue
		}
		if exec.CommandContext(ctx, engine, "inspect", name).Run() == nil {
			at := silent(i.Publish)
			if at == "" {
				return nil
			}
			not = "nobody listens in it behind " + at
		}
	}
}

// late says of a container that is not ready in time why it is not, and what it said last.
func (b *box) late(ctx context.Context, not string) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	text := cmp.Or(not, "its container does not start")
	if p := b.keeper.Now(); p != nil && p.Last() != "" {
		text += "; it said last:\n" + p.Last()
	}
	return errors.New(text)
}

// silent is a published port behind which nobody listens, "" for none. An engine's own
// proxy takes a connection at once, and drops it where nobody is behind it.
func silent(publish []string) string {
	for _, p := range publish {
		at := p[:strings.LastIndexByte(p, ':')]
		c, err := net.DialTimeout("tcp", at, time.Second)
		if err != nil {
			return at
		}
		_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		_, err = c.Read(make([]byte, 1))
		c.Close()
		var late net.Error
		if err != nil && !(errors.As(err, &late) && late.Timeout()) {
			return at
		}
	}
	return ""
}

// mounts gives volumes of a name one of this sandbox, and paths their folder.
func (w *work) mounts(volumes []string) (all []string) {
	for _, v := range volumes {
		host, rest, _ := strings.Cut(v, ":")
		switch {
		case filepath.IsAbs(host):
		case strings.HasPrefix(host, "."):
			host = filepath.Join(w.plan.Folder, host)
		default:
			host = volumeName(w.plan.ID, host)
		}
		all = append(all, host+":"+rest)
	}
	return all
}

// clear removes containers and the network that a sandbox left that was killed.
func (w *work) clear(ctx context.Context) error { return Clear(ctx, w.plan.ID, false) }

// Clear removes the containers of a sandbox and its network, with volumes what they keep
// too. Where there is no engine there are none.
func Clear(ctx context.Context, id string, volumes bool) error {
	engine, err := supervise.Engine()
	if errors.Is(err, supervise.ErrNoEngine) {
		return nil
	}
	if err != nil {
		return err
	}
	filter := "label=" + label + "=" + id
	list := func(args ...string) []string {
		out, err := exec.CommandContext(ctx, engine, args...).Output()
		if err != nil {
			return nil // an engine that does not run has no containers
		}
		return strings.Fields(string(out))
	}
	if all := list("ps", "--all", "--quiet", "--filter", filter); len(all) > 0 {
		if err := engineSays(ctx, engine, append([]string{"rm", "--force"}, all...)...); err != nil {
			return err
		}
	}
	if all := list("network", "ls", "--quiet", "--filter", filter); len(all) > 0 {
		if err := engineSays(ctx, engine, append([]string{"network", "rm"}, all...)...); err != nil {
			return err
		}
	}
	if !volumes {
		return nil
	}
	var own []string
	for _, v := range list("volume", "ls", "--quiet") {
		if strings.HasPrefix(v, volumeName(id, "")) {
			own = append(own, v)
		}
	}
	if len(own) == 0 {
		return nil
	}
	return engineSays(ctx, engine, append([]string{"volume", "rm", "--force"}, own...)...)
}

// engineSays runs a command of the engine; its error is what the engine wrote.
func engineSays(ctx context.Context, engine string, args ...string) error {
	cmd := exec.CommandContext(ctx, engine, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", filepath.Base(engine), args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}

func networkName(id string) string { return "flowc-sandbox-" + id }

func volumeName(id, name string) string { return "flowc-sandbox-" + id + "_" + name }

// ContainerName is the name of a service's container.
func ContainerName(id, service string) string { return "flowc-sandbox-" + id + "-" + service }

// Engine is the command that starts containers here.
func Engine() (string, error) { return supervise.Engine() }
