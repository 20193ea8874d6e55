package program

import (
	"fmt"
	"io"
	"strings"
)

// usage writes --help: the flags, and what can be set.
func usage(w io.Writer, s *Spec) {
	fmt.Fprintf(w, `%[1]s runs the pipeline in %[2]s.

Usage:
  %[1]s [run] [flags]            run it
  %[1]s check                    see whether it could start: settings, variables, files of secrets (exit code 0, 2 or 6)
  %[1]s health                   ask the running program whether it is ready (exit code 0 or 1)
  %[1]s checkpoint show          show how far earlier runs have got (--format json)
  %[1]s checkpoint export FILE   write that as JSON, - for standard output
  %[1]s checkpoint import FILE   have the next run go on from there
  %[1]s checkpoint rewind        have the next run go back: --to start, a time such as 2026-01-31T12:00:00Z,
                                 or a position; of all sources, or --source NAME --split NAME

  %[1]s dlq list                 list the dead letters that were not replayed (--format json; with --all the others too)
  %[1]s dlq show ID              show all of one, with the record's bytes (--format json)
  %[1]s dlq replay ID…           send them through the pipeline as it is now; --all for every one of them

  %[1]s infer [SOURCE]           show what its records are: the columns of a table, or a sample of a topic or
                                 stream (--limit N; --format json); flowc infer %[2]s SOURCE makes types of it

Flags of import, rewind and replay:
  --dry-run             show what would change, and change nothing
  --yes                 ask nobody (of import and rewind)

Flags of list and replay:
  --node NAME           those that failed there
  --code CODE           those that failed so
  --since TIME          those since 2026-01-31T12:00:00Z, or since so long ago: 90m
  --limit N             so many of them, the oldest first

Flags:
  --set KEY=VALUE       change a setting (may be repeated)
  --set-file FILE       settings from a file, one a line, # for comments
  --report FILE         write the report as JSON, - for standard output
  --log-format FORMAT   %[3]s
  --log-level LEVEL     %[4]s
  --fresh               begin anew, without the state of earlier runs
  --wait                wait while another copy of this program runs
  --version             print the version and the pipeline's hash
  --help                print this

Environment:
  FLOWC_SET     settings, one a line; files are stronger, flags the strongest
  FLOWC_STATE   the folder for state instead of .flowc/state
`, s.Name, s.File, strings.Join(logFormats, " or "), strings.Join(logLevels, ", "))
	if len(s.Settings) == 0 {
		return
	}
	fmt.Fprintf(w, "\nSettings:\n")
	widest, types := 0, 0
	for _, t := range s.Settings {
		widest, types = max(widest, len(t.Key)), max(types, len(t.Set.Type()))
	}
	for _, t := range s.Settings {
		line := fmt.Sprintf("  %-*s  %-*s  %s", widest, t.Key, types, t.Set.Type(), s.shown(&t))
		if t.Doc != "" {
			line += "  " + t.Doc
		}
		if t.Place != "" {
			line += " (" + t.Place + ")"
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// shown is a setting's default as people may see it: a reference as it is
// written, never what it stands for, and never a secret.
func (s *Spec) shown(t *Setting) string {
	for _, r := range s.refs() {
		if r.Key == t.Key && r.Key != "" {
			return r.written()
		}
	}
	if t.Secret {
		return "(secret)"
	}
	if v := t.Set.String(); v != "" {
		return v
	}
	return `""`
}

// written is the reference as the pipeline has it, without its literals where
// they may belong to a secret.
func (r *Ref) written() string {
	var text strings.Builder
	for _, p := range r.Parts {
		switch p.kind {
		case partEnv, partEnvOr:
			text.WriteString("${env:" + p.text + "}")
		case partFile:
			text.WriteString("${file:" + p.text + "}")
		default:
			text.WriteString("…")
		}
	}
	return text.String()
}
