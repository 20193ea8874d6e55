package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/backends/golang/profile"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/compiler/plan"
)

// roundTime is how long a round of a measurement works, at least: a profile sees a
// hundred stacks a second.
const roundTime = time.Second

// measure builds the pipeline with samples for what its sources read and nothing behind
// its sinks, runs it, and tells what its nodes cost and let through. Each source's sample
// is read alone, in turn with the others'.
func (c *planCmd) measure(a *app, samples map[string]string) (*plan.Measured, error) {
	o, err := c.options(a)
	if err != nil {
		return nil, err
	}
	r, err := driver.Compile(a.ctx, o)
	if err != nil {
		return nil, compileError(err)
	}
	if r.Program != nil && len(r.References) > 0 {
		if err := a.bringHere(r); err != nil {
			return nil, err
		}
	}
	m := &measurement{app: a, result: r, sources: plan.Sources(r.Program)}
	if m.dir, err = os.MkdirTemp("", "flowc-plan-"); err != nil {
		return nil, environment(err)
	}
	defer os.RemoveAll(m.dir)
	if err := m.build(samples); err != nil {
		return nil, err
	}
	out := &plan.Measured{Sampled: plan.Sampled{Machine: thisMachine(), Load: loadNow(), Rounds: c.Rounds}, Sources: map[string]*plan.Run{}}
	feedings := map[string]*feeding{}
	for _, name := range m.sources {
		if feedings[name], err = m.prepare(name, samples[name]); err != nil {
			return nil, err
		}
	}
	rounds := map[string][]*round{}
	for range c.Rounds {
		for _, name := range m.sources {
			one, err := m.round(name, feedings[name])
			if err != nil {
				return nil, err
			}
			rounds[name] = append(rounds[name], one)
		}
	}
	for _, name := range m.sources {
		run, least, most := summed(rounds[name], m.idle)
		out.Sources[name] = run
		out.Sampled.Records += run.Records
		out.Sampled.Nanos += least.Seconds() * 1e9
		out.Sampled.Most += most.Seconds() * 1e9
	}
	out.Sampled.Nanos /= float64(out.Sampled.Records)
	out.Sampled.Most /= float64(out.Sampled.Records)
	return out, nil
}

// A measurement is a program that is measured.
type measurement struct {
	app     *app
	result  *driver.Result
	sources []string
	dir     string // of what is made for it
	binary  string
	reader  *profile.Reader
	idle    time.Duration // what the program takes without records
}

// A feeding is what a source reads in a round.
type feeding struct {
	pattern string // of its files
	unit    string // the file that they are names of
	ext     string
}

// build builds the program.
func (m *measurement) build(samples map[string]string) error {
	p := m.result.Program
	paths := map[string]string{}
	for _, name := range m.sources {
		paths[name] = "sample" + filepath.Ext(samples[name])
	}
	if err := plan.ForSample(p, paths); err != nil {
		return usage(err)
	}
	l := layout(p)
	files, err := golang.Backend{}.Emit(p, nil, l)
	if err != nil {
		return bug(err)
	}
	if m.binary, _, err = m.app.buildFiles(m.result, files, l, build.Request{Profile: true}); err != nil {
		return err
	}
	m.reader = profile.New(p, files)
	return nil
}

// prepare makes what a source reads in each round, and enough of it.
func (m *measurement) prepare(source, sample string) (*feeding, error) {
	info, err := os.Stat(sample)
	switch {
	case err != nil:
		return nil, usage(fmt.Errorf("--sample: %w", err))
	case !info.Mode().IsRegular():
		return nil, usage(fmt.Errorf("--sample: %s is no file", sample))
	case info.Size() == 0:
		return nil, usage(fmt.Errorf("--sample: %s is empty", sample))
	}
	f := &feeding{ext: filepath.Ext(sample)}
	if f.unit, err = m.unit(source, sample, info.Size()); err != nil {
		return nil, environment(err)
	}
	dir := filepath.Join(m.dir, source)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, environment(err)
	}
	f.pattern = filepath.Join(dir, "*"+f.ext)
	if err := os.WriteFile(m.nothing(), nil, 0o600); err != nil {
		return nil, environment(err)
	}
	if m.idle == 0 && f.ext != ".parquet" { // of which none is empty
		one, err := m.round(source, &feeding{pattern: m.nothing()})
		if err != nil {
			return nil, err
		}
		m.idle = one.cpu
	}
	if err := f.link(dir, 0, 1); err != nil {
		return nil, environment(err)
	}
	one, err := m.round(source, f) // its first round warms up what is cached
	if err != nil {
		return nil, err
	}
	if one.report.Sources[source].Records == 0 {
		return nil, usage(fmt.Errorf("--sample: `%s` finds no records in %s", source, sample))
	}
	times := int(roundTime/max(one.cpu-m.idle, time.Millisecond)) + 1
	return f, environmentOf(f.link(dir, 1, min(times, 1000)))
}

// nothing is a file without records.
func (m *measurement) nothing() string { return filepath.Join(m.dir, "nothing.ndjson") }

// environmentOf is environment that leaves no error one.
func environmentOf(err error) error {
	if err == nil {
		return nil
	}
	return environment(err)
}

