package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// checkpointActions are what `checkpoint` does.
var checkpointActions = []string{"show", "export", "import", "rewind"}

// checkpoint runs a command on the checkpoint. The pipeline does not run; only
// show and export may look at it while it does.
func (p *process) checkpoint(ctx context.Context, o *options) int {
	s, err := p.openState(ctx, o.changesCheckpoint())
	if err != nil {
		return p.fail(err)
	}
	saved, err := s.Load(ctx)
	if err == nil {
		switch o.action {
		case "import":
			err = p.importCheckpoint(ctx, s, saved, o)
		case "rewind":
			err = p.rewindCheckpoint(ctx, s, saved, o)
		default:
			err = p.tellCheckpoint(s.Where(), saved, o)
		}
	}
	if closed := s.Close(ctx); err == nil {
		err = closed
	}
	if err != nil {
		return p.fail(err)
	}
	return exitOK
}

// changesCheckpoint tells that the action is not only to read.
func (o *options) changesCheckpoint() bool {
	return o.action == "import" || o.action == "rewind"
}

// readCheckpoint is checkpoint for what only reads the state folder: it needs none
// of the program's settings.
func (p *process) readCheckpoint(o *options) int {
	base, _ := p.env.lookup(stateVariable)
	dir := flow.StateDir(base, p.spec.Name)
	saved, err := flow.ReadCheckpoint(dir)
	if err == nil {
		err = p.tellCheckpoint(filepath.Join(dir, "checkpoint"), saved, o)
	}
	if err != nil {
		return p.fail(err)
	}
	return exitOK
}

func (p *process) tellCheckpoint(where string, saved *flow.Checkpoint, o *options) error {
	if o.action == "export" {
		return p.exportCheckpoint(saved, o.file)
	}
	return p.showCheckpoint(where, saved, o.format)
}

// openState opens the checkpoint where the program would look for it.
func (p *process) openState(ctx context.Context, locked bool) (*flow.State, error) {
	program, err := p.without()
	if err == nil {
		err = p.needs(program.KeeperSink())
	}
	if err != nil {
		return nil, err
	}
	base, _ := p.env.lookup(stateVariable)
	// That a copy has died and its claim is waited for is said; all else is in errors.
	logger := newLogger(p.stderr, "text", "warn", p.terminal)
	return program.OpenState(ctx, flow.RunOptions{StateDir: base, Logger: logger}, locked)
}

// exportCheckpoint writes the checkpoint as JSON, to read, to edit and to import.
func (p *process) exportCheckpoint(saved *flow.Checkpoint, file string) error {
	if saved == nil {
		return &environmentError{errors.New("there is no checkpoint to export")}
	}
	data, err := json.MarshalIndent(saved, "", "  ")
	if err != nil {
		return err
	}
	data = append(data, '\n')
	if file == "" || file == "-" {
		_, err = p.stdout.Write(data)
		return err
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return &environmentError{err}
	}
	return nil
}

// importCheckpoint takes the checkpoint of a file in the place of the present one.
func (p *process) importCheckpoint(ctx context.Context, s *flow.State, saved *flow.Checkpoint, o *options) error {
	data, err := readAll(o.file, os.Stdin)
	if err != nil {
		return &environmentError{err}
	}
	next := &flow.Checkpoint{}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(next); err != nil {
		return &environmentError{fmt.Errorf("%s is no exported checkpoint: %w", o.file, err)}
	}
	return p.change(ctx, s, saved, next, o)
}

func readAll(file string, stdin io.Reader) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(file)
}

// change tells what a new checkpoint changes, asks, and saves it.
func (p *process) change(ctx context.Context, s *flow.State, before, after *flow.Checkpoint, o *options) error {
	fmt.Fprintf(p.stdout, "%s: the checkpoint in %s\n", p.spec.Name, s.Where())
	if !p.tellChanges(before, after) {
		fmt.Fprintln(p.stdout, "  nothing changes")
		return nil
	}
	var twice, perhaps []string
	for _, sink := range s.Sinks() {
		switch {
		case sink.Unknown:
			perhaps = append(perhaps, "`"+sink.Name+"`")
		case !sink.Idempotent:
			twice = append(twice, "`"+sink.Name+"`")
		}
	}
	if len(twice) > 0 {
		fmt.Fprintf(p.stdout, "  what is read once more will be once more in %s\n", strings.Join(twice, ", "))
	}
	if len(perhaps) > 0 {
		fmt.Fprintf(p.stdout, "  what is read once more may be once more in %s: with its settings this would say whether\n", strings.Join(perhaps, ", "))
	}
	if o.dryRun {
		fmt.Fprintln(p.stdout, "  nothing was changed: this is a dry run")
		return nil
	}
	if !o.yes {
		if err := p.confirm(); err != nil {
			return err
		}
	}
	if err := s.Save(ctx, after); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "  saved as generation %d\n", after.Generation)
	return nil
}

// tellChanges prints what is different, and tells whether anything is.
func (p *process) tellChanges(before, after *flow.Checkpoint) bool {
	if before == nil {
		before = &flow.Checkpoint{}
	}
	changed := false
	line := func(format string, args ...any) {
		changed = true
		fmt.Fprintf(p.stdout, "  "+format+"\n", args...)
	}
	for _, name := range union(before.Sources, after.Sources) {
		from, to := before.Sources[name].Splits, after.Sources[name].Splits
		for _, split := range union(from, to) {
			a, had := from[split]
			b, has := to[split]
			switch {
			case !has:
				line("source %s %s: from %s to the start", name, split, compact(a.Position))
			case !had:
				line("source %s %s: from the start to %s", name, split, compact(b.Position))
			case compact(a.Position) != compact(b.Position):
				line("source %s %s: from %s to %s", name, split, compact(a.Position), compact(b.Position))
			}
		}
	}
	for _, name := range union(before.Sinks, after.Sinks) {
		if a, b := compact(before.Sinks[name]), compact(after.Sinks[name]); a != b {
			line("sink %s: from %s to %s", name, a, b)
		}
	}
	if before.Complete && !after.Complete {
		changed = true
	}
	return changed
}

func union[V any](a, b map[string]V) []string {
	keys := append(sorted(a), sorted(b)...)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// confirm asks whoever sits there.
func (p *process) confirm() error {
	var answer string
	err := io.EOF
	if isTerminal(os.Stdin) {
		fmt.Fprint(p.stdout, "  type yes to go on: ")
		_, err = fmt.Fscanln(os.Stdin, &answer)
	}
	switch {
	case err == io.EOF: //nolint:errorlint // nobody is there to answer
		return &usageError{"this changes what the next run does: say --yes, or --dry-run to see it only"}
	case answer != "yes":
		return &environmentError{errors.New("nothing was changed")}
	}
	return nil
}

// checkpointPath is where the checkpoint is, for JSON: the whole path of a file.
func (p *process) checkpointPath(where string) string {
	if whole, err := filepath.Abs(where); err == nil && p.spec.Keeper == "" {
		return whole
	}
	return where
}
