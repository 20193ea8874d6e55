// Package attend tells a control plane how a run of this machine does, and reads there how
// others do.
package attend

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local/runs"
	"github.com/flowc-dev/flowc/runtime/control"
	"github.com/flowc-dev/flowc/runtime/control/client"
	"github.com/flowc-dev/flowc/runtime/proto"
)

// How often it is looked whether the run has ended, and told of it while it is new; and for
// how long it is tried to tell of the end.
const (
	lookAtEnd  = 200 * time.Millisecond
	firstTell  = time.Second
	farewell   = 2 * time.Minute
	betweenTry = time.Second
)

// Run tells a control plane of the run in a folder, as often as every says, until that has
// ended and its end is told.
func Run(ctx context.Context, c *client.Client, folder string, every time.Duration) error {
	run, err := runs.Open(folder)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	t := &attendant{run: run, host: host, plane: c.Plane, stages: map[string]string{}}
	pause := min(firstTell, every)
	var next time.Time
	for run.Alive() {
		if !time.Now().Before(next) {
			if t.tell(ctx) == nil && t.ready {
				pause = every
			}
			next = time.Now().Add(pause)
		}
		select {
		case <-time.After(lookAtEnd):
		case <-ctx.Done():
			return nil
		}
	}
	late := time.After(farewell)
	for t.tell(ctx) != nil || t.leave(ctx) != nil {
		if !isOf(folder, run) { // the next run has the folder, and somebody of its own
			return nil
		}
		select {
		case <-late:
			return nil // the server finds out by the silence
		case <-ctx.Done():
			return nil
		case <-time.After(betweenTry):
		}
	}
	return nil
}

// isOf tells whether a folder is still that of a run.
func isOf(folder string, run *runs.Run) bool {
	now, err := runs.Open(folder)
	return err == nil && now.Process == run.Process
}

// An attendant tells a control plane of one run: the run itself, and the stages of its
// program.
type attendant struct {
	run   *runs.Run
	host  string
	plane proto.ControlPlaneServiceClient
	// id is the service id of the run, "" before it is registered; stages are those of its
	// nodes.
	id     string
	stages map[string]string
	// ready tells that the run was told of with its stages.
	ready bool
}

// tell says how the run does. Whom the server does not know (any more) registers.
func (t *attendant) tell(ctx context.Context) error {
	look := t.run.Look(ctx) // of one that hangs it takes some seconds
	ctx, cancel := context.WithTimeout(ctx, client.AnswerTime)
	defer cancel()
	if err := t.beat(ctx, &t.id, t.name(""), t.ofRun(), healthOf(look.State(), look), metricsOf(look)); err != nil {
		return err
	}
	nodes := nodesOf(look)
	for _, n := range nodes {
		id := t.stages[n.Name]
		health := proto.HealthStatus_HEALTH_STATUS_HEALTHY
		if n.Ill != "" {
			health = proto.HealthStatus_HEALTH_STATUS_DEGRADED
		}
		if err := t.beat(ctx, &id, t.name(n.Name), t.ofStage(n), health, metricsOfNode(n)); err != nil {
			return err
		}
		t.stages[n.Name] = id
	}
	t.ready = len(nodes) > 0
	return nil
}

// beat sends a heartbeat, and registers who is not known.
func (t *attendant) beat(ctx context.Context, id *string, name string, info *proto.ComponentInfo, health proto.HealthStatus, metrics map[string]string) error {
	for range 2 {
		if *id == "" {
			r, err := t.plane.RegisterComponent(ctx, &proto.RegisterRequest{ComponentId: name, Component: info})
			if err != nil {
				return err
			}
			*id = r.GetServiceId()
		}
		_, err := t.plane.Heartbeat(ctx, &proto.HeartbeatRequest{ServiceId: *id, Status: health, Metrics: metrics})
		if !client.Unknown(err) {
			return err
		}
		*id = "" // it has lost its file, or was silent for us for too long
	}
	return nil
}

// leave says farewell: the record of the run stays there.
func (t *attendant) leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, client.AnswerTime)
	defer cancel()
	for name, id := range t.stages {
		if _, err := t.plane.UnregisterComponent(ctx, &proto.ServiceIdentifier{ServiceId: id}); err != nil && !client.Unknown(err) {
			return err
		}
		delete(t.stages, name)
	}
	_, err := t.plane.UnregisterComponent(ctx, &proto.ServiceIdentifier{ServiceId: t.id})
	if client.Unknown(err) {
		return nil
	}
	return err
}

// name is that of the run, or of one of its stages, on all machines.
func (t *attendant) name(stage string) string {
	if stage != "" {
		return t.run.Name + "/" + stage + "@" + t.host
	}
	return t.run.Name + "@" + t.host
}

func (t *attendant) metadata(kind string) map[string]string {
	return map[string]string{
		control.KeyKind: kind, control.KeyRun: t.run.Name, control.KeyHost: t.host, control.KeyStarted: t.run.At.UTC().Format(time.RFC3339Nano), "pipeline": t.run.Pipeline,
	}
}