// unitBytes is how long a file is at least that is read again and again: opening one
// must cost nothing.
const unitBytes = 16 << 20

// unit is the sample, or a file that has it so often that it is long enough, where
// records are lines.
func (m *measurement) unit(source, sample string, size int64) (string, error) {
	lines, skip := plan.Lines(m.result.Program, source)
	switch filepath.Ext(sample) {
	case ".gz", ".zst":
		lines = false
	}
	if !lines || size >= unitBytes {
		return filepath.Abs(sample)
	}
	text, err := os.ReadFile(sample)
	if err != nil {
		return "", err
	}
	if text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	again := text
	for range skip {
		_, again, _ = bytes.Cut(again, []byte("\n"))
	}
	if len(again) > 0 {
		text = slices.Concat(text, bytes.Repeat(again, unitBytes/len(again)))
	}
	path := filepath.Join(m.dir, source+"-unit"+filepath.Ext(sample))
	return path, os.WriteFile(path, text, 0o600)
}

// link gives the unit more names, from first to before last.
func (f *feeding) link(dir string, first, last int) error {
	for i := first; i < last; i++ {
		if err := os.Symlink(f.unit, filepath.Join(dir, fmt.Sprintf("%04d%s", i, f.ext))); err != nil {
			return err
		}
	}
	return nil
}

// A round is one run of the program.
type round struct {
	cpu    time.Duration
	report runReport
	times  map[string]int64 // by node, of the profile
}

// A runReport is what a program's --report has, as far as it is read here.
type runReport struct {
	Nodes map[string]struct {
		In, Out, Emitted int64
	}
	Sources, Sinks map[string]struct{ Records, Bytes int64 }
}

// round runs the program over the files of one source; the others read nothing.
func (m *measurement) round(source string, f *feeding) (*round, error) {
	state := filepath.Join(m.dir, "state")
	defer os.RemoveAll(state)
	report, prof := filepath.Join(m.dir, "report.json"), filepath.Join(m.dir, "cpu.pprof")
	args := []string{"--fresh", "--report", report, "--log-level", "error"}
	for _, name := range m.sources {
		path := f.pattern
		if name != source {
			path = m.nothing()
		}
		args = append(args, "--set", name+".config.path="+path)
	}
	ctx, cancel := context.WithTimeout(m.app.ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, m.binary, args...)
	cmd.Dir = m.result.Dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "FLOWC_SET=") { // it may set what was taken away
			cmd.Env = append(cmd.Env, v)
		}
	}
	// On one core: how many others there are, and what they do, is left out.
	cmd.Env = append(cmd.Env, "FLOWC_STATE="+state, "FLOWC_PROFILE="+prof, "GOMAXPROCS=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		if m.app.ctx.Err() != nil {
			return nil, m.app.ctx.Err()
		}
		var died *exec.ExitError
		if !errors.As(err, &died) {
			return nil, environment(err)
		}
		code := exitDied
		if died.ExitCode() == exitEnv {
			code = exitEnv
		}
		return nil, &exitError{code: code, err: fmt.Errorf("the pipeline does not get through the sample of `%s`:\n%s", source, strings.TrimSpace(stderr.String()))}
	}
	one := &round{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	text, err := os.ReadFile(report)
	if err == nil {
		err = json.Unmarshal(text, &one.report)
	}
	if err != nil {
		return nil, bug(err)
	}
	data, err := os.ReadFile(prof)
	if err != nil {
		return nil, bug(err)
	}
	samples, err := profile.Read(bytes.NewReader(data))
	if err != nil {
		return nil, bug(err)
	}
	one.times = m.reader.Times(samples)
	return one, nil
}

// summed makes one of the rounds of a source: the least time that one of them took,
// without what the program takes for nothing, divided among the nodes as all of their
// profiles say.
func summed(rounds []*round, idle time.Duration) (run *plan.Run, least, most time.Duration) {
	last := rounds[len(rounds)-1].report
	run = &plan.Run{In: map[string]int64{}, Out: map[string]int64{}, SinkBytes: map[string]int64{}, Nanos: map[string]float64{}, Samples: map[string]int64{}}
	for _, s := range last.Sources {
		run.Records += s.Records
		run.Bytes += s.Bytes
	}
	for name, n := range last.Nodes {
		run.In[name], run.Out[name] = n.In, n.Out
		if n.Emitted > 0 {
			run.Out[name] = n.Emitted
		}
	}
	for name, s := range last.Sinks {
		run.SinkBytes[name] = s.Bytes
	}
	all := int64(0)
	for i, one := range rounds {
		cpu := max(one.cpu-idle, time.Microsecond)
		if i == 0 {
			least, most = cpu, cpu
		}
		least, most = min(least, cpu), max(most, cpu)
		for _, nanos := range one.times {
			all += nanos
		}
	}
	run.Spread = most.Seconds()/least.Seconds() - 1
	const sampled = int64(10 * time.Millisecond) // what a stack of a profile stands for
	for _, one := range rounds {
		for id, nanos := range one.times {
			run.Nanos[id] += float64(least.Nanoseconds()) * float64(nanos) / float64(max(all, 1))
			run.Samples[id] += nanos / sampled
		}
	}
	return run, least, most
}
