package attend

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/runtime/control"
	"github.com/flowc-dev/flowc/runtime/proto"
)

// Runs are runs as a control plane knows them, on whichever machine they are.
func Runs(address string, all []*proto.ComponentStatusResponse) []*deploy.Run {
	found := map[string]*deploy.Run{}
	var list []*deploy.Run
	// Those that have ended come last, and began first.
	all = slices.SortedStableFunc(slices.Values(all), func(a, b *proto.ComponentStatusResponse) int {
		return a.GetRegisteredAt().AsTime().Compare(b.GetRegisteredAt().AsTime())
	})
	for _, c := range all {
		m := c.GetComponent().GetMetadata()
		if m[control.KeyKind] != control.KindRun {
			continue
		}
		id := m[control.KeyRun] + "@" + m[control.KeyHost]
		i := deploy.Instance{Name: id, State: planeState(c), Says: c.GetMetrics()["says"], Since: c.GetRegisteredAt().AsTime()}
		i.PID, _ = strconv.Atoi(m["pid"])
		i.Restarts, _ = strconv.Atoi(c.GetMetrics()["restarts"])
		i.ExitCode, _ = strconv.Atoi(c.GetMetrics()["exit_code"])
		run := &deploy.Run{ID: id, Pipeline: m["pipeline"], Hash: m["hash"], Place: fmt.Sprintf("%s, by the control plane at %s", m[control.KeyHost], address), File: m["file"], Wanted: 1}
		if at, err := time.Parse(time.RFC3339Nano, c.GetMetrics()[control.KeyEnded]); err == nil {
			i.Since, i.PID = at, 0
			records, _ := strconv.ParseInt(c.GetMetrics()["records"], 10, 64)
			i.Totals = &deploy.Totals{In: records}
			if i.Says == "" {
				i.Says = c.GetMetrics()["totals"]
			}
		} else {
			f := &deploy.Figures{Pipeline: run.Pipeline, Hash: run.Hash, PID: i.PID, Ready: i.State == deploy.Ready, Says: i.Says}
			f.Records, _ = strconv.ParseInt(c.GetMetrics()["records"], 10, 64)
			f.Rate, _ = strconv.ParseFloat(c.GetMetrics()["rate"], 64)
			f.Memory, _ = strconv.ParseUint(c.GetMetrics()["memory"], 10, 64)
			if at, err := time.Parse(time.RFC3339Nano, m[control.KeyStarted]); err == nil {
				i.Since, f.Seconds = at, time.Since(at).Seconds()
			}
			i.Figures = f
			found[id] = run
		}
		run.Instances = []deploy.Instance{i}
		list = append(list, run)
	}
	for _, c := range all {
		m := c.GetComponent().GetMetadata()
		if run := found[m[control.KeyRun]+"@"+m[control.KeyHost]]; run != nil && m[control.KeyKind] == control.KindStage {
			f := run.Instances[0].Figures
			f.Nodes = append(f.Nodes, planeNode(c))
		}
	}
	return list
}

// planeState is the state of a run: what it said last, unless nothing was heard of it since.
func planeState(c *proto.ComponentStatusResponse) deploy.State {
	said := deploy.State(c.GetMetrics()[control.KeyState])
	switch {
	case said == control.StateLost:
		return deploy.Failed
	case c.GetStatus() == proto.HealthStatus_HEALTH_STATUS_UNHEALTHY && said == deploy.Ready:
		return deploy.Unready
	case said == "":
		return deploy.Starting
	}
	return said
}

func planeNode(c *proto.ComponentStatusResponse) deploy.NodeFigures {
	n := deploy.NodeFigures{Name: c.GetComponent().GetName(), Ill: c.GetMetrics()["ill"]}
	for role, t := range typeOf {
		if c.GetComponent().GetType() == t {
			n.Role = role
		}
	}
	for name, at := range map[string]*int64{
		"in": &n.In, "out": &n.Out, "filtered": &n.Filtered, "dead": &n.Dead, "dropped": &n.Dropped, "failed": &n.Failed, "retried": &n.Retried, "emitted": &n.Emitted, "bytes": &n.Bytes,
	} {
		*at, _ = strconv.ParseInt(c.GetMetrics()[name], 10, 64)
	}
	n.Rate, _ = strconv.ParseFloat(c.GetMetrics()["rate"], 64)
	return n
}
