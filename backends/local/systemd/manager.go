// Package systemd applies pipelines to a machine as units of its systemd: of the system, or
// of a user. Units are written where the manager has those of an administrator, and
// started, watched, stopped and forgotten through systemctl; what was applied is in the
// units themselves, in a section that systemd does not read.
package systemd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local/programs"
)

// An Engine is a manager of units.
type Engine struct {
	// User tells that it is a user's own manager, and not that of the system.
	User bool
	// Units is the folder of units that last, Runtime that of units that are gone with the
	// next boot.
	Units, Runtime string
	// Programs is the folder with a store of binaries for each pipeline.
	Programs string
	// State is the folder in which the manager makes those that units call their state; of
	// a user's manager, which has none that all versions agree on, Data says where a
	// pipeline runs.
	State string
	Data  func(pipeline string) string
	// Commands runs systemctl and journalctl; nil for those of the machine.
	Commands Commands
}

// Commands run programs of the machine.
type Commands interface {
	// Output is what a command prints; its error is what it says.
	Output(ctx context.Context, command string, args ...string) (string, error)
	// Lines hands over each line that a command prints, until it ends or ctx does.
	Lines(ctx context.Context, line func([]byte), command string, args ...string) error
}

var _ deploy.Engine = (*Engine)(nil)

// Place names the manager.
func (e *Engine) Place() string {
	if e.User {
		return "this machine, as units of the user's systemd"
	}
	return "this machine, as units of systemd"
}

func (e *Engine) store(id string) programs.Store {
	return programs.Store(filepath.Join(e.Programs, id))
}

// Has tells whether the machine has a program.
func (e *Engine) Has(id, reference string) bool { return e.store(id).Has(reference) }

// Install copies a binary to where the program of a reference lies.
func (e *Engine) Install(_ context.Context, id, reference, binary string) error {
	if err := os.MkdirAll(e.Programs, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(e.Programs, 0o755); err != nil { // whatever the mask
		return err
	}
	return e.store(id).Put(reference, binary)
}

// Program is where the binary of a reference lies.
func (e *Engine) Program(id, reference string) string { return e.store(id).Path(reference) }

// commands are those of the machine, unless others were given.
func (e *Engine) commands() Commands {
	if e.Commands != nil {
		return e.Commands
	}
	return machine{}
}

// scope has a command speak to the user's manager.
func (e *Engine) scope(args []string) []string {
	if e.User {
		return append([]string{"--user"}, args...)
	}
	return args
}

// systemctl asks the manager for something.
func (e *Engine) systemctl(ctx context.Context, args ...string) (string, error) {
	return e.commands().Output(ctx, "systemctl", e.scope(args)...)
}

type machine struct{}

func (machine) Output(ctx context.Context, command string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, command, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	switch said := strings.TrimSpace(errs.String()); {
	case err == nil:
		return out.String(), nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case said != "":
		return "", fmt.Errorf("%s %s: %s", command, strings.Join(args, " "), said)
	default:
		return "", fmt.Errorf("%s %s: %w", command, strings.Join(args, " "), err)
	}
}

func (machine) Lines(ctx context.Context, line func([]byte), command string, args ...string) error {
	cmd := exec.CommandContext(ctx, command, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s := bufio.NewScanner(out)
	s.Buffer(nil, 4<<20)
	for s.Scan() {
		line(s.Bytes())
	}
	err = errors.Join(s.Err(), cmd.Wait())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if said := strings.TrimSpace(errs.String()); err != nil && said != "" {
		return fmt.Errorf("%s: %s", command, said)
	}
	return err
}
