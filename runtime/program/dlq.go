package program

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// deadLetters is the queue of dead letters of a program: what its sinks of them
// hold, and which of it was replayed.
type deadLetters struct {
	process  *process
	program  *flow.Program
	options  *options
	since    time.Time
	replayed map[string]time.Time
	bad      int
}

// dlq runs a command on the dead letters.
func (p *process) dlq(ctx context.Context, o *options) int {
	d := &deadLetters{process: p, options: o}
	err := d.open(ctx)
	if err == nil {
		switch o.action {
		case "show":
			err = d.show(ctx)
		case "replay":
			return p.replay(ctx, d)
		default:
			err = d.list(ctx)
		}
	}
	if err != nil {
		return p.fail(err)
	}
	return exitOK
}

func (d *deadLetters) open(ctx context.Context) (err error) {
	if d.since, err = d.options.from(time.Now()); err != nil {
		return err
	}
	if d.program, err = d.process.without(); err != nil {
		return err
	}
	var unreadable []string
	sinks := d.program.DeadSinks()
	for _, s := range sinks {
		if err := d.process.needs(s.Name); err != nil {
			return err
		}
	}
	for _, s := range sinks {
		if !s.Readable {
			unreadable = append(unreadable, "`"+s.Name+"`")
		}
	}
	const remedy = "files, tables (postgres, sqlite), topics of Kafka and streams of NATS can: send dead letters there (`on_error: {then: …}`)"
	switch {
	case len(sinks) == 0:
		return &usageError{"this pipeline has no sink for dead letters: `on_error: {then: NAME}` sends them to one"}
	case len(unreadable) == len(sinks):
		return &environmentError{fmt.Errorf("what %s was given can't be read back; %s", strings.Join(unreadable, ", "), remedy)}
	case len(unreadable) > 0:
		fmt.Fprintf(d.process.stderr, "%s: what %s was given can't be read back, and is not shown; %s\n", d.process.spec.Name, strings.Join(unreadable, ", "), remedy)
	}
	base, _ := d.process.env.lookup(stateVariable)
	d.replayed, err = d.program.ReplayedLetters(ctx, base)
	return err
}

// each calls yield with the letters that the options ask for, the oldest first.
func (d *deadLetters) each(ctx context.Context, yield func(*flow.Letter) error) error {
	o := d.options
	found := 0
	err := d.program.Letters(ctx, d.tellBad, func(l *flow.Letter) error {
		_, done := d.replayed[l.ID]
		switch {
		case o.node != "" && l.Node != o.node, o.code != "" && l.Code != o.code, l.Time.Before(d.since):
			return nil
		case done && len(o.ids) == 0 && (o.action == "replay" || !o.all):
			return nil
		case len(o.ids) > 0 && !anyMatches(o.ids, l.ID):
			return nil
		}
		if found++; o.limit > 0 && found > o.limit {
			return errEnough
		}
		return yield(l)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

var errEnough = errors.New("enough")

// tellBad says of the first thing in a sink of dead letters that is none.
func (d *deadLetters) tellBad(err *flow.BadLetterError) {
	if d.bad++; d.bad == 1 {
		fmt.Fprintf(d.process.stderr, "%s: warning: %v; it is left out\n", d.process.spec.Name, err)
	}
}

func anyMatches(typed []string, id string) bool {
	for _, t := range typed {
		if matches(t, id) {
			return true
		}
	}
	return false
}

// find finds the letter that somebody named.
func (d *deadLetters) find(ctx context.Context) (*flow.Letter, error) {
	var found *flow.Letter
	err := d.each(ctx, func(l *flow.Letter) error {
		if found != nil && found.ID != l.ID {
			return &usageError{fmt.Sprintf("%q is the begin of several IDs, of %s and %s among them: say more of it", d.options.ids[0], found.ID, l.ID)}
		}
		found = l
		return nil
	})
	if err == nil && found == nil {
		err = &environmentError{fmt.Errorf("there is no dead letter %q", d.options.ids[0])}
	}
	return found, err
}
