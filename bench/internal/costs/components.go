package costs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/rig"
)

// A way is one to a component in a process of its own, as `flowc plan` calls it.
type way struct {
	name   string // in the table
	speaks string
	yaml   string // of the node, its command or endpoint left out
	args   string // of the component
	// over is by gRPC, although both are on one host.
	over bool
	// inTurn is a processor that is given one event at a time.
	inTurn bool
}

// ways are those of which each role has one.
var ways = []way{
	{name: "flowc.v1", speaks: "flowc.v1", yaml: "protocol: acked"},
	{name: "flowc.v1-grpc", speaks: "flowc.v1", yaml: "protocol: acked", over: true},
	{name: "flowctl.v1", speaks: "flowctl.v1", yaml: "protocol: grpc", args: "-together"},
	{name: "lines", speaks: "lines", yaml: "protocol: lines"},
}

// turns is what a processor of flowctl.v1 is that may handle several events at once.
var turns = way{name: "flowctl.v1-in-turn", speaks: "flowctl.v1", yaml: "protocol: grpc", inTurn: true}

// turnRecords is how many events are given one at a time: each is waited for.
const turnRecords = 1500

// components measures both ends of hops to components: what the program takes for a record,
// and what a component takes that does nothing with it.
func (b *bench) components(ctx context.Context, sets []dataset) error {
	for _, role := range []string{"source", "processor", "sink"} {
		all := ways
		if role == "processor" {
			all = append(all[:len(all):len(all)], turns)
		}
		for _, w := range all {
			if err := b.hops(ctx, sets, role, w); err != nil {
				return b.fail(role+" by "+w.name, err)
			}
		}
	}
	return nil
}

// A hop is a program with its component.
type hop struct {
	*program
	way
	role     string
	standin  string // its path
	used     string // the file that the component writes at its end
	endpoint string // where it runs by itself, "" for none
}

// hops measures one way with records of all sizes.
func (b *bench) hops(ctx context.Context, sets []dataset, role string, w way) error {
	h, err := b.hop(ctx, role, w)
	if err != nil {
		return err
	}
	none := filepath.Join(b.Dir, "costs-none.txt")
	if err := os.WriteFile(none, nil, 0o600); err != nil {
		return err
	}
	idle, err := b.round(ctx, h, none, 0)
	if err != nil {
		return err
	}
	for _, s := range sets {
		except := []string{}
		switch role {
		case "source":
			except = []string{"source/file", "encode/raw", "encode/text"}
		case "processor":
			except = []string{"encode/raw", "encode/text"}
		}
		rest, err := b.rest(ctx, s, except...)
		if err != nil {
			return err
		}
		path, records := s.ndjson, s.records
		if w.inTurn {
			path, records = filepath.Join(b.Dir, "costs-in-turn-"+s.name+".txt"), turnRecords
			if err := firstLines(s.ndjson, path, records); err != nil {
				return err
			}
		}
		took, err := b.round(ctx, h, path, records)
		if err != nil {
			return err
		}
		b.note(role+"/"+w.name, s.size, each(took.ours-idle.ours, records)-rest)
		if w.speaks != "lines" { // of programs that speak by lines each has a way of its own
			b.note("component/"+role+"-"+w.name, s.size, each(took.theirs, records))
		}
		if w.inTurn {
			b.note("wait/"+w.name, s.size, each(took.wall-idle.wall, records))
		}
	}
	return nil
}

