package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/flowc-dev/flowc/cmd/flowc/internal/oracle"
)

// try runs a case on one and on two processors, and says what differs from what
// the oracle expects.
func (b *batch) try(i int) []string { return b.tryWith(i, b.cases[i]) }

// tryWith is try with other data.
func (b *batch) tryWith(i int, c *oracle.Case) []string {
	if b.wrong[i] != "" {
		return []string{b.wrong[i]}
	}
	for _, processors := range []string{"1", "2"} {
		if d := b.once(i, c, processors); len(d) > 0 {
			return append([]string{"on " + processors + " processors:"}, d...)
		}
	}
	return nil
}

func (b *batch) once(i int, c *oracle.Case, processors string) []string {
	t := b.f.t
	dir := filepath.Join(b.dir, "work")
	defer os.RemoveAll(dir)
	work := filepath.Join(dir, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeInput(c, work); err != nil {
		t.Fatal(err)
	}
	run, wrong := b.run(i, dir, processors)
	if wrong != "" {
		return []string{wrong}
	}
	d, err := c.Check(work, run)
	if err != nil {
		t.Fatalf("seed %d: %v", c.Seed, err)
	}
	return d
}

// command is the program of a case, in dir/work, with its state and its report
// beside.
func (b *batch) command(i int, dir, processors string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.Command(b.binary, packageOf(i), filepath.Join(dir, "report.json"))
	cmd.Dir = filepath.Join(dir, "work")
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+processors, "FLOWC_STATE="+filepath.Join(dir, "state"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

// run runs the program of a case to its end.
func (b *batch) run(i int, dir, processors string) (oracle.Run, string) {
	ctx, cancel := background()
	defer cancel()
	cmd, out := b.command(i, dir, processors)
	if err := cmd.Start(); err != nil {
		b.f.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		cmd.Process.Kill()
		<-ended
		return oracle.Run{}, "the program does not end"
	}
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 7) {
		return oracle.Run{}, fmt.Sprintf("the program ended with %v\n%s", err, out)
	}
	report, rerr := os.ReadFile(filepath.Join(dir, "report.json"))
	if rerr != nil {
		return oracle.Run{}, fmt.Sprintf("no report: %v\n%s", rerr, out)
	}
	return oracle.Run{Failed: err != nil, Report: report}, ""
}
