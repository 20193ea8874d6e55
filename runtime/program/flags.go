package program

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// options is what the command line says.
type options struct {
	command string // run, health, checkpoint

	set, setFiles []string
	report        string
	logFormat     string
	logLevel      string
	fresh, wait   bool
	version, help bool

	address string // of health
	format  string // of checkpoint
}

// list is a flag that may be given several times.
type list []string

// String is what was given so far.
func (l *list) String() string { return strings.Join(*l, ",") }

// Set adds what was given once more.
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// flagsOf declares the flags of a command.
func (o *options) flagsOf(command string) *flag.FlagSet {
	f := flag.NewFlagSet(command, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.BoolVar(&o.help, "help", false, "")
	f.BoolVar(&o.help, "h", false, "")
	f.Var((*list)(&o.set), "set", "")
	f.Var((*list)(&o.setFiles), "set-file", "")
	switch command {
	case "run":
		f.StringVar(&o.report, "report", "", "")
		f.StringVar(&o.logFormat, "log-format", "", "")
		f.StringVar(&o.logLevel, "log-level", "", "")
		f.BoolVar(&o.fresh, "fresh", false, "")
		f.BoolVar(&o.wait, "wait", false, "")
		f.BoolVar(&o.version, "version", false, "")
	case "health":
		f.StringVar(&o.address, "address", "", "")
	case "checkpoint":
		f.StringVar(&o.format, "format", "text", "")
	}
	return f
}

var commands = []string{"run", "health", "checkpoint"}

// parse reads the command line. `run` may be left out.
func parse(args []string) (*options, error) {
	o := &options{command: "run"}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		o.command, args = args[0], args[1:]
		switch o.command {
		case "run", "health":
		case "checkpoint":
			if len(args) == 0 || args[0] != "show" {
				if len(args) > 0 && isHelp(args[0]) {
					o.help = true
					return o, nil
				}
				return nil, &usageError{"checkpoint: expected `checkpoint show`"}
			}
			args = args[1:]
		default:
			return nil, unknown("command", o.command, commands)
		}
	}
	f := o.flagsOf(o.command)
	if err := f.Parse(args); err != nil {
		return nil, flagError(f, err)
	}
	if f.NArg() > 0 {
		return nil, &usageError{fmt.Sprintf("unexpected argument %q", f.Arg(0))}
	}
	return o, o.check()
}

func isHelp(arg string) bool { return arg == "--help" || arg == "-help" || arg == "-h" }

// flagError says what package flag says, with two dashes and a near name.
func flagError(f *flag.FlagSet, err error) error {
	msg := err.Error()
	if name, ok := strings.CutPrefix(msg, "flag provided but not defined: "); ok {
		var names []string
		f.VisitAll(func(x *flag.Flag) { names = append(names, "--"+x.Name) })
		return unknown("flag", "--"+strings.TrimLeft(name, "-"), names)
	}
	return &usageError{strings.Replace(msg, " -", " --", 1)}
}

func unknown(what, name string, known []string) error {
	msg := fmt.Sprintf("unknown %s %s", what, name)
	if meant := near(name, known); meant != "" {
		msg += fmt.Sprintf(" (did you mean %s?)", meant)
	} else {
		msg += " (see --help)"
	}
	return &usageError{msg}
}

// check refuses values that flags can't have.
func (o *options) check() error {
	for _, c := range []struct {
		flag, value string
		allowed     []string
	}{
		{"--log-format", o.logFormat, logFormats},
		{"--log-level", o.logLevel, logLevels},
		{"--format", o.format, []string{"text", "json"}},
	} {
		if c.value != "" && !contains(c.allowed, c.value) {
			return &usageError{fmt.Sprintf("%s: expected %s, not %q", c.flag, strings.Join(c.allowed, ", "), c.value)}
		}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
