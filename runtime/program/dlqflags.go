package program

import (
	"flag"
	"fmt"
	"strings"
	"time"
)

// dlqActions are what `dlq` does.
var dlqActions = []string{"list", "show", "replay"}

// dlqOptions are those of `dlq`.
type dlqOptions struct {
	ids        []string
	node, code string
	since      string
	limit      int
	all        bool // of replay: every letter; of list: those that were replayed too
}

func (o *dlqOptions) dlqFlags(action string, f *flag.FlagSet) {
	if action == "show" {
		return
	}
	f.StringVar(&o.node, "node", "", "")
	f.StringVar(&o.code, "code", "", "")
	f.StringVar(&o.since, "since", "", "")
	f.IntVar(&o.limit, "limit", 0, "")
	f.BoolVar(&o.all, "all", false, "")
}

// takeIDs parses flags with the IDs of letters before, between and behind them.
func (o *dlqOptions) takeIDs(f *flag.FlagSet, args []string) error {
	for {
		if err := f.Parse(args); err != nil {
			return err
		}
		if f.NArg() == 0 {
			return nil
		}
		o.ids, args = append(o.ids, f.Arg(0)), f.Args()[1:]
	}
}

// check refuses what does not go together.
func (o *dlqOptions) check(action string) error {
	chosen := o.node != "" || o.code != "" || o.since != ""
	switch {
	case o.limit < 0:
		return &usageError{fmt.Sprintf("--limit %d: it must not be negative", o.limit)}
	case action == "list" && len(o.ids) > 0:
		return &usageError{fmt.Sprintf("unexpected argument %q", o.ids[0])}
	case action == "show" && len(o.ids) != 1:
		return &usageError{"dlq show: name one letter by its ID, as `dlq list` prints it"}
	case action == "replay" && len(o.ids) == 0 && !chosen && !o.all:
		return &usageError{"dlq replay: say which letters: IDs as `dlq list` prints them, --node, --code or --since, or --all"}
	case action == "replay" && len(o.ids) > 0 && (chosen || o.all):
		return &usageError{"dlq replay: either IDs, or --all, --node, --code and --since"}
	}
	_, err := o.from(time.Now())
	return err
}

// from is the time of the oldest letter that is asked for: since is a time, or how
// long ago.
func (o *dlqOptions) from(now time.Time) (time.Time, error) {
	if o.since == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, o.since); err == nil {
		return at, nil
	}
	if d, err := time.ParseDuration(o.since); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, &usageError{fmt.Sprintf("--since %q is neither a time such as 2026-01-31T12:00:00Z nor how long ago, such as 90m", o.since)}
}

// matches tells whether an ID, or the begin of one, that somebody typed is id's.
func matches(typed, id string) bool { return strings.HasPrefix(id, strings.ToLower(typed)) }