func (t *attendant) ofRun() *proto.ComponentInfo {
	m := t.metadata(control.KindRun)
	m["file"], m["hash"], m["pid"] = t.run.File, t.run.Hash, strconv.Itoa(t.run.Process.PID)
	return &proto.ComponentInfo{Id: t.name(""), Name: t.run.Pipeline, Description: "a run of the pipeline " + t.run.Pipeline, Version: t.run.Hash, Metadata: m}
}

// typeOf is what a node is in the words of the protocol, by its role.
var typeOf = map[string]proto.ComponentType{"source": proto.ComponentType_COMPONENT_TYPE_SOURCE, "processor": proto.ComponentType_COMPONENT_TYPE_PROCESSOR, "sink": proto.ComponentType_COMPONENT_TYPE_CONSUMER}

func (t *attendant) ofStage(n *deploy.NodeFigures) *proto.ComponentInfo {
	return &proto.ComponentInfo{Id: t.name(n.Name), Name: n.Name, Version: t.run.Hash, Type: typeOf[n.Role], Metadata: t.metadata(control.KindStage)}
}

// healthOf is the state of a run in the words of the protocol: the program's own. One that
// does not answer is not healthy, whatever its process does.
func healthOf(s deploy.State, run *deploy.Run) proto.HealthStatus {
	switch s {
	case deploy.Starting, deploy.Missing:
		return proto.HealthStatus_HEALTH_STATUS_STARTING
	case deploy.Ready:
		return proto.HealthStatus_HEALTH_STATUS_HEALTHY
	case deploy.Unready:
		for _, i := range run.Instances {
			if i.Figures == nil {
				return proto.HealthStatus_HEALTH_STATUS_UNHEALTHY
			}
		}
		return proto.HealthStatus_HEALTH_STATUS_DEGRADED
	case deploy.Ended, deploy.Stopped:
		return proto.HealthStatus_HEALTH_STATUS_STOPPING
	}
	return proto.HealthStatus_HEALTH_STATUS_UNHEALTHY
}

// metricsOf are what a run says of itself, and of its end.
func metricsOf(run *deploy.Run) map[string]string {
	m := map[string]string{control.KeyState: string(run.State())}
	var records, restarts int64
	var rate float64
	var memory uint64
	for _, i := range run.Instances {
		restarts += int64(i.Restarts)
		if f := i.Figures; f != nil {
			records += f.Records
			rate += f.Rate
			memory += f.Memory
		}
		if t := i.Totals; t != nil {
			records += t.In
			m["totals"] = t.String()
		}
		if i.ExitCode != 0 {
			m["exit_code"] = strconv.Itoa(i.ExitCode)
		}
		if i.Says != "" {
			m["says"] = cut(i.Says)
		}
	}
	m["records"], m["rate"] = strconv.FormatInt(records, 10), strconv.FormatFloat(rate, 'f', 1, 64)
	if restarts > 0 {
		m["restarts"] = strconv.FormatInt(restarts, 10)
	}
	if memory > 0 {
		m["memory"] = strconv.FormatUint(memory, 10)
	}
	return m
}

// mostSaid is how much of a message is told: a server refuses more.
const mostSaid = 4 << 10

func cut(text string) string {
	if len(text) > mostSaid {
		return text[:mostSaid] + "…"
	}
	return text
}

// nodesOf adds up the nodes of all processes of a run: copies of one are one stage.
func nodesOf(run *deploy.Run) []*deploy.NodeFigures {
	var all []*deploy.NodeFigures
	for _, i := range run.Instances {
		if i.Figures == nil {
			continue
		}
		for _, n := range i.Figures.Nodes {
			at := slices.IndexFunc(all, func(one *deploy.NodeFigures) bool { return one.Name == n.Name })
			if at < 0 {
				at, all = len(all), append(all, &deploy.NodeFigures{Name: n.Name, Role: n.Role})
			}
			sum := all[at]
			sum.In, sum.Out, sum.Filtered, sum.Dead = sum.In+n.In, sum.Out+n.Out, sum.Filtered+n.Filtered, sum.Dead+n.Dead
			sum.Dropped, sum.Failed, sum.Retried, sum.Emitted = sum.Dropped+n.Dropped, sum.Failed+n.Failed, sum.Retried+n.Retried, sum.Emitted+n.Emitted
			sum.Rate, sum.Bytes = sum.Rate+n.Rate, sum.Bytes+n.Bytes
			sum.Ill = cmp.Or(sum.Ill, n.Ill)
		}
	}
	return all
}

// metricsOfNode are the counts of a node.
func metricsOfNode(n *deploy.NodeFigures) map[string]string {
	m := map[string]string{"rate": strconv.FormatFloat(n.Rate, 'f', 1, 64)}
	for name, value := range map[string]int64{
		"in": n.In, "out": n.Out, "filtered": n.Filtered, "dead": n.Dead, "dropped": n.Dropped, "failed": n.Failed, "retried": n.Retried, "emitted": n.Emitted, "bytes": n.Bytes,
	} {
		m[name] = strconv.FormatInt(value, 10)
	}
	if n.Ill != "" {
		m["ill"] = cut(n.Ill)
	}
	return m
}