// hop builds the program of a way.
func (b *bench) hop(ctx context.Context, role string, w way) (*hop, error) {
	standin, err := b.Shop.Go(ctx, "internal/standin")
	if err != nil {
		return nil, err
	}
	name := "hop-" + role + "-" + w.name
	h := &hop{way: w, role: role, standin: standin, used: filepath.Join(b.Dir, "costs-used-"+role+"-"+w.name+".json")}
	node := fmt.Sprintf("command: [%s], %s", quoted(h.commandLine(b)), w.yaml)
	if w.over {
		address, err := rig.FreeAddress()
		if err != nil {
			return nil, err
		}
		// Of an address that is not the loopback's no pipeline knows that it is of this host.
		h.endpoint = strings.Replace(address, "127.0.0.1", "0.0.0.0", 1)
		node = fmt.Sprintf("endpoint: %q, %s", h.endpoint, w.yaml)
	}
	const file = "use: file, config: {path: in.txt, format: text}"
	text := map[string]string{
		"source":    "sources: {in: {" + node + ", out: text}}\nsinks: {out: {from: in, use: drop}}\n",
		"processor": "sources: {in: {" + file + "}}\nprocessors: {x: {from: in, " + node + ", out: text}}\nsinks: {out: {from: x, use: drop}}\n",
		"sink":      "sources: {in: {" + file + "}}\nsinks: {out: {from: in, " + node + "}}\n",
	}[role]
	h.program, err = b.built(ctx, name, "pipeline: p\ndelivery: {guarantee: at-most-once}\n"+text)
	return h, err
}

// commandLine is how the component is started.
func (h *hop) commandLine(b *bench) []string {
	words := []string{h.standin, "-role", h.role, "-speaks", h.speaks, "-used", h.used, "-cpus", strconv.Itoa(b.ServerCore)}
	if h.args != "" {
		words = append(words, h.args)
	}
	return words
}

// quoted has each word in quotes, with commas between.
func quoted(words []string) string {
	for i, w := range words {
		words[i] = strconv.Quote(w)
	}
	return strings.Join(words, ", ")
}

// A taken is what both ends took.
type taken struct{ ours, theirs, wall time.Duration }

// round runs a hop in all rounds, and gives the least of each end.
func (b *bench) round(ctx context.Context, h *hop, path string, records int) (least taken, err error) {
	for round := range b.Rounds {
		one, err := b.oneHop(ctx, h, path, records)
		if err != nil {
			return least, err
		}
		if round == 0 {
			least = one
		}
		least = taken{min(least.ours, one.ours), min(least.theirs, one.theirs), min(least.wall, one.wall)}
	}
	return least, nil
}

func (b *bench) oneHop(ctx context.Context, h *hop, path string, records int) (t taken, err error) {
	c := b.command(h.program)
	c.Env = append(c.Env, "STANDIN_INPUT="+path, "STANDIN_COUNT="+strconv.Itoa(records))
	if h.role != "source" {
		c.Argv = append(c.Argv, "--set", "in.config.path="+path)
	}
	if err := os.RemoveAll(h.used); err != nil {
		return t, err
	}
	if h.endpoint == "" {
		used, err := b.Launcher.Run(ctx, c)
		if err != nil {
			return t, err
		}
		all, work, err := h.took()
		return taken{used.CPU() - all, work, used.Wall}, err // the kernel counts it among the program's children
	}
	server := measure.Command{Argv: h.commandLine(b), Cores: []int{b.ServerCore}, Env: append(c.Env, "PORT="+h.endpoint), Dir: h.dir}
	process, err := b.Launcher.Start(ctx, server)
	if err != nil {
		return t, err
	}
	runErr := rig.Wait(ctx, h.endpoint)
	if runErr == nil {
		used, err := b.Launcher.Run(ctx, c)
		t.ours, t.wall, runErr = used.CPU(), used.Wall, err
	}
	_, stopErr := process.Stop()
	if err := errors.Join(runErr, stopErr); err != nil {
		return t, err
	}
	_, t.theirs, err = h.took()
	return t, err
}

// took is what the component says that it took: in all, and since its first event.
func (h *hop) took() (all, work time.Duration, err error) {
	data, err := os.ReadFile(h.used)
	if err != nil {
		return 0, 0, err
	}
	var used struct{ All, Work int64 }
	err = json.Unmarshal(data, &used)
	return time.Duration(used.All), time.Duration(used.Work), err
}
