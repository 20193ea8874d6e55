package supervise

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Container is what a component runs in that is no process of this machine's own. Its
// network is that of the host, so that ports and addresses are those of a process.
type Container struct {
	// Image is the reference of its image; Command of the Spec stands behind its entrypoint.
	Image string
	// Mounts are HOST:CONTAINER, with :ro behind those that can't be written.
	Mounts []string
	// Memory and CPUs are its limits, in the engine's words; "" for none.
	Memory, CPUs string
	// Name is what it is called; "" for a name that no other has.
	Name string
	// Network is another network than the host's, in which it is called Alias; Publish are
	// its ports that the host has then, ADDRESS:PORT:PORT.
	Network, Alias string
	Publish        []string
	// Hosts are NAME:ADDRESS of what it finds by a name that no container has.
	Hosts []string
	// Labels are KEY=VALUE.
	Labels []string
	// Entrypoint stands in the place of the image's own; "" for that.
	Entrypoint string
}

// engines are the commands that start containers, all of them in the same words.
var engines = []string{"docker", "podman", "nerdctl"}

// ErrNoEngine is a machine that starts no containers.
var ErrNoEngine = errors.New("there is neither docker nor podman nor nerdctl on this machine; run the component as a process, `command`, or elsewhere, `endpoint`")

// Engine is the command that starts containers here, or [ErrNoEngine].
func Engine() (string, error) {
	for _, e := range engines {
		if path, err := exec.LookPath(e); err == nil {
			return path, nil
		}
	}
	return "", ErrNoEngine
}

// A box is a container that was started: what removes it.
type box struct{ engine, name string }

// command is the engine's command that runs the container. Variables are named alone: their
// values are in the engine's environment, and not in its arguments, which all can see.
func (c *Container) command(spec Spec) (command []string, b *box, err error) {
	b = &box{name: cmp.Or(c.Name, containerName(spec.Name))}
	if b.engine, err = Engine(); err != nil {
		return nil, nil, err
	}
	command = []string{b.engine, "run", "--rm", "--interactive", "--init", "--network", cmp.Or(c.Network, "host"), "--name", b.name}
	if c.Alias != "" {
		command = append(command, "--network-alias", c.Alias)
	}
	for _, p := range c.Publish {
		command = append(command, "--publish", p)
	}
	for _, h := range c.Hosts {
		command = append(command, "--add-host", h)
	}
	for _, l := range c.Labels {
		command = append(command, "--label", l)
	}
	if c.Entrypoint != "" {
		command = append(command, "--entrypoint", c.Entrypoint)
	}
	for _, e := range spec.Env {
		name, _, _ := strings.Cut(e, "=")
		command = append(command, "--env", name)
	}
	for _, m := range c.Mounts {
		if strings.HasPrefix(m, ".") { // engines know no paths from a folder
			host, rest, _ := strings.Cut(m, ":")
			if host, err = filepath.Abs(host); err != nil {
				return nil, nil, err
			}
			m = host + ":" + rest
		}
		command = append(command, "--volume", m)
	}
	if c.Memory != "" {
		command = append(command, "--memory", c.Memory)
	}
	if c.CPUs != "" {
		command = append(command, "--cpus", c.CPUs)
	}
	return append(append(command, c.Image), spec.Command...), b, nil
}

// containerName is a name that no other container has.
func containerName(node string) string {
	var random [4]byte
	_, _ = rand.Read(random[:])
	return "flowc-" + strings.ToLower(node) + "-" + hex.EncodeToString(random[:])
}

// remove removes what is left of the container: the engine's command may have been killed,
// and the container goes on without it.
func (b *box) remove() {
	if b != nil {
		_ = exec.Command(b.engine, "rm", "--force", b.name).Run()
	}
}
