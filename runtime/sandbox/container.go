package sandbox

import (
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
	engine, err := supervise.Engine()
	if err != nil {
		return nil, fmt.Errorf("%s runs in a container, and there is neither docker nor podman nor nerdctl on this machine: install one, or leave the service out", h.Container.Image)
	}
	network := networkName(w.plan.ID)
	if err := engineSays(ctx, engine, "network", "inspect", network); err != nil {
		// Another container of the sandbox may be making it at this moment.
		if made := engineSays(ctx, engine, "network", "create", "--label", label+"="+w.plan.ID, network); made != nil {
			if err := engineSays(ctx, engine, "network", "inspect", network); err != nil {
				return nil, made
			}
		}
	}
	name := ContainerName(w.plan.ID, h.Name)
	life, stop := context.WithCancel(context.Background())
	b := &box{died: make(chan error, 1), stop: stop, over: make(chan struct{})}
	b.keeper = supervise.New(supervise.Spec{
		Name: h.Name, Env: h.Container.Env, Command: h.Container.Command, Dir: w.plan.Folder, Log: w.log.of(h.Name), Restart: supervise.UnlessStopped,
		Container: &supervise.Container{
			Image: h.Container.Image, Name: name, Mounts: w.mounts(h.Container.Volumes), Network: network, Alias: h.Name,
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

// ready waits until the container is.
func (b *box) ready(ctx context.Context, engine, name string, i *Image) error {
	for {
		select {
		case err := <-b.died:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		if len(i.Health) > 0 {
			if engineSays(ctx, engine, append([]string{"exec", name}, i.Health...)...) == nil {
				return nil
			}
			continue
		}
		if exec.CommandContext(ctx, engine, "inspect", name).Run() == nil && listening(i.Publish) {
			return nil
		}
	}
}

// listening tells whether somebody listens behind all published ports. An engine's own
// proxy takes a connection at once, and drops it where nobody is behind it.
func listening(publish []string) bool {
	for _, p := range publish {
		at := strings.LastIndexByte(p, ':')
		c, err := net.DialTimeout("tcp", p[:at], time.Second)
		if err != nil {
			return false
		}
		_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		_, err = c.Read(make([]byte, 1))
		c.Close()
		var late net.Error
		if err != nil && !(errors.As(err, &late) && late.Timeout()) {
			return false
		}
	}
	return true
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
