package systemd

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// journal are arguments for what units have said.
func (e *Engine) journal(units []string) []string {
	args := e.scope([]string{"--no-pager", "--quiet"})
	for _, name := range units {
		args = append(args, "--unit="+name)
	}
	return args
}

// Logs reads the journal of the services of a pipeline.
func (e *Engine) Logs(ctx context.Context, id string, o deploy.LogOptions, line func(deploy.Line)) error {
	all, err := e.installed()
	if err != nil {
		return err
	}
	services := names(all[id], "service")
	if len(services) == 0 {
		return fmt.Errorf("%s: it has no unit", id)
	}
	args := []string{"--output=json"}
	if !o.Since.IsZero() {
		args = append(args, fmt.Sprintf("--since=@%d", o.Since.Unix()))
	}
	read := func(text []byte) {
		if l, ok := entry(text); ok && !l.Time.Before(o.Since) {
			line(l)
		}
	}
	if o.Tail >= 0 { // of each instance
		var last []deploy.Line
		for _, name := range services {
			err := e.commands().Lines(ctx, func(text []byte) {
				if l, ok := entry(text); ok && !l.Time.Before(o.Since) {
					last = append(last, l)
				}
			}, "journalctl", append(append(e.journal([]string{name}), args...), "--lines="+strconv.Itoa(o.Tail))...)
			if err != nil {
				return err
			}
		}
		slices.SortStableFunc(last, func(a, b deploy.Line) int { return a.Time.Compare(b.Time) })
		for _, l := range last {
			line(l)
		}
		if !o.Follow {
			return nil
		}
		args = append(args, "--lines=0")
	} else {
		args = append(args, "--lines=all")
	}
	if o.Follow {
		args = append(args, "--follow")
	}
	return e.commands().Lines(ctx, read, "journalctl", append(e.journal(services), args...)...)
}

// entry reads an entry of the journal; one that says nothing is none.
func entry(text []byte) (deploy.Line, bool) {
	var j struct {
		Message     json.RawMessage `json:"MESSAGE"`
		Time        string          `json:"__REALTIME_TIMESTAMP"`
		SystemUnit  string          `json:"_SYSTEMD_UNIT"`
		UserUnit    string          `json:"_SYSTEMD_USER_UNIT"`
		OfTheUnit   string          `json:"UNIT"` // what the manager says of it
		OfAUserUnit string          `json:"USER_UNIT"`
	}
	if json.Unmarshal(text, &j) != nil || len(j.Message) == 0 || string(j.Message) == "null" {
		return deploy.Line{}, false
	}
	var said string
	if json.Unmarshal(j.Message, &said) != nil {
		var raw []byte // bytes that are no text come as numbers
		var numbers []int
		if json.Unmarshal(j.Message, &numbers) != nil {
			return deploy.Line{}, false
		}
		for _, n := range numbers {
			raw = append(raw, byte(n))
		}
		said = string(raw)
	}
	micros, _ := strconv.ParseInt(j.Time, 10, 64) // none is the beginning of time
	name := cmp.Or(j.OfTheUnit, j.OfAUserUnit, j.UserUnit, j.SystemUnit)
	return deploy.Line{Instance: strings.TrimSuffix(name, ".service"), Time: time.UnixMicro(micros), Text: said}, true
}
