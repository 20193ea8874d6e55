package program

import (
	"bytes"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

func testProcesses(partition, writer *string) []Process {
	spec := func(name string) func() Spec {
		return func() Spec {
			return Spec{
				Name: "shop-" + name, Hash: "h", Version: "devel",
				Settings: []Setting{
					{Key: "in.config.partition", Set: String(partition)},
					{Key: "out.config.writer", Set: String(writer)},
					{Key: "other.config.partition", Set: String(new(string))},
				},
				New: func() (*flow.Program, error) { return flow.New(flow.Info{Name: "shop-" + name}), nil },
			}
		}
	}
	return []Process{
		{Name: "read", Replicas: 1, Outputs: []string{"out"}, Spec: spec("read")},
		{Name: "work", Replicas: 3, Inputs: []string{"in"}, Outputs: []string{"out"}, Spec: spec("work")},
	}
}

// A process, and one of its copies, is chosen by flags; each copy has a name and a state
// of its own, and knows which partition is its.
func TestChoose(t *testing.T) {
	for _, c := range []struct {
		args                         string
		name, partition, writer, err string
		rest                         string
		env                          map[string]string
	}{
		{args: "--process read", name: "shop-read", writer: "shop-read"},
		{args: "--process=work --replica=2", name: "shop-work.2", partition: "2", writer: "shop-work.2"},
		{args: "-process work -replica 0 --fresh", name: "shop-work.0", partition: "0", writer: "shop-work.0", rest: "--fresh"},
		{args: "checkpoint show --process read --format json", name: "shop-read", writer: "shop-read", rest: "checkpoint show --format json"},
		{args: "--process read --replica 0", name: "shop-read", writer: "shop-read"},
		{args: "health", name: "shop-work.1", partition: "1", writer: "shop-work.1", rest: "health", env: map[string]string{"FLOWC_PROCESS": "work", "FLOWC_REPLICA": "shop-work-1"}},
		{args: "--replica 2", name: "shop-work.2", partition: "2", writer: "shop-work.2", env: map[string]string{"FLOWC_PROCESS": "work", "FLOWC_REPLICA": "1"}},
		{args: "--process read", name: "shop-read", writer: "shop-read", env: map[string]string{"FLOWC_PROCESS": "work", "FLOWC_REPLICA": ""}},
		{args: "", err: "--replica pod: the copies of work are 0 to 2", env: map[string]string{"FLOWC_PROCESS": "work", "FLOWC_REPLICA": "pod"}},
		{args: "", err: "say which process this is, by a flag or in FLOWC_PROCESS: --process read, --process work"},
		{args: "--process worc", err: "unknown process worc (did you mean work?)"},
		{args: "--process work", err: "say which copy of work this is, by a flag or in FLOWC_REPLICA: --replica 0 to --replica 2"},
		{args: "--process work --replica 3", err: "--replica 3: the copies of work are 0 to 2"},
		{args: "--process work --replica x", err: "--replica x: the copies of work are 0 to 2"},
		{args: "--process read --replica 1", err: "--replica 1: the copies of read are 0 to 0"},
		{args: "--process", err: "flag needs an argument: --process"},
		{args: "--process read --process work", err: "--process is given twice"},
	} {
		var partition, writer string
		env := environment{lookup: func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }}
		s, _, rest, err := choose(testProcesses(&partition, &writer), strings.Fields(c.args), env)
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%s: got %v, want %s", c.args, err, c.err)
			}
			if err != nil && exitCode(nil, err, nil) != 2 {
				t.Errorf("%s: exit code %d", c.args, exitCode(nil, err, nil))
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		p, err := s.New()
		if err != nil {
			t.Fatal(err)
		}
		if s.Name != c.name || p.Info().Name != c.name || partition != c.partition && c.partition != "" || writer != c.writer || strings.Join(rest, " ") != c.rest {
			t.Errorf("%s: got %s, %s, partition %q, writer %q, %q", c.args, s.Name, p.Info().Name, partition, writer, rest)
		}
	}
}

// Somebody who asks for help is told of the processes; a process has a help of its own.
func TestProcessesHelp(t *testing.T) {
	var out, errs bytes.Buffer
	env := environment{lookup: func(string) (string, bool) { return "", false }}
	p := process{stdout: &out, stderr: &errs, env: env}
	if code := p.mainOf("shop", testProcesses(new(string), new(string)), []string{"--help"}); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"usage: shop --process NAME [--replica N]", "  read\n", "  work, copies 0 to 2\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if code := p.mainOf("shop", testProcesses(new(string), new(string)), nil); code != 2 || !strings.Contains(errs.String(), "shop: error: say which process this is") {
		t.Errorf("exit code %d: %s", code, &errs)
	}
	out.Reset()
	p = process{stdout: &out, stderr: &errs, env: env}
	if code := p.mainOf("shop", testProcesses(new(string), new(string)), []string{"--process", "read", "--version"}); code != 0 || out.String() != "shop-read h (flowc devel)\n" {
		t.Errorf("exit code %d: %s", code, &out)
	}
}
