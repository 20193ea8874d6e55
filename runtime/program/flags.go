package program

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// options is what the command line says.
type options struct {
	command string // run, check, health, checkpoint, dlq, infer

	set, setFiles []string
	report        string
	logFormat     string
	logLevel      string
	fresh, wait   bool
	version, help bool

	address string // of health
	// action is what `checkpoint` or `dlq` does, format how it prints.
	action, format string
	checkpointOptions
	dlqOptions
}

// checkpointOptions are those of `checkpoint`.
type checkpointOptions struct {
	file              string // of export and import
	source, split, to string
	yes, dryRun       bool
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
	case "infer":
		f.StringVar(&o.format, "format", "text", "")
		f.IntVar(&o.limit, "limit", defaultSample, "")
	case "checkpoint":
		if o.action == "show" {
			f.StringVar(&o.format, "format", "text", "")
		}
		o.checkpointFlags(o.action, f)
	case "dlq":
		if o.action != "replay" {
			f.StringVar(&o.format, "format", "text", "")
		} else {
			f.BoolVar(&o.dryRun, "dry-run", false, "")
		}
		o.dlqFlags(o.action, f)
	}
	return f
}

// checkpointFlags declares those of an action.
func (o *checkpointOptions) checkpointFlags(action string, f *flag.FlagSet) {
	switch action {
	case "rewind":
		f.StringVar(&o.source, "source", "", "")
		f.StringVar(&o.split, "split", "", "")
		f.StringVar(&o.to, "to", "", "")
		fallthrough
	case "import":
		f.BoolVar(&o.yes, "yes", false, "")
		f.BoolVar(&o.dryRun, "dry-run", false, "")
	}
}

// takeFile takes the file of export and import, before or behind the flags.
func (o *checkpointOptions) takeFile(f *flag.FlagSet, args []string) error {
	if len(args) > 0 && (args[0] == "-" || !strings.HasPrefix(args[0], "-")) {
		o.file, args = args[0], args[1:]
	}
	if err := f.Parse(args); err != nil {
		return err
	}
	if o.file == "" && f.NArg() == 1 {
		o.file = f.Arg(0)
		return f.Parse(nil)
	}
	return nil
}

var commands = []string{"run", "check", "health", "checkpoint", "dlq", "infer"}

// actions are what the commands do that do several things.
var actions = map[string][]string{"checkpoint": checkpointActions, "dlq": dlqActions}

// parse reads the command line. `run` may be left out.
func parse(args []string) (*options, error) {
	o := &options{command: "run"}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		o.command, args = args[0], args[1:]
		switch o.command {
		case "run", "check", "health", "infer":
		case "checkpoint", "dlq":
			can := actions[o.command]
			switch {
			case len(args) == 0:
				return nil, &usageError{o.command + ": say what to do: " + strings.Join(can, ", ")}
			case isHelp(args[0]):
				o.help = true
				return o, nil
			case !contains(can, args[0]):
				return nil, unknown("command", o.command+" "+args[0], withPrefix(o.command+" ", can))
			}
			o.action, args = args[0], args[1:]
		default:
			return nil, unknown("command", o.command, commands)
		}
	}
	f := o.flagsOf(o.command)
	if err := o.takeArgs(f, args); err != nil {
		return nil, flagError(f, err)
	}
	if o.action == "import" && o.file == "" && !o.help {
		return nil, &usageError{"checkpoint import: name the file that `checkpoint export` wrote, or - for standard input"}
	}
	if f.NArg() > 0 {
		return nil, &usageError{fmt.Sprintf("unexpected argument %q", f.Arg(0))}
	}
	if o.command == "dlq" && !o.help {
		if err := o.dlqOptions.check(o.action); err != nil {
			return nil, err
		}
	}
	return o, o.check()
}

// takeArgs parses the flags, and what the command takes besides them.
func (o *options) takeArgs(f *flag.FlagSet, args []string) error {
	switch {
	case o.command == "dlq":
		return o.takeIDs(f, args)
	case o.command == "infer":
		return o.takeSource(f, args)
	case o.action == "export" || o.action == "import":
		return o.takeFile(f, args)
	}
	return f.Parse(args)
}

// takeSource takes the name of a source, before or behind the flags.
func (o *options) takeSource(f *flag.FlagSet, args []string) error {
	if err := o.takeIDs(f, args); err != nil {
		return err
	}
	switch {
	case len(o.ids) > 1:
		return &usageError{fmt.Sprintf("unexpected argument %q", o.ids[1])}
	case o.limit < 1:
		return &usageError{fmt.Sprintf("--limit %d: it is how many records to look at", o.limit)}
	case len(o.ids) == 1:
		o.node = o.ids[0]
	}
	return nil
}

func withPrefix(prefix string, words []string) []string {
	var out []string
	for _, w := range words {
		out = append(out, prefix+w)
	}
	return out
}

func isHelp(arg string) bool { return arg == "--help" || arg == "-help" || arg == "-h" }

// flagError says what package flag says, with two dashes and a near name.
func flagError(f *flag.FlagSet, err error) error {
	var known *usageError
	if errors.As(err, &known) {
		return err
	}
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
