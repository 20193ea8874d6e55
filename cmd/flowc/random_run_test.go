package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

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
	dir := b.place(c)
	defer os.RemoveAll(dir)
	return b.checked(i, c, dir, processors, false)
}

// place is an empty place to run a case in, with its input.
func (b *batch) place(c *oracle.Case) string {
	t := b.f.t
	dir := filepath.Join(b.dir, "work")
	work := filepath.Join(dir, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeFiles(c.Files(), work); err != nil {
		t.Fatal(err)
	}
	return dir
}

// checked runs a case to its end, and says what differs. again tells that there
// were runs before that did not come to it.
func (b *batch) checked(i int, c *oracle.Case, dir, processors string, again bool) []string {
	var set oracle.Setting
	if processors == "2" && !again { // the other time as it is compiled
		set = c.Setting()
	}
	run, wrong := b.run(i, dir, processors, set)
	if wrong != "" {
		return []string{wrong}
	}
	run.Again, run.Set = again, set
	d, err := c.Check(filepath.Join(dir, "work"), run)
	if err != nil {
		b.f.t.Fatalf("seed %d: %v", c.Seed, err)
	}
	return d
}

// tryKilled kills the program of a case where it happens to be, some times, and
// lets it come to its end then: what it leaves must be what it would have left.
func (b *batch) tryKilled(i int) (kills int, differences []string) {
	c := b.cases[i]
	r := rand.New(rand.NewPCG(c.Seed, 9))
	dir := b.place(c)
	defer os.RemoveAll(dir)
	for range 5 {
		cmd, _ := b.command(i, dir, "2")
		if err := cmd.Start(); err != nil {
			b.f.t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(time.Duration(5+r.IntN(60)) * time.Millisecond):
			_ = cmd.Process.Kill() // it may have ended now
			kills++
			<-ended
		}
	}
	if d := b.checked(i, c, dir, "2", true); len(d) > 0 {
		return kills, append([]string{fmt.Sprintf("after it was killed %d times:", kills)}, d...)
	}
	return kills, nil
}

// command is the program of a case, in dir/work, with its state and its report
// beside.
func (b *batch) command(i int, dir, processors string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.Command(b.binary, packageOf(i), filepath.Join(dir, "report.json"))
	cmd.Dir = filepath.Join(dir, "work")
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+processors, "FLOWC_STATE="+filepath.Join(dir, "state"), oracle.ServerVariable+"="+b.f.server.URL)
	b.f.server.runsIn(cmd.Dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

// run runs the program of a case to its end.
func (b *batch) run(i int, dir, processors string, set oracle.Setting) (oracle.Run, string) {
	ctx, cancel := background()
	defer cancel()
	cmd, out := b.command(i, dir, processors)
	cmd.Env = append(cmd.Env, "FLOWC_SET="+set.String())
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
