package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

type sandboxLogsCmd struct {
	folderArg `embed:""`
	Service   string `arg:"" optional:"" help:"Of this service alone, or of the pipeline by its name."`
	Follow    bool   `short:"f" help:"Go on with what comes, until the sandbox ends."`
	Tail      int    `help:"Begin with so many of the last lines; all without it." default:"-1" placeholder:"N"`
}

// Run prints what a sandbox says.
func (c *sandboxLogsCmd) Run(a *app) error {
	if c.Follow && a.format == "json" {
		return usage(errors.New("--format json is one document, and --follow has no end: leave one of them out"))
	}
	f, plan, _, err := c.planned()
	if err != nil {
		return err
	}
	if c.Service != "" && c.Service != "sandbox" && (plan.Program == nil || plan.Program.Name != c.Service) {
		if _, err := serviceOf(plan, c.Service); err != nil {
			return err
		}
	}
	lines, err := sandboxLines(f, c.Service)
	if err != nil {
		return environment(err)
	}
	if c.Tail >= 0 {
		lines = lines[max(0, len(lines)-c.Tail):]
	}
	if a.format == "json" {
		return a.answer(plural(len(lines), "line"), lines, nil)
	}
	if c.Follow {
		return followSandbox(a, f, c.Service, false, lines...)
	}
	printLines(a.stdout, lines)
	return nil
}

func printLines(w io.Writer, lines []sandbox.Line) {
	for _, l := range lines {
		fmt.Fprintf(w, "%s | %s\n", l.Name, l.Text)
	}
}

// sandboxLines are the lines that there are, of one name or of all.
func sandboxLines(f sandbox.Folder, name string) (all []sandbox.Line, err error) {
	all = []sandbox.Line{}
	for _, file := range []string{"log.1", "log"} {
		text, err := os.ReadFile(f.Path(file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			if l, err := sandbox.ParseLine(strings.TrimSuffix(line, "\n")); err == nil && (name == "" || l.Name == name) {
				all = append(all, l)
			}
		}
	}
	return all, nil
}

// followSandbox prints lines as they come, until the sandbox ends or somebody has had
// enough; from now on, or behind those that there were.
func followSandbox(a *app, f sandbox.Folder, name string, now bool, before ...sandbox.Line) error {
	file, err := os.Open(f.Path("log"))
	if err != nil {
		return environment(err)
	}
	defer func() { file.Close() }()
	if now {
		_, err = file.Seek(0, io.SeekEnd)
	} else if len(before) > 0 {
		printLines(a.stdout, before)
		err = passed(file, before[len(before)-1])
	}
	if err != nil {
		return environment(err)
	}
	in, rest := bufio.NewReader(file), ""
	last := false
	for {
		text, err := in.ReadString('\n')
		rest += text
		if err == nil {
			if l, err := sandbox.ParseLine(strings.TrimSuffix(rest, "\n")); err == nil && (name == "" || l.Name == name) {
				printLines(a.stdout, []sandbox.Line{l})
			}
			rest = ""
			continue
		}
		if !errors.Is(err, io.EOF) {
			return environment(err)
		}
		if another, err := os.Open(f.Path("log")); err == nil {
			if sameFile(file, another) {
				another.Close()
			} else { // a new file has begun
				file.Close()
				file, in, rest = another, bufio.NewReader(another), ""
				continue
			}
		}
		if last {
			return nil
		}
		held, err := f.Held()
		if err != nil {
			return environment(err)
		}
		last = !held // what it said last is read once more
		select {
		case <-a.ctx.Done():
			return nil // the sandbox goes on
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func sameFile(a, b *os.File) bool {
	x, err := a.Stat()
	if err != nil {
		return false
	}
	y, err := b.Stat()
	return err == nil && os.SameFile(x, y)
}

// passed goes behind a line that was printed already; to the begin where it is not there.
func passed(file *os.File, line sandbox.Line) error {
	text, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	whole := strings.Join([]string{line.Time, line.Name, line.Text}, " ") + "\n"
	lines := slices.Collect(strings.Lines(string(text)))
	at := int64(0)
	if i := lastIndex(lines, whole); i >= 0 {
		for _, l := range lines[:i+1] {
			at += int64(len(l))
		}
	}
	_, err = file.Seek(at, io.SeekStart)
	return err
}

func lastIndex(lines []string, line string) int {
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i] == line {
			return i
		}
	}
	return -1
}
