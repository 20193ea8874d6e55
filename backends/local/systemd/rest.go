package systemd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// stoppedFile tells that a pipeline was stopped. The manager forgets a unit that does
// nothing, and with it that somebody has stopped it.
const stoppedFile = "stopped"

// Stop stops the units of a pipeline in order, a timer among them, and has them stay so
// when the machine starts.
func (e *Engine) Stop(ctx context.Context, id string) error {
	units, err := e.mustHave(id)
	if err != nil {
		return err
	}
	dir := filepath.Join(e.Programs, id)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, stoppedFile), nil, 0o644); err != nil {
		return err
	}
	_, err = e.systemctl(ctx, append([]string{"disable", "--now"}, names(units, "timer", "target", "service")...)...)
	return err
}

// Restart starts the units of a pipeline again; those that run are stopped in order first.
func (e *Engine) Restart(ctx context.Context, id string) error {
	units, err := e.mustHave(id)
	if err != nil {
		return err
	}
	return e.start(ctx, id, units)
}

// mustHave are the units of a pipeline, of which there is one at least.
func (e *Engine) mustHave(id string) ([]unit, error) {
	all, err := e.installed()
	if err == nil && len(all[id]) == 0 {
		err = fmt.Errorf("%s has no units here: `flowc apply` makes them", id)
	}
	return all[id], err
}

// stopped tells whether a pipeline was stopped and not started since.
func (e *Engine) stopped(id string) bool {
	_, err := os.Stat(filepath.Join(e.Programs, id, stoppedFile))
	return err == nil
}

// forgetStop has a pipeline count as one that nobody has stopped.
func (e *Engine) forgetStop(id string) error {
	err := os.Remove(filepath.Join(e.Programs, id, stoppedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
